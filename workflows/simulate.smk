# settings of a virtual event -> an archive of CDF files that hold it, truth.json
rule simulate:
    "The demo's virtual event, written as an archive of CDF files, and its truth."

    output:
        truth=SETTINGS.archive + "/truth.json",
    params:
        archive=SETTINGS.archive,
        settings=SETTINGS.simulate,
        seen=seen(SETTINGS.simulate),
        code=digest("pipeline.simulate"),
    message:
        "simulate a virtual event"
    script:
        "simulate.py"
