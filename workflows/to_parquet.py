from pipeline import tables

tables.to_parquet(snakemake.input[0], snakemake.output[0])
