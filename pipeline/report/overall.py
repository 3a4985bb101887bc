"""The two pages over all events of a run: the index, and distributions over events."""

import base64
import os
from pathlib import Path

import pandas as pd

from pipeline import population, provenance
from pipeline.report import distributions, environment, index, page
from pipeline.results import EventResults, open_events

ABOUT = "Every event a dot, the median a bar: correlation of the two spacecraft, and Alfvénicity, by region."
ABOUT_STUDY = (
    "Shares of structures with Alfvénic intervals (diamonds: published), cross helicity of every sheath and ejecta "
    "at each spacecraft (published means dashed), superposed epochs (sheath and ejecta each over its duration), "
    "correlation over separation with r = exp(−d/L), and the random-effects mean of the differences of r. Intervals "
    "of 95 %: of shares after Wilson, of differences by Student's t (Hartung and Knapp), of all else from drawing "
    "events."
)
MEANINGS = {
    "quantity": (
        "",
        "with_alfvenic, extended: share of structures with Alfvénic, extended intervals; sigma_*: mean over events; "
        "scale_length_au: L of r = exp(−d/L); r_slope_per_au: slope of r over separation; delta_r: random-effects mean "
        "of Alfvénic minus rest of the ejecta; delta_r_tau: spread of the true differences over events",
    ),
    "region": ("", "structure"),
    "subset": ("", "spacecraft or component"),
    "n_events": ("1", "events with a value"),
    "value": ("", "mean, share or length; without unit, or in au where the quantity's name says so"),
    "low": ("", "lower end of the 95 % interval, as value"),
    "high": ("", "upper end of the 95 % interval, as value; –: open (inf in the file) or not known"),
    "published": ("", "of other events, in other bands, as value"),
    "source": ("", "of the published value"),
}


def _render(template: str, path: str | Path, **shown) -> None:
    html = environment().get_template(template).render(**shown, software=f"pipeline {provenance.__version__}")
    with provenance.whole_file(path) as part:
        part.write_text(html, encoding="utf-8")


def write_index(root: str | Path, path: str | Path, statuses: pd.DataFrame | None = None, catalogue: str = "") -> None:
    """Write the page of the events of `statuses` (status.table); without it, of all that have results under `root`.

    `catalogue` is a link to the page of distributions.
    """
    if statuses is None:
        statuses = pd.DataFrame(
            [(e.event, "", "", "", "") for e in open_events(root)],
            columns=["event", "status", "stage", "where", "reason"],
        )
    _render("index.html", path, **index.content(Path(root), statuses, Path(path).parent), catalogue=catalogue)


def write_index_of_failure(root: str | Path, path: str | Path, statuses: pd.DataFrame) -> None:
    """Write the index after a run that failed, older than everything, so that the next run makes it again."""
    write_index(root, path, statuses)
    os.utime(path, (0, 0))


def write_catalogue(root: str | Path, path: str | Path, names: list[str], tables: list[str]) -> None:
    """Write the page of distributions over the events `names`, from their results and catalogue/population.csv.

    `tables` are those of catalogue/ that it links to: of what lies there, some tells of runs, some is of earlier ones.
    """
    root = Path(root)
    numbers = population.table(root / "catalogue" / "population.csv")
    about = pd.DataFrame([{"column": c, "units": u, "meaning": m} for c, (u, m) in MEANINGS.items()])
    table = page.table(
        "population", numbers, about, numbers.to_csv(index=False).encode(), gather=False, title="Over all events"
    )
    pictures = [
        ("Distributions by region", ABOUT, distributions.picture([EventResults(root / name) for name in names])),
        ("The study of many", ABOUT_STUDY, (root / "catalogue" / "population.png").read_bytes()),
    ]
    shown = [(title, text, base64.b64encode(png).decode()) for title, text, png in pictures if png]
    few = distributions.FEWEST_EVENTS if len(names) < distributions.FEWEST_EVENTS else 0
    _render("catalogue.html", path, n=len(names), few=few, pictures=shown, table=table, tables=tables)
