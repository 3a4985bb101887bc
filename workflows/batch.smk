# jobs: event -> all results of an event in two jobs: numbers, pages; what stands is not made again (pipeline/batch.py)
from pipeline import batch

NUMBERS = ("load", "resample", "lag", "intervals", "diagnose", "correlate", "tabulate")
PAGES = ("draw", "report")


def members(event):
    """What each wildcard stands for in one event."""
    return {
        "event": [event],
        "spacecraft": EVENTS[event].spacecraft,
        "pair": PAIRS[event],
        "diagnostic": list(SETTINGS.diagnostics),
        "pairing": list(SETTINGS.pairs),
        "figure": figures_of(event),
    }


def tasks_of(wildcards, stages):
    """The jobs that the rules named by `stages` would be for one event, in their order."""
    from itertools import product

    tasks, found = [], members(wildcards.event)
    for rule in (getattr(rules, stage).rule for stage in stages):
        names = sorted(rule.wildcard_names)
        for values in product(*(found[name] for name in names)):
            own = type(wildcards)(fromdict=dict(zip(names, values)))
            read, written = rule.expand_input(own)[0], rule.expand_output(own)[0]
            params = rule.expand_params(own, read, written, None)[0]
            script = Path(HERE, "workflows", rule.script).as_posix()
            tasks.append(batch.Task(rule.name, script, read._plainstrings(), written._plainstrings(), params, own))
    return tasks


# The settings and the code that make the numbers, as one value that Snakemake compares.
OF_NUMBERS = [SETTINGS.load, SETTINGS.resample, SETTINGS.lag, SETTINGS.detect, SETTINGS.diagnostics, SETTINGS.pairs]
CODE_OF_NUMBERS = digest(
    "pipeline.batch",
    "pipeline.load",
    *(f"pipeline.missions.{name}" for name in MISSIONS),
    "pipeline.resample",
    "pipeline.pairs.lag",
    "pipeline.detect",
    "pipeline.tables",
    *(f"pipeline.diagnostics.{name}" for name in SETTINGS.diagnostics),
    *(f"pipeline.pairs.{name}" for name in SETTINGS.pairs),
)
CODE_OF_PAGES = digest(
    "pipeline.batch",
    *(f"pipeline.figures.{name}" for names in SETTINGS.figures.values() for name in names),
    "pipeline.report",
)


rule numbers:
    "All numbers of an event in one job, from CDF files to tables (jobs: event)."

    input:
        lambda wildcards: [
            f"{RESULTS}/{wildcards.event}/{spacecraft}/files.json" for spacecraft in EVENTS[wildcards.event].spacecraft
        ],
    output:
        rules.tabulate.output,
    params:
        tasks=lambda wildcards: batch.Later(lambda: tasks_of(wildcards, NUMBERS)),
        seen=lambda wildcards: seen(EVENTS[wildcards.event], *OF_NUMBERS),
        code=CODE_OF_NUMBERS,
    resources:
        mem_mb=lambda wildcards, attempt: 1000 * attempt,
        runtime=lambda wildcards, attempt: 3 * attempt,
    benchmark:
        RESULTS + "/{event}/benchmarks/numbers.tsv"
    message:
        "{wildcards.event}: numbers"
    script:
        "batch.py"


rule pages:
    "All figures and the report of an event in one job (jobs: event)."

    input:
        rules.numbers.output,
    output:
        rules.report.output,
    params:
        tasks=lambda wildcards: batch.Later(lambda: tasks_of(wildcards, PAGES)),
        ensemble=lambda wildcards: ensembles.made(f"{RESULTS}/{wildcards.event}"),
        seen=seen(SETTINGS),
        code=CODE_OF_PAGES,
    resources:
        mem_mb=lambda wildcards, attempt: 1000 * attempt,
        runtime=lambda wildcards, attempt: 3 * attempt,
    benchmark:
        RESULTS + "/{event}/benchmarks/pages.tsv"
    message:
        "{wildcards.event}: figures and report"
    script:
        "batch.py"


ruleorder: numbers > tabulate
ruleorder: pages > report
