# tables of all events, running series -> catalogue/population.csv, epoch.csv, figure: the study of many
rule population:
    "The study of many events: results/catalogue/population.csv and its figure."

    input:
        expand(RESULTS + "/catalogue/{table}.csv", table=CATALOGUE),
    output:
        table=RESULTS + "/catalogue/population.csv",
        epoch=RESULTS + "/catalogue/epoch.csv",
        png=report(
            RESULTS + "/catalogue/population.png",
            category="all events",
            subcategory="figures",
            labels={"table": "the study of many events"},
            caption="captions/catalogue.rst",
        ),
        pdf=RESULTS + "/catalogue/population.pdf",
    params:
        results=RESULTS,
        code=digest("pipeline.population", "pipeline.report.population"),
    message:
        "study of {params.results}"
    script:
        "population.py"


# the same tables in a typed, compressed form: needs pyarrow
rule parquet:
    "The tables over all events as Parquet (needs pyarrow)."

    input:
        expand(RESULTS + "/catalogue/{table}.parquet", table=CATALOGUE),


rule to_parquet:
    "One table over all events as Parquet."

    input:
        RESULTS + "/catalogue/{table}.csv",
    output:
        RESULTS + "/catalogue/{table}.parquet",
    message:
        "catalogue: {wildcards.table} as Parquet"
    script:
        "to_parquet.py"


# what the jobs of every run so far took, per rule: catalogue/costs.csv. No output, so that it is made whenever asked for.
rule costs:
    "What the jobs of every run so far took: results/catalogue/costs.csv."

    params:
        results=RESULTS,
    message:
        "costs of {params.results}"
    script:
        "costs.py"
