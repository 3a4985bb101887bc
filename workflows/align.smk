# uniform.nc of two spacecraft -> lag.nc;  uniform.nc and lag.nc of all -> intervals.csv, occurrence.csv, event.json
rule lag:
    "Lag between two spacecraft: lag.nc."

    input:
        first=lambda wildcards: f"{RESULTS}/{wildcards.event}/{wildcards.pair.split('-')[0]}/uniform.nc",
        second=lambda wildcards: f"{RESULTS}/{wildcards.event}/{wildcards.pair.split('-')[1]}/uniform.nc",
    output:
        RESULTS + "/{event}/{pair}/lag.nc",
    params:
        event=lambda wildcards: EVENTS[wildcards.event],
        settings=SETTINGS.lag,
        seen=lambda wildcards: seen(EVENTS[wildcards.event], SETTINGS.lag),
        code=digest("pipeline.pairs.lag"),
    resources:
        mem_mb=lambda wildcards, attempt: 400 * attempt,
        runtime=lambda wildcards, attempt: attempt,
    benchmark:
        RESULTS + "/{event}/benchmarks/lag_{pair}.tsv"
    message:
        "{wildcards.event}: lag {wildcards.pair}"
    script:
        "lag.py"


rule intervals:
    "Named intervals of an event, given, carried and detected: intervals.csv, occurrence.csv."

    input:
        uniform=lambda wildcards: [
            f"{RESULTS}/{wildcards.event}/{spacecraft}/uniform.nc" for spacecraft in EVENTS[wildcards.event].spacecraft
        ],
        lag=lambda wildcards: [f"{RESULTS}/{wildcards.event}/{pair}/lag.nc" for pair in PAIRS[wildcards.event]],
    output:
        table=RESULTS + "/{event}/intervals.csv",
        occurrence=RESULTS + "/{event}/occurrence.csv",
        event=RESULTS + "/{event}/event.json",
    params:
        event=lambda wildcards: EVENTS[wildcards.event],
        settings=SETTINGS.detect,
        seen=lambda wildcards: seen(EVENTS[wildcards.event], SETTINGS.detect),
        code=digest("pipeline.detect", "pipeline.intervals", "pipeline.tables"),
    resources:
        mem_mb=lambda wildcards, attempt: 400 * attempt,
        runtime=lambda wildcards, attempt: attempt,
    benchmark:
        RESULTS + "/{event}/benchmarks/intervals.tsv"
    message:
        "{wildcards.event}: intervals"
    script:
        "intervals.py"
