# tables, figures, files.json -> report.html
rule report:
    input:
        unpack(results_of),
        tables=expand(RESULTS + "/{{event}}/tables/{table}.csv", table=TABLES),
        figures=lambda wildcards: expand(
            RESULTS + "/{event}/figures/{figure}.{suffix}",
            event=wildcards.event,
            figure=figures_of(wildcards.event),
            suffix=["png", "pdf"],
        ),
    output:
        RESULTS + "/{event}/report.html",
    params:
        settings=SETTINGS,
        seen=seen(SETTINGS),
        code=digest("pipeline.report"),
    benchmark:
        RESULTS + "/{event}/benchmarks/report.tsv"
    message:
        "{wildcards.event}: report"
    script:
        "report.py"
