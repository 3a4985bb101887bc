from pathlib import Path

from pipeline import report
from pipeline.results import EventResults

report.write(
    EventResults(Path(snakemake.output[0]).parent),
    snakemake.params.settings.model_dump(mode="json"),
    snakemake.output[0],
)
