from pathlib import Path

from pipeline import figures, population, provenance, tables
from pipeline.report.population import draw

numbers = population.study(snakemake.params.results)
tables.write(numbers, snakemake.output.table)
figures.save(draw(snakemake.params.results, numbers), Path(snakemake.output.png).with_suffix(""))

provenance.account(
    snakemake.output, snakemake.rule, snakemake.input, snakemake.params.items(), snakemake.wildcards.items()
)
