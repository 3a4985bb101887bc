from pipeline import tables

tables.concatenate(snakemake.input, snakemake.output[0])
