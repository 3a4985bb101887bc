# tables/{table}.csv of every event -> catalogue/{table}.csv
rule catalogue:
    "One table over all events."

    input:
        expand(RESULTS + "/{event}/tables/{{table}}.csv", event=EVENTS),
    output:
        report(
            RESULTS + "/catalogue/{table}.csv",
            category="all events",
            subcategory="tables",
            labels={"table": "{table}"},
            caption="captions/table.rst",
        ),
    wildcard_constraints:
        table="|".join(CATALOGUE),
    params:
        code=digest("pipeline.tables"),
    message:
        "catalogue: {wildcards.table}"
    script:
        "catalogue.py"


# what many events say together -> catalogue.html
rule catalogue_page:
    "One page of distributions over events: results/catalogue.html."

    input:
        expand(RESULTS + "/catalogue/{table}.csv", table=CATALOGUE),
        RESULTS + "/catalogue/population.csv",
        RESULTS + "/catalogue/epoch.csv",
        RESULTS + "/catalogue/population.png",
    output:
        report(
            RESULTS + "/catalogue.html",
            category="all events",
            subcategory="pages",
            labels={"table": "distributions over events"},
            caption="captions/catalogue.rst",
        ),
    params:
        results=RESULTS,
        events=list(EVENTS),
        code=digest("pipeline.report.overall"),
    message:
        "page of distributions over events"
    script:
        "catalogue_page.py"


# The tables over all events need all of them; while some fail, those that are done can be a table of events by
# themselves: catalogue/events_done.csv. No output, so that it is made whenever asked for.
rule done:
    "The events that are done, as a table to run for the catalogue alone: results/catalogue/events_done.csv."

    input:
        SETTINGS.events,
    params:
        results=RESULTS,
    localrule: True
    message:
        "events that are done"
    script:
        "done.py"
