# tables, figures, files.json -> report.html, warnings.txt
from pipeline import sensitivity as ensembles


rule report:
    "The page of one event: report.html; its warnings alone, a line each: warnings.txt."

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
        report(
            RESULTS + "/{event}/report.html",
            category="{event}",
            subcategory="report",
            labels={"figure": "report", "of": "event", "shows": "the whole event on one page"},
            caption="captions/report.rst",
        ),
        RESULTS + "/{event}/warnings.txt",
    params:
        settings=SETTINGS,
        ensemble=lambda wildcards: ensembles.made(f"{RESULTS}/{wildcards.event}"),
        seen=seen(SETTINGS),
        code=digest("pipeline.report"),
    resources:
        mem_mb=lambda wildcards, attempt: 700 * attempt,
        runtime=lambda wildcards, attempt: attempt,
    benchmark:
        RESULTS + "/{event}/benchmarks/report.tsv"
    message:
        "{wildcards.event}: report"
    script:
        "report.py"
