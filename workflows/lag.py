from pipeline import intervals, provenance, status
from pipeline.pairs.lag import compute

status.watch(snakemake.rule, snakemake.output[0])


def main(first: str, second: str, output: str, event, settings) -> None:
    given = intervals.given_intervals(event, lags_s={})
    ds = compute(provenance.read(first), provenance.read(second), given, settings)
    provenance.write(ds, output, "lag", {"first": first, "second": second}, settings)


main(
    snakemake.input.first,
    snakemake.input.second,
    snakemake.output[0],
    snakemake.params.event,
    snakemake.params.settings,
)

provenance.account(
    snakemake.output, snakemake.rule, snakemake.input, snakemake.params.items(), snakemake.wildcards.items()
)
