from pathlib import Path

import numpy as np

from pipeline import provenance, schema, status
from pipeline.resample import cadence, grid_edges, resample

status.watch(snakemake.rule, snakemake.output[0])


def main(own: str, every: list[str], output: str, event, settings, margin_h: float) -> None:
    raw = provenance.read(own)
    cadence_s = cadence([provenance.attributes(path) for path in every], settings.cadence_s)
    margin = np.timedelta64(round(margin_h * 3600), "s")
    start, end = (np.datetime64(t, "ns") for t in event.span)
    ds = resample(raw, grid_edges(start - margin, end + margin, cadence_s), settings.min_coverage)
    schema.check(ds, "uniform", f"{event.name}, {raw.attrs['spacecraft']}")
    provenance.write(ds, output, "resample", {Path(path).parent.name: path for path in every}, settings)


main(
    snakemake.input.own,
    snakemake.input.every,
    snakemake.output[0],
    snakemake.params.event,
    snakemake.params.settings,
    snakemake.params.margin_h,
)

provenance.account(
    snakemake.output, snakemake.rule, snakemake.input, snakemake.params.items(), snakemake.wildcards.items()
)
