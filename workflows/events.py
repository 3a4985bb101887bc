from pipeline import catalogues, provenance

catalogue = catalogues.read(snakemake.input[0])
table = catalogues.select(catalogue, snakemake.params.choice)
catalogues.write(table, snakemake.output.events, snakemake.output.left_out)
print(catalogues.summary(catalogue, table))
print(f"Look at {snakemake.output.events}, then run: snakemake --config events={snakemake.output.events}")

provenance.account(
    snakemake.output, snakemake.rule, snakemake.input, snakemake.params.items(), snakemake.wildcards.items()
)
