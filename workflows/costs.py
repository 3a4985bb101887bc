from pipeline import costs, provenance, tables

measured = costs.jobs(snakemake.params.results)
path = f"{snakemake.params.results}/catalogue/costs.csv"
tables.write(costs.by_rule(measured), path)
print(f"{costs.summary(measured)}: {path}")

provenance.account([path], snakemake.rule, snakemake.input, snakemake.params.items(), snakemake.wildcards.items())
