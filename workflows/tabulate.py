from pathlib import Path

from pipeline import intervals, provenance, status, tables

status.watch(snakemake.rule, snakemake.output[0])


def main(inputs, outputs: list[str], event, diagnostics: list[str], pairs: list[str]) -> None:
    uniform = [provenance.read(path) for path in inputs.uniform]
    results = {name: [] for name in (*diagnostics, *pairs)}
    for path in (*inputs.get("diagnostics", ()), *inputs.get("pairs", ())):
        results[Path(path).stem].append(provenance.read(path))
    frames = {"intervals": tables.interval_statistics(event.name, uniform, intervals.read(inputs.intervals))}
    frames["occurrence"] = tables.read(inputs.occurrence)
    frames |= {name: tables.tidy(datasets) for name, datasets in results.items()}
    frames["columns"] = tables.describe_columns(frames, results)
    for path in outputs:
        tables.write(frames[Path(path).stem], path)


main(
    snakemake.input,
    snakemake.output,
    snakemake.params.event,
    snakemake.params.diagnostics,
    snakemake.params.pairs,
)

provenance.account(
    snakemake.output, snakemake.rule, snakemake.input, snakemake.params.items(), snakemake.wildcards.items()
)
