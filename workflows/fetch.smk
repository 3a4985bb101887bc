# archive -> data/ (the archive's own layout), results/{event}/{spacecraft}/files.json
rule fetch:
    "The archive's files of one spacecraft into data/, and the list of them: files.json."

    input:
        # the demo's archive is written first
        [SETTINGS.archive + "/truth.json"] if SETTINGS.simulate else [],
    output:
        RESULTS + "/{event}/{spacecraft}/files.json",
    params:
        event=lambda wildcards: EVENTS[wildcards.event],
        archive=SETTINGS.archive,
        data=SETTINGS.data,
        offline=SETTINGS.offline,
        settings=SETTINGS.fetch,
        search_s=SETTINGS.lag.search_s,
        seen=lambda wildcards: seen(EVENTS[wildcards.event], SETTINGS.fetch),
        code=lambda wildcards: digest("pipeline.archive", f"pipeline.missions.{wildcards.spacecraft}"),
    resources:
        archive=1,
        mem_mb=lambda wildcards, attempt: 600 * attempt,
        runtime=lambda wildcards, attempt: 15 * attempt,
    retries: 1
    benchmark:
        RESULTS + "/{event}/benchmarks/fetch_{spacecraft}.tsv"
    message:
        "{wildcards.event}: fetch {wildcards.spacecraft}"
    script:
        "fetch.py"
