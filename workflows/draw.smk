# every result of an event -> figures/{figure}.png, .pdf, by pipeline/figures/{module}.py
def figures_of(name):
    """Figure names of an event: module for an event's figure, module_spacecraft, module_pair for the others."""
    subjects = {"event": [None], "spacecraft": EVENTS[name].spacecraft, "pair": PAIRS[name]}
    return [
        module if subject is None else f"{module}_{subject}"
        for kind, modules in SETTINGS.figures.items()
        for module in modules
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
    message:
        "{wildcards.event}: figure {wildcards.figure}"
    script:
        "draw.py"
