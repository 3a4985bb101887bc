import pandas as pd

from pipeline import detect, intervals, provenance, status, tables

status.watch(snakemake.rule, snakemake.output[0])


def main(uniform: list[str], lag: list[str], output, event, settings) -> None:
    lags = [provenance.read(path) for path in lag]
    given = intervals.given_intervals(event, {ds.attrs["second"]: float(ds["lag_s"]) for ds in lags})
    rows, occurrence = [], []
    for ds in map(provenance.read, uniform):
        own = intervals.of(given, ds.attrs["spacecraft"])
        detected = detect.detect(ds, own, settings)
        rows += [own, detected, detect.complement(own, detected)]
        occurrence.append(detect.summary(ds, own, detected, settings))
    intervals.write(pd.concat([row for row in rows if len(row)], ignore_index=True), output.table)
    tables.write(pd.concat(occurrence, ignore_index=True).assign(event=event.name), output.occurrence)
    provenance.write_json({"event": event, "spacecraft": event.spacecraft, "pairs": event.pairs}, output.event)


main(
    snakemake.input.uniform,
    snakemake.input.lag,
    snakemake.output,
    snakemake.params.event,
    snakemake.params.settings,
)

provenance.account(
    snakemake.output, snakemake.rule, snakemake.input, snakemake.params.items(), snakemake.wildcards.items()
)
