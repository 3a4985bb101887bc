# uniform.nc of two spacecraft, lag.nc, intervals.csv -> {module}.nc: one result of a pair, by pipeline/pairs/{module}.py
rule correlate:
    input:
        first=lambda wildcards: f"{RESULTS}/{wildcards.event}/{wildcards.pair.split('-')[0]}/uniform.nc",
        second=lambda wildcards: f"{RESULTS}/{wildcards.event}/{wildcards.pair.split('-')[1]}/uniform.nc",
        lag=RESULTS + "/{event}/{pair}/lag.nc",
        intervals=RESULTS + "/{event}/intervals.csv",
    output:
        RESULTS + "/{event}/{pair}/{module}.nc",
    wildcard_constraints:
        module="|".join(SETTINGS.pairs),
    params:
        settings=lambda wildcards: SETTINGS.pairs[wildcards.module],
        code=lambda wildcards: digest(f"pipeline.pairs.{wildcards.module}"),
    message:
        "{wildcards.event}: {wildcards.module} {wildcards.pair}"
    script:
        "correlate.py"
