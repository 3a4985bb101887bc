from pipeline.detect import with_detected

from pipeline import provenance
from pipeline.intervals import given_intervals, write


def main(uniform: list[str], lag: list[str], output, event, settings) -> None:
    lags = [provenance.read(path) for path in lag]
    given = given_intervals(event, {ds.attrs["second"]: float(ds["lag_s"]) for ds in lags})
    spacecraft = {ds.attrs["spacecraft"]: ds for ds in map(provenance.read, uniform)}
    write(with_detected(spacecraft, given, settings), output.table)
    provenance.write_json({"event": event, "spacecraft": event.spacecraft, "pairs": event.pairs}, output.event)


main(
    snakemake.input.uniform,
    snakemake.input.lag,
    snakemake.output,
    snakemake.params.event,
    snakemake.params.settings,
)
