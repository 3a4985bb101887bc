from importlib import import_module

from pipeline import intervals, provenance, status

status.watch(snakemake.rule, snakemake.output[0])


def main(module: str, first: str, second: str, lag: str, table: str, output: str, settings) -> None:
    one, other = provenance.read(first), provenance.read(second)
    lag_s = float(provenance.read(lag)["lag_s"])
    rows = intervals.of_pair(intervals.read(table), one.attrs["spacecraft"], other.attrs["spacecraft"], lag_s)
    result = import_module(f"pipeline.pairs.{module}").compute(one, other, rows, lag_s, settings)
    names = {"event": one.attrs["event"], "first": one.attrs["spacecraft"], "second": other.attrs["spacecraft"]}
    parents = {"first": first, "second": second, "lag": lag, "intervals": table}
    provenance.write(result.assign_attrs(names), output, module, parents, settings)


main(
    snakemake.wildcards.pairing,
    snakemake.input.first,
    snakemake.input.second,
    snakemake.input.lag,
    snakemake.input.intervals,
    snakemake.output[0],
    snakemake.params.settings,
)

provenance.account(
    snakemake.output, snakemake.rule, snakemake.input, snakemake.params.items(), snakemake.wildcards.items()
)
