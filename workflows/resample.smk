# raw.nc of every spacecraft (the slowest sets the grid) -> uniform.nc of one
rule resample:
    "One spacecraft on the event's regular grid: uniform.nc."

    input:
        own=RESULTS + "/{event}/{spacecraft}/raw.nc",
        every=lambda wildcards: [
            f"{RESULTS}/{wildcards.event}/{spacecraft}/raw.nc" for spacecraft in EVENTS[wildcards.event].spacecraft
        ],
    output:
        RESULTS + "/{event}/{spacecraft}/uniform.nc",
    params:
        event=lambda wildcards: EVENTS[wildcards.event],
        settings=SETTINGS.resample,
        margin_h=SETTINGS.fetch.margin_h,
        seen=lambda wildcards: seen(EVENTS[wildcards.event], SETTINGS.resample),
        code=digest("pipeline.resample"),
    resources:
        mem_mb=lambda wildcards, attempt: 400 * attempt,
        runtime=lambda wildcards, attempt: attempt,
    benchmark:
        RESULTS + "/{event}/benchmarks/resample_{spacecraft}.tsv"
    message:
        "{wildcards.event}: resample {wildcards.spacecraft}"
    script:
        "resample.py"
