# uniform.nc of two spacecraft, lag.nc, intervals.csv -> {pairing}.nc: one result of a pair, by pipeline/pairs/{pairing}.py
rule correlate:
    "One result of two spacecraft, by pipeline/pairs/{pairing}.py."

    input:
        first=lambda wildcards: f"{RESULTS}/{wildcards.event}/{wildcards.pair.split('-')[0]}/uniform.nc",
        second=lambda wildcards: f"{RESULTS}/{wildcards.event}/{wildcards.pair.split('-')[1]}/uniform.nc",
        lag=RESULTS + "/{event}/{pair}/lag.nc",
        intervals=RESULTS + "/{event}/intervals.csv",
    output:
        RESULTS + "/{event}/{pair}/{pairing}.nc",
    wildcard_constraints:
        pairing="|".join(SETTINGS.pairs),
    params:
        settings=lambda wildcards: SETTINGS.pairs[wildcards.pairing],
        seen=lambda wildcards: seen(SETTINGS.pairs[wildcards.pairing]),
        code=lambda wildcards: digest(f"pipeline.pairs.{wildcards.pairing}"),
    resources:
        mem_mb=lambda wildcards, attempt: 800 * attempt,
        runtime=lambda wildcards, attempt: attempt,
    benchmark:
        RESULTS + "/{event}/benchmarks/correlate_{pair}_{pairing}.tsv"
    message:
        "{wildcards.event}: {wildcards.pairing} {wildcards.pair}"
    script:
        "correlate.py"
