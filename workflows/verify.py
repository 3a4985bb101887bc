import sys

from pipeline import tables, verify

found = verify.check(snakemake.params.results, snakemake.params.data, snakemake.params.expected)
tables.write(found, f"{snakemake.params.results}/catalogue/verify.csv")
print("\n".join(verify.lines(found)), flush=True)
if not verify.in_order(found):
    sys.exit(1)
