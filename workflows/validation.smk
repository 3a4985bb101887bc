# nothing -> validation/*.csv, figures: is what the pipeline finds true? `snakemake validation --cores 2`, not part of all
from pipeline import validation as study

PARTS = study.parts(SETTINGS.validation)
TABLES_OF_VALIDATION = ["bias", "coverage", "detection", "pairs"]


rule validation_part:
    "One part of the validation."

    output:
        RESULTS + "/validation/parts/{part}.csv",
    wildcard_constraints:
        part="|".join(map(re.escape, PARTS)),
    params:
        part=lambda wildcards: [*PARTS[wildcards.part][:2], list(PARTS[wildcards.part][2])],
        seed=SETTINGS.validation.seed,
        code=lambda wildcards: digest(f"pipeline.validation.{PARTS[wildcards.part][0]}"),
    message:
        "validation: {wildcards.part}"
    script:
        "validation_part.py"


rule validation:
    "The pipeline against virtual events with known truth: results/validation/ (half an hour of one core)."

    input:
        expand(RESULTS + "/validation/parts/{part}.csv", part=PARTS),
    output:
        tables=expand(RESULTS + "/validation/{table}.csv", table=TABLES_OF_VALIDATION),
        figure=RESULTS + "/validation/validation.png",
        page=RESULTS + "/validation/validation.pdf",
    params:
        code=digest("pipeline.validation.summary", "pipeline.validation.figure"),
    message:
        "validation: tables and figure"
    script:
        "validation.py"
