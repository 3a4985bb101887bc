from importlib import import_module
from pathlib import Path

from pipeline import figures, provenance, status
from pipeline.results import EventResults

status.watch(snakemake.rule, snakemake.output[0])


def main(event_folder: Path, name: str, png: str) -> None:
    module, _, which = name.partition("_")
    figure = import_module(f"pipeline.figures.{module}").draw(EventResults(event_folder), which or None)
    figures.save(figure, Path(png).with_suffix(""))


main(Path(snakemake.output.png).parent.parent, snakemake.wildcards.figure, snakemake.output.png)

provenance.account(
    snakemake.output, snakemake.rule, snakemake.input, snakemake.params.items(), snakemake.wildcards.items()
)
