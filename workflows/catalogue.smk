# tables/{table}.csv of every event -> catalogue/{table}.csv
rule catalogue:
    input:
        expand(RESULTS + "/{event}/tables/{{table}}.csv", event=EVENTS),
    output:
        RESULTS + "/catalogue/{table}.csv",
    wildcard_constraints:
        table="|".join(CATALOGUE),
    params:
        code=digest("pipeline.tables"),
    message:
        "catalogue: {wildcards.table}"
    script:
        "catalogue.py"
