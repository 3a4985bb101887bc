from pipeline import provenance, simulate

realisation = simulate.realise(snakemake.params.settings)
simulate.write_archive(realisation, snakemake.params.archive)
simulate.write_truth(realisation, snakemake.output.truth)

provenance.account(
    snakemake.output, snakemake.rule, snakemake.input, snakemake.params.items(), snakemake.wildcards.items()
)
