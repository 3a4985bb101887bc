from pipeline import tables, validation

study, kind, numbers = snakemake.params.part
tables.write(validation.run(study, kind, numbers, snakemake.params.seed), snakemake.output[0])
