# files.json, CDF files -> raw.nc: canonical names, units, frame and time stamps; fills and flags are missing
rule load:
    "CDF files of one spacecraft to raw.nc: canonical names, units, frame and time stamps; fills and flags missing."

    input:
        files=RESULTS + "/{event}/{spacecraft}/files.json",
    output:
        RESULTS + "/{event}/{spacecraft}/raw.nc",
    params:
        event=lambda wildcards: EVENTS[wildcards.event],
        data=SETTINGS.data,
        settings=SETTINGS.load,
        margin_h=SETTINGS.fetch.margin_h,
        seen=lambda wildcards: seen(EVENTS[wildcards.event], SETTINGS.load),
        code=lambda wildcards: digest("pipeline.load", f"pipeline.missions.{wildcards.spacecraft}"),
    resources:
        mem_mb=lambda wildcards, attempt: 400 * attempt,
        runtime=lambda wildcards, attempt: attempt,
    benchmark:
        RESULTS + "/{event}/benchmarks/load_{spacecraft}.tsv"
    message:
        "{wildcards.event}: load {wildcards.spacecraft}"
    script:
        "load.py"
