from pipeline import provenance, tables, validation

study, kind, numbers = snakemake.params.part
tables.write(validation.run(study, kind, numbers, snakemake.params.seed), snakemake.output[0])

provenance.account(
    snakemake.output, snakemake.rule, snakemake.input, snakemake.params.items(), snakemake.wildcards.items()
)
