# Alfvénic fluctuations, two-spacecraft correlation and hodograms of interplanetary coronal mass ejections.
#
#   archive -> fetch -> CDF files -> load -> raw.nc -> resample -> uniform.nc -> align -> lag.nc, intervals.csv
#           -> diagnose, correlate -> *.nc -> tabulate, draw, report -> csv, png/pdf, html -> catalogue
#
# Settings are in configs/default.yaml; a command line overrides any of them: snakemake --config results=elsewhere
import os
import re
from pathlib import Path

from snakemake.exceptions import WorkflowError

from pipeline.config import MISSIONS, RESERVED, ConfigError, read_events, read_settings
from pipeline.config_files import refuse_figures_of_nothing, refuse_repeated_keys
from pipeline.sources import digest, keep as keep_sources

# The folder of this file, also where another workflow uses it as a module; workflow.basedir is that workflow's.
HERE = Path(workflow.current_basedir.get_path_or_uri(secret_free=False))

configfile: HERE / "configs" / "default.yaml"

try:
    for path in workflow.configfiles if workflow.is_main_process else []:
        refuse_repeated_keys(path)
    SETTINGS = read_settings(config)
    refuse_figures_of_nothing(SETTINGS)
    # A catalogue is first turned into a table of events, to be looked at: rule events.
    EVENTS = {} if SETTINGS.catalogue else read_events(SETTINGS.events)
except ConfigError as error:
    raise WorkflowError(str(error)) from None

# Handed down to every job: one event fits in memory, and loading dask costs more than a small job (pipeline/__init__.py).
os.environ["PIPELINE_IN_MEMORY"] = "1"

RESULTS = SETTINGS.results
CATALOGUE = ["intervals", "occurrence", *SETTINGS.diagnostics, *SETTINGS.pairs]
PAIRS = {name: [f"{first}-{second}" for first, second in event.pairs] for name, event in EVENTS.items()}


def seen(*values):
    """What Snakemake shall remember of typed parameters: it forgets all but plain values, and would not see a change."""
    return repr(values)


wildcard_constraints:
    # Not the names one by one: every file would be held against every event, and a thousand events a million times.
    event=rf"(?!({'|'.join(map(re.escape, RESERVED))})(/|$))[A-Za-z0-9][A-Za-z0-9_.-]*",
    spacecraft="|".join(MISSIONS),
    pair="|".join(f"{a}-{b}" for a in MISSIONS for b in MISSIONS),
    diagnostic="[a-z0-9_]+",
    pairing="[a-z0-9_]+",


# Where the network is, and too short to submit.
localrules:
    all,
    events,
    fetch,
    catalogue,
    catalogue_page,
    index,
    population,
    sensitivity,
    verify,
    parquet,
    to_parquet,
    costs,


rule all:
    "Everything: report, figures and tables of every event, pages and tables over all of them."

    input:
        [RESULTS + "/events.csv"] if SETTINGS.catalogue else [],
        expand(RESULTS + "/{event}/report.html", event=EVENTS),
        expand(RESULTS + "/catalogue/{table}.csv", table=CATALOGUE if EVENTS else []),
        expand(RESULTS + "/{page}.html", page=["index", "catalogue"] if EVENTS else []),
    message:
        "everything is there"


include: "workflows/log.smk"
include: "workflows/events.smk"
include: "workflows/fetch.smk"
include: "workflows/load.smk"
include: "workflows/resample.smk"
include: "workflows/align.smk"
include: "workflows/diagnose.smk"
include: "workflows/correlate.smk"
include: "workflows/tabulate.smk"
include: "workflows/draw.smk"
include: "workflows/report.smk"
include: "workflows/index.smk"
include: "workflows/catalogue.smk"
include: "workflows/population.smk"
include: "workflows/validation.smk"
include: "workflows/sensitivity.smk"
include: "workflows/record.smk"
include: "workflows/verify.smk"

if SETTINGS.jobs == "event":

    include: "workflows/batch.smk"


if SETTINGS.simulate:

    include: "workflows/simulate.smk"

if workflow.is_main_process:
    keep_sources()


def tell():
    """How far every event came and what was wrong, as a table and in sentences, whether all went well or not."""
    from pipeline import status, tables
    from pipeline.report import cautions

    if EVENTS:
        # Who asked for tables alone does not miss the reports.
        reports = any(job.rule.name.endswith(("report", "pages")) for job in workflow.dag.jobs)
        came = status.table(RESULTS, EVENTS, "report" if reports else "tabulate")
        tables.write(came, f"{RESULTS}/catalogue/status.csv")
        lines = [*status.sentences(came), *cautions.of_run(RESULTS, came)]
        print("", *lines, f"{status.counts(came)}: {RESULTS}/catalogue/status.csv", sep="\n")
    return came if EVENTS else None


def let_scheduler_rest():
    """Here, jobs are limited by cores; Snakemake's limit of jobs per second is for submissions to a cluster.

    While it holds to that limit, its scheduler wakes once more every second for every job that ended: after some hundred
    of them it needs a core for itself (Snakemake 9.27).
    """
    limit = getattr(workflow.scheduler, "job_rate_limiter", None)
    if workflow.local_exec and limit and limit.timespan <= 1:
        workflow.scheduler.job_rate_limiter = None


onstart:
    from pipeline import provenance

    provenance.sweep(RESULTS)
    let_scheduler_rest()


onsuccess:
    tell()
    page = Path(RESULTS, "index.html")
    if EVENTS and page.is_file() and page.stat().st_mtime:  # zero: left by a run that failed
        print(f"Start here: {RESULTS}/index.html")


onerror:
    came = tell()
    if came is not None:
        from pipeline.report import overall

        overall.write_index_of_failure(RESULTS, f"{RESULTS}/index.html", came)
        print(f"What there is: {RESULTS}/index.html")
