from pathlib import Path

from pipeline import figures, population, provenance, tables
from pipeline.report.population import draw

chosen = {Path(path).stem for path in snakemake.input}
numbers = population.study(snakemake.params.results, chosen)
epochs = population.epochs(snakemake.params.results, chosen)
tables.write(numbers, snakemake.output.table)
tables.write(epochs, snakemake.output.epoch)
figures.save(draw(snakemake.params.results, numbers, epochs, chosen), Path(snakemake.output.png).with_suffix(""))

provenance.account(
    snakemake.output, snakemake.rule, snakemake.input, snakemake.params.items(), snakemake.wildcards.items()
)
