from pipeline import provenance
from pipeline.report import overall

overall.write_catalogue(snakemake.params.results, snakemake.output[0], snakemake.params.events)

provenance.account(
    snakemake.output, snakemake.rule, snakemake.input, snakemake.params.items(), snakemake.wildcards.items()
)
