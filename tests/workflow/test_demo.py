"""The whole workflow against the simulator's truth."""

import json

import pandas as pd
import pytest

from pipeline.results import EventResults

pytestmark = pytest.mark.xdist_group("demo")


@pytest.fixture(scope="module")
def truth(demo):
    return json.loads((demo.folder / "archive" / "truth.json").read_text())


@pytest.fixture(scope="module")
def results(demo):
    return EventResults(demo.results / "demo")


def test_the_lag_is_right_within_one_bin(results, truth):
    cadence_s = results.uniform("ace").attrs["cadence_s"]
    assert float(results.pair("lag", "ace", "wind")["lag_s"]) == pytest.approx(truth["lag_s"], abs=cadence_s)


def test_carried_boundaries_are_right_within_five_minutes(results, truth):
    rows = results.table("intervals").set_index(["spacecraft", "interval"])
    for column, name in (("start", "ejecta_start"), ("end", "ejecta_end")):
        error = pd.Timestamp(rows.loc[("wind", "ejecta"), column]) - pd.Timestamp(truth["boundaries"]["wind"][name])
        assert abs(error) <= pd.Timedelta(minutes=5)


@pytest.mark.parametrize("spacecraft", ["ace", "wind"])
def test_the_waves_are_found_and_measured(results, truth, spacecraft):
    # within 0.05 of what the noise-free fluctuations have over the true interval: noise, turbulence, gaps and edges
    table = results.table("alfvenicity").set_index(["spacecraft", "interval", "method"])
    found = table.loc[(spacecraft, "alfvenic_1", "running_mean")]
    for name in ("sigma_c", "sigma_r"):
        assert found[name] == pytest.approx(truth["realised"][spacecraft][name], abs=0.05)
