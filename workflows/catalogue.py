from pipeline import provenance, tables

tables.concatenate(snakemake.input, snakemake.output[0])

provenance.account(
    snakemake.output, snakemake.rule, snakemake.input, snakemake.params.items(), snakemake.wildcards.items()
)
