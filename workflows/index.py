from pipeline import provenance, status
from pipeline.report import overall

came = status.table(snakemake.params.results, snakemake.params.events)
overall.write_index(snakemake.params.results, snakemake.output[0], came, catalogue="catalogue.html")

provenance.account(
    snakemake.output, snakemake.rule, snakemake.input, snakemake.params.items(), snakemake.wildcards.items()
)
