from pathlib import Path

from pipeline import provenance, report, status
from pipeline.report import cautions
from pipeline.results import EventResults

status.watch(snakemake.rule, snakemake.output[0])

page, warnings = snakemake.output
results = EventResults(Path(page).parent, figures={Path(path).stem for path in snakemake.input.figures})
cautions.write(results, warnings)
report.write(results, snakemake.params.settings.model_dump(mode="json"), page, index="../index.html")

provenance.account(
    snakemake.output, snakemake.rule, snakemake.input, snakemake.params.items(), snakemake.wildcards.items()
)
