"""What a figure cannot be drawn without is what the settings are held against."""

from importlib import import_module
from pathlib import Path

import matplotlib.pyplot as plt
import pytest
from results_factory import write_results

from pipeline import figures
from pipeline.config_files import NEEDED
from pipeline.results import EventResults, ResultsError

SUBJECTS = ("", "ace", "ace-wind")
FIGURES = sorted(
    path.stem
    for path in Path(figures.__file__).parent.glob("[a-z]*.py")
    if path.stem not in ("style", "specification")  # the ensemble's own, drawn by its rule
)


@pytest.mark.parametrize("figure", FIGURES)
def test_a_figure_fails_for_want_of_a_result_only_where_that_is_known(tmp_path, figure):
    """Of an event with nothing but its data and its lag."""
    folder = write_results(tmp_path)
    kept = ("raw", "uniform", "lag")
    for path in (*folder.glob("*/*.nc"), *folder.glob("tables/*.csv")):
        if path.stem not in (*kept, "intervals"):
            path.unlink()
    assert missing(EventResults(folder), figure) == ({NEEDED[figure][1]} if figure in NEEDED else set())


def missing(results, figure) -> set[str]:
    """Results that the figure asks for in vain, of whichever subject it is made."""
    draw, asked, drawn = import_module(f"pipeline.figures.{figure}").draw, set(), 0
    for subject in SUBJECTS:
        try:
            draw(results, subject or None)
            drawn += 1
        except ResultsError as error:
            if "no result" in str(error):
                asked.add(str(error).split("'")[1])
        except (TypeError, ValueError, AttributeError):  # no figure of such a subject
            continue
    plt.close("all")
    assert drawn or asked
    return asked
