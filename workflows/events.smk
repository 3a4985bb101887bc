# published catalogue -> results/events.csv, events_left_out.csv: the table to look at, and then to run
def catalogue_path(wildcards):
    if SETTINGS.catalogue is None:
        raise WorkflowError("which catalogue? snakemake events --config catalogue=PATH")
    return SETTINGS.catalogue


rule events:
    "A published catalogue (--config catalogue=PATH) becomes the table of events results/events.csv."

    input:
        catalogue_path,
    output:
        events=RESULTS + "/events.csv",
        left_out=RESULTS + "/events_left_out.csv",
    params:
        choice=SETTINGS.select,
        seen=seen(SETTINGS.select),
        code=digest("pipeline.catalogues"),
    message:
        "events from {input}"
    script:
        "events.py"
