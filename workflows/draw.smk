# every result of an event -> figures/{figure}.png, .pdf, by pipeline/figures/*.py
def figures_of(event):
    """Figure names of an event: "hodogram" of all, "overview_ace" of one spacecraft, "pair_ace-wind" of two."""
    subjects = {"event": [""], "spacecraft": EVENTS[event].spacecraft, "pair": PAIRS[event]}
    return [
        f"{name}_{subject}".rstrip("_")
        for kind, names in SETTINGS.figures.items()
        for name in names
        for subject in subjects[kind]
    ]


rule draw:
    input:
        unpack(results_of),
        tables=expand(RESULTS + "/{{event}}/tables/{table}.csv", table=TABLES),
    output:
        png=RESULTS + "/{event}/figures/{figure}.png",
        pdf=RESULTS + "/{event}/figures/{figure}.pdf",
    wildcard_constraints:
        figure=r"[a-z0-9]+(_[a-z0-9-]+)?",
    params:
        code=lambda wildcards: digest(f"pipeline.figures.{wildcards.figure.split('_')[0]}"),
    benchmark:
        RESULTS + "/{event}/benchmarks/draw_{figure}.tsv"
    message:
        "{wildcards.event}: figure {wildcards.figure}"
    script:
        "draw.py"
