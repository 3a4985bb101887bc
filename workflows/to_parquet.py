from pipeline import provenance, tables

tables.to_parquet(snakemake.input[0], snakemake.output[0])

provenance.account(
    snakemake.output, snakemake.rule, snakemake.input, snakemake.params.items(), snakemake.wildcards.items()
)
