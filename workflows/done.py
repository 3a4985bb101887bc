from pipeline import catalogues, provenance, status
from pipeline.config import read_events

[events], root = snakemake.input, snakemake.params.results
came = status.table(root, read_events(events), "tabulate")
names = list(came.loc[came["status"].isin(["done", "partial"]), "event"])
path = f"{root}/catalogue/events_done.csv"
catalogues.keep(events, names, path)
print(f"{len(names)} of {status.counts(came)}. What they say together: snakemake --config events={path}")

provenance.account([path], snakemake.rule, snakemake.input, snakemake.params.items(), snakemake.wildcards.items())
