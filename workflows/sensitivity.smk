# raw.nc of every spacecraft -> sensitivity/specifications.csv, sensitivity.csv, specification.png, .pdf
# Does the conclusion depend on the choices? `snakemake sensitivity --cores 2`, not part of all
from pipeline.sensitivity import ensemble

STAGES_OF_SENSITIVITY = ensemble.Stages.of(SETTINGS)
SPECIFICATIONS = ensemble.specifications(SETTINGS.sensitivity, STAGES_OF_SENSITIVITY)
PARTS_OF_SENSITIVITY = ensemble.parts(len(SPECIFICATIONS), SETTINGS.sensitivity.part)


rule sensitivity:
    "Every event under other defensible choices: how many keep its conclusion (some minutes an event)."

    input:
        [f"{RESULTS}/{name}/sensitivity/specification.png" for name in EVENTS if PAIRS[name]],


rule sensitivity_part:
    "Some of the choices of one event's sensitivity."

    input:
        lambda wildcards: [
            f"{RESULTS}/{wildcards.event}/{spacecraft}/raw.nc" for spacecraft in EVENTS[wildcards.event].spacecraft
        ],
    output:
        RESULTS + "/{event}/sensitivity/parts/{part}.csv",
    wildcard_constraints:
        part=r"\d+",
    params:
        event=lambda wildcards: EVENTS[wildcards.event],
        stages=STAGES_OF_SENSITIVITY,
        specifications=lambda wildcards: [SPECIFICATIONS[k] for k in PARTS_OF_SENSITIVITY[int(wildcards.part)]],
        seen=lambda wildcards: seen(
            EVENTS[wildcards.event],
            STAGES_OF_SENSITIVITY,
            [SPECIFICATIONS[k] for k in PARTS_OF_SENSITIVITY[int(wildcards.part)]],
        ),
        code=digest("pipeline.sensitivity.run"),
    message:
        "{wildcards.event}: sensitivity, part {wildcards.part}"
    script:
        "sensitivity_part.py"


rule sensitivity_event:
    "Table and specification curve of one event's sensitivity."

    input:
        expand(
            RESULTS + "/{{event}}/sensitivity/parts/{part}.csv",
            part=[f"{k:03d}" for k in range(len(PARTS_OF_SENSITIVITY))],
        ),
    output:
        specifications=RESULTS + "/{event}/sensitivity/specifications.csv",
        summary=RESULTS + "/{event}/sensitivity/sensitivity.csv",
        png=RESULTS + "/{event}/sensitivity/specification.png",
        pdf=RESULTS + "/{event}/sensitivity/specification.pdf",
    params:
        quantity=SETTINGS.sensitivity.quantity,
        code=digest("pipeline.sensitivity.summary", "pipeline.figures.specification"),
    message:
        "{wildcards.event}: sensitivity"
    script:
        "sensitivity.py"
