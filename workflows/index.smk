# report.html of every event -> index.html: the page of all events
rule index:
    "One page of all events with pictures, key numbers and links: results/index.html."

    input:
        expand(RESULTS + "/{event}/report.html", event=EVENTS),
    output:
        RESULTS + "/index.html",
    params:
        events=EVENTS,
        results=RESULTS,
        seen=seen(EVENTS),
        code=digest("pipeline.report.overall", "pipeline.status"),
    message:
        "page of all events"
    script:
        "index.py"
