from pathlib import Path

import pandas as pd

from pipeline import figures, provenance, tables
from pipeline.figures import specification
from pipeline.sensitivity import summary

rows = summary.judged(pd.concat(map(summary.read, snakemake.input), ignore_index=True))
found = summary.summary(rows)
tables.write(rows, snakemake.output.specifications)
tables.write(found, snakemake.output.summary)
figures.save(specification.curve(rows, snakemake.params.quantity), Path(snakemake.output.png).with_suffix(""))
print(summary.text(found))

provenance.account(
    snakemake.output, snakemake.rule, snakemake.input, snakemake.params.items(), snakemake.wildcards.items()
)
