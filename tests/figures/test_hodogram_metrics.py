"""Complexity of a hodogram and likeness of two stand beside them, as the results have them."""

import numpy as np
import pytest
import xarray as xr
from overlaps import assert_texts_apart
from results_factory import write_results

from pipeline import provenance
from pipeline.figures import hodogram
from pipeline.results import EventResults

NAMES = ["ejecta", "alfvenic_1"]


def complexity(offset):
    quantity = ["tortuosity", "roughness", "thickness"]
    values = offset + np.arange(6.0).reshape(2, 3)
    cells = {"value": (("interval", "quantity"), values), "surrogate_p": (("interval", "quantity"), values / 100)}
    return xr.Dataset(cells, {"interval": NAMES, "quantity": quantity})


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    event = EventResults(write_results(tmp_path_factory.mktemp("results")))
    for number, name in enumerate(("ace", "wind")):
        provenance.write(complexity(10.0 * (1 + number)), event.folder / name / "complexity.nc", "diagnose", {})
    cells = {"disparity": ("interval", [0.05, np.nan]), "disparity_p": ("interval", [0.01, np.nan])}
    provenance.write(
        xr.Dataset(cells, {"interval": NAMES}), event.folder / "ace-wind" / "hodograms.nc", "correlate", {}
    )
    return event


def titles(figure, column):
    return [axis.get_title(loc="left") for axis in figure.axes[column:12:3]]


def test_metrics_and_likeness_are_those_of_the_results(results):
    figure = hodogram.draw(results, "ace-wind")
    assert titles(figure, 2) == [
        "roughness 11 (p = 0.11)\ntortuosity 10 (p = 0.1)",
        "roughness 21 (p = 0.21)\ntortuosity 20 (p = 0.2)",
        "roughness 14 (p = 0.14)\ntortuosity 13 (p = 0.13)",
        "roughness 24 (p = 0.24)\ntortuosity 23 (p = 0.23)",
    ]
    first, second, *alfvenic = titles(figure, 1)
    assert "disparity" not in first
    assert second.startswith("disparity to ACE 0.05 (p = 0.01)\n")
    assert not any("disparity" in title for title in alfvenic)  # a value that is missing is not shown


def test_metrics_keep_clear_of_the_panels(results):
    assert_texts_apart(hodogram.draw(results, "ace-wind"))


def test_of_one_spacecraft_there_is_no_likeness(results):
    assert not any("disparity" in axis.get_title(loc="left") for axis in hodogram.draw(results, "wind").axes)
