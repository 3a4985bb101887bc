# uniform.nc, intervals.csv -> {diagnostic}.nc: one result of one spacecraft, by pipeline/diagnostics/{diagnostic}.py
rule diagnose:
    "One result of one spacecraft, by pipeline/diagnostics/{diagnostic}.py."

    input:
        uniform=RESULTS + "/{event}/{spacecraft}/uniform.nc",
        intervals=RESULTS + "/{event}/intervals.csv",
    output:
        RESULTS + "/{event}/{spacecraft}/{diagnostic}.nc",
    wildcard_constraints:
        diagnostic="|".join(SETTINGS.diagnostics),
    params:
        settings=lambda wildcards: SETTINGS.diagnostics[wildcards.diagnostic],
        seen=lambda wildcards: seen(SETTINGS.diagnostics[wildcards.diagnostic]),
        code=lambda wildcards: digest(f"pipeline.diagnostics.{wildcards.diagnostic}"),
    resources:
        mem_mb=lambda wildcards, attempt: 500 * attempt,
        runtime=lambda wildcards, attempt: attempt,
    benchmark:
        RESULTS + "/{event}/benchmarks/diagnose_{spacecraft}_{diagnostic}.tsv"
    message:
        "{wildcards.event}: {wildcards.diagnostic} {wildcards.spacecraft}"
    script:
        "diagnose.py"
