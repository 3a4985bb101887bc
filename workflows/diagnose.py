from importlib import import_module

from pipeline import intervals, provenance, status

status.watch(snakemake.rule, snakemake.output[0])


def main(module: str, uniform: str, table: str, output: str, settings) -> None:
    ds = provenance.read(uniform)
    rows = intervals.of(intervals.read(table), ds.attrs["spacecraft"])
    result = import_module(f"pipeline.diagnostics.{module}").compute(ds, rows, settings)
    result = result.assign_attrs(event=ds.attrs["event"], spacecraft=ds.attrs["spacecraft"])
    provenance.write(result, output, module, {"uniform": uniform, "intervals": table}, settings)


main(
    snakemake.wildcards.diagnostic,
    snakemake.input.uniform,
    snakemake.input.intervals,
    snakemake.output[0],
    snakemake.params.settings,
)

provenance.account(
    snakemake.output, snakemake.rule, snakemake.input, snakemake.params.items(), snakemake.wildcards.items()
)
