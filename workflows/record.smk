# archive -> record/uniform/*.nc, record/record.nc: months of one spacecraft, `snakemake record`, not part of all
def record_settings(wildcards):
    """The block `records`, as JSON."""
    if SETTINGS.records is None:
        raise WorkflowError("which record? records={spacecraft: wind, start: '2001-01-01', end: '2001-02-01'}")
    return SETTINGS.records.model_dump_json()


rule record:
    "Months of one spacecraft, larger than memory, set by the block `records`: results/record/record.nc."

    output:
        RESULTS + "/record/record.nc",
    params:
        settings=record_settings,
        archive=SETTINGS.archive,
        data=SETTINGS.data,
        offline=SETTINGS.offline,
        address=SETTINGS.dask.address or "",
        code=digest("pipeline.records.run"),
    threads: 2
    message:
        "long record"
    script:
        "record.py"
