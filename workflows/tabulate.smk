# every result of an event -> tables/*.csv
TABLES = ["intervals", "occurrence", *SETTINGS.diagnostics, *SETTINGS.pairs, "columns"]


def results_of(wildcards):
    """Every .nc file of an event's diagnostics and pairs."""
    event = EVENTS[wildcards.event]
    folder = f"{RESULTS}/{wildcards.event}"
    return {
        "intervals": f"{folder}/intervals.csv",
        "occurrence": f"{folder}/occurrence.csv",
        "uniform": [f"{folder}/{spacecraft}/uniform.nc" for spacecraft in event.spacecraft],
        "diagnostics": [f"{folder}/{sc}/{name}.nc" for name in SETTINGS.diagnostics for sc in event.spacecraft],
        "pairs": [f"{folder}/{pair}/{name}.nc" for name in SETTINGS.pairs for pair in PAIRS[wildcards.event]],
    }


rule tabulate:
    "Every result of an event as tables/*.csv."

    input:
        unpack(results_of),
    output:
        expand(RESULTS + "/{{event}}/tables/{table}.csv", table=TABLES),
    params:
        event=lambda wildcards: EVENTS[wildcards.event],
        diagnostics=list(SETTINGS.diagnostics),
        pairs=list(SETTINGS.pairs),
        seen=lambda wildcards: seen(EVENTS[wildcards.event]),
        code=digest("pipeline.tables"),
    resources:
        mem_mb=lambda wildcards, attempt: 400 * attempt,
        runtime=lambda wildcards, attempt: attempt,
    benchmark:
        RESULTS + "/{event}/benchmarks/tabulate.tsv"
    message:
        "{wildcards.event}: tables"
    script:
        "tabulate.py"
