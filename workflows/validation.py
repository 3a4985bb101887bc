from pathlib import Path

import pandas as pd

from pipeline import provenance, tables
from pipeline.validation import figure, summary


def main(parts: list[str], output) -> None:
    rows = {}
    for study in ("events", "pairs"):
        read = [tables.read(part) for part in parts if Path(part).name.startswith(study)]
        rows[study] = pd.concat(read, ignore_index=True)
    found = summary.tables(rows)
    for path in output.tables:
        tables.write(found[Path(path).stem], path)
    drawn = figure.draw(rows, found)
    for path in (output.figure, output.page):
        with provenance.whole_file(path) as part:
            drawn.savefig(part, format=Path(path).suffix[1:])
    print(summary.text(found))


main(snakemake.input, snakemake.output)

provenance.account(
    snakemake.output, snakemake.rule, snakemake.input, snakemake.params.items(), snakemake.wildcards.items()
)
