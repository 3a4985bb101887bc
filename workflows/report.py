from pathlib import Path

from pipeline import provenance, report, status
from pipeline.results import EventResults

status.watch(snakemake.rule, snakemake.output[0])

report.write(
    EventResults(Path(snakemake.output[0]).parent),
    snakemake.params.settings.model_dump(mode="json"),
    snakemake.output[0],
    index="../index.html",
)

provenance.account(
    snakemake.output, snakemake.rule, snakemake.input, snakemake.params.items(), snakemake.wildcards.items()
)
