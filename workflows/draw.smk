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


def labels_of(wildcards):
    """What Snakemake's own report says of a figure: which, of whom, and the first words of its module's docstring."""
    import ast

    name, _, whose = wildcards.figure.partition("_")
    text = Path(HERE, "pipeline", "figures", f"{name}.py").read_text("utf-8")
    about = re.split(r"[:,.]", ast.get_docstring(ast.parse(text)) or "")[0]  # a long one leaves no room for the figure
    return {"figure": name, "of": whose or "event", "shows": about}


rule draw:
    "One figure of an event, PNG and PDF, by pipeline/figures/."

    input:
        unpack(results_of),
        tables=RESULTS + "/{event}/tables/columns.csv",  # one stands for all: they are made of the files above
    output:
        png=report(
            RESULTS + "/{event}/figures/{figure}.png",
            category="{event}",
            subcategory="figures",
            labels=labels_of,
            caption="captions/figure.rst",
        ),
        pdf=RESULTS + "/{event}/figures/{figure}.pdf",
    wildcard_constraints:
        figure=r"[a-z0-9]+(_[a-z0-9-]+)?",
    params:
        code=lambda wildcards: digest(f"pipeline.figures.{wildcards.figure.split('_')[0]}"),
    resources:
        mem_mb=lambda wildcards, attempt: 700 * attempt,
        runtime=lambda wildcards, attempt: attempt,
    benchmark:
        RESULTS + "/{event}/benchmarks/draw_{figure}.tsv"
    message:
        "{wildcards.event}: figure {wildcards.figure}"
    script:
        "draw.py"
