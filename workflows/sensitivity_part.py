from pathlib import Path

from pipeline import provenance, tables
from pipeline.sensitivity.run import run

raws = {Path(path).parent.name: provenance.read(path) for path in snakemake.input}
rows = run(snakemake.params.specifications, snakemake.params.event, raws, snakemake.params.stages)
tables.write(rows, snakemake.output[0])

provenance.account(
    snakemake.output, snakemake.rule, snakemake.input, snakemake.params.items(), snakemake.wildcards.items()
)
