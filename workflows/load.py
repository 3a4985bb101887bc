import json
from pathlib import Path

import numpy as np

from pipeline import archive, provenance, schema, status
from pipeline.load import load

status.watch(snakemake.rule, snakemake.output[0])


def main(files: str, output: str, event, spacecraft: str, data: str, settings, margin_h: float) -> None:
    manifest = json.loads(Path(files).read_text("utf-8"))
    archive.insist_unchanged(manifest, data, f"{event.name}, {spacecraft}")
    margin = np.timedelta64(round(margin_h * 3600), "s")
    start, end = (np.datetime64(t, "ns") for t in event.span)
    ds = load(manifest, data, event.name, spacecraft, settings, start - margin, end + margin)
    schema.check(ds, "raw", f"{event.name}, {spacecraft}")
    provenance.write(ds, output, "load", {"files": files}, settings)


main(
    snakemake.input.files,
    snakemake.output[0],
    snakemake.params.event,
    snakemake.wildcards.spacecraft,
    snakemake.params.data,
    snakemake.params.settings,
    snakemake.params.margin_h,
)

provenance.account(
    snakemake.output, snakemake.rule, snakemake.input, snakemake.params.items(), snakemake.wildcards.items()
)
