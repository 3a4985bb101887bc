from pathlib import Path

from pipeline import provenance
from pipeline.report import overall

tables = sorted(Path(path).name for path in snakemake.input if path.endswith(".csv"))
overall.write_catalogue(snakemake.params.results, snakemake.output[0], snakemake.params.events, tables)

provenance.account(
    snakemake.output, snakemake.rule, snakemake.input, snakemake.params.items(), snakemake.wildcards.items()
)
