from pipeline import simulate

realisation = simulate.realise(snakemake.params.settings)
simulate.write_archive(realisation, snakemake.params.archive)
simulate.write_truth(realisation, snakemake.output.truth)
