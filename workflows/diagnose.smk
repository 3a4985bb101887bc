# uniform.nc, intervals.csv -> {module}.nc: one result of one spacecraft, by pipeline/diagnostics/{module}.py
rule diagnose:
    input:
        uniform=RESULTS + "/{event}/{spacecraft}/uniform.nc",
        intervals=RESULTS + "/{event}/intervals.csv",
    output:
        RESULTS + "/{event}/{spacecraft}/{module}.nc",
    wildcard_constraints:
        module="|".join(SETTINGS.diagnostics),
    params:
        settings=lambda wildcards: SETTINGS.diagnostics[wildcards.module],
        code=lambda wildcards: digest(f"pipeline.diagnostics.{wildcards.module}"),
    message:
        "{wildcards.event}: {wildcards.module} {wildcards.spacecraft}"
    script:
        "diagnose.py"
