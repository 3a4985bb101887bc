"""Coherence maps and sliding agreement of a pair show the numbers of the results, the same bytes every time."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import QuadMesh
from overlaps import assert_texts_apart

from pipeline.figures import coherence, save, sliding

QUANTITIES = ["b_x", "b_y", "b_z", "b_mag", "vector"]
TIME = np.datetime64("2001-01-01T12:00", "ns") + np.arange(120) * np.timedelta64(600, "s")
LAG_S = 1800.0
THRESHOLD = 0.45


class MadeUp:
    """Results of a pair: one Alfvénic interval at each spacecraft, the second's half an hour later."""

    event, spacecraft = "made_up", ("ace", "wind")

    def __init__(self, lag_s=LAG_S):
        self._lag_s = lag_s
        hour = pd.Timedelta("1h")
        start = pd.Timestamp("2001-01-01T18:00")
        ejecta = {"interval": "ejecta", "start": start - 3 * hour, "end": start + 6 * hour}
        waves = {"interval": "alfvenic_1", "start": start, "end": start + 3 * hour}
        later = {key: value + hour / 2 if key != "interval" else value for key, value in waves.items()}
        rows = [{"spacecraft": "ace"} | ejecta, {"spacecraft": "ace"} | waves, {"spacecraft": "wind"} | later]
        self.intervals = pd.DataFrame(rows)
        rng = np.random.default_rng(1)
        period = np.geomspace(600, 7200, 9)
        shape = (len(TIME), len(period), len(QUANTITIES))
        values = rng.uniform(0, 1, shape)
        values[:5] = np.nan  # a cone
        dims = ("time", "period", "quantity")
        maps = {"coherence": (dims, values), "phase": (dims, rng.uniform(-180, 180, shape))}
        maps["threshold"] = ("quantity", np.full(len(QUANTITIES), THRESHOLD))
        coords = {"time": TIME, "quantity": QUANTITIES}
        coherent = xr.Dataset(maps, coords | {"period": period}, {"band_s": (600.0, 3600.0)})
        r = rng.uniform(0.2, 1, (len(TIME), len(QUANTITIES)))
        names = ["ejecta", "alfvenic_1", "alfvenic_1_wind"]
        table = np.outer([0.9, 0.78, 0.79], np.ones(len(QUANTITIES)))
        ranks = np.outer([np.nan, 0.13, np.nan], np.ones(len(QUANTITIES)))
        variables = {"r_sliding": (dims[::2], r), "rms_sliding": (dims[::2], 5 * r)}
        variables |= {"r": (("interval", "quantity"), table), "rank": (("interval", "quantity"), ranks)}
        agreement = xr.Dataset(variables, coords | {"interval": names}, {"settings": '{"window_s": 7200.0}'})
        agreement["rms_sliding"].attrs = {"units": "nT", "label": "rms difference"}
        self._pairs = {"coherence": coherent, "correlation": agreement}

    def pair(self, name, first, second):
        return self._pairs[name]

    def lag_s(self, first, second):
        return self._lag_s


@pytest.fixture(scope="module")
def made_up():
    return MadeUp()


def images(figure):
    panels = [a for a in figure.axes if a.get_ylabel() == "Period (min)"]
    meshes = [next(c for c in a.collections if isinstance(c, QuadMesh)) for a in panels]
    return panels[::-1], meshes[::-1]  # from the top


def test_maps_hold_coherence_and_significant_phase_of_the_file(made_up):
    one = made_up.pair("coherence", "ace", "wind").sel(quantity="vector")
    _, (squared, phase) = images(coherence.draw(made_up, "ace-wind"))
    shown = np.ma.filled(squared.get_array().astype(float), np.nan)
    np.testing.assert_allclose(shown, one["coherence"].values.T)
    shown = np.ma.filled(phase.get_array().astype(float), np.nan)
    expected = np.where(one["coherence"].values > THRESHOLD, one["phase"].values, np.nan)
    np.testing.assert_allclose(shown, expected.T)


def test_phase_has_one_colour_at_both_ends(made_up):
    _, (_, phase) = images(coherence.draw(made_up, "ace-wind"))
    assert phase.get_clim() == (-180, 180)
    np.testing.assert_allclose(phase.cmap(0.0), phase.cmap(1.0), atol=0.02)  # a step of 8-bit colour is 0.004


def test_alfvenic_intervals_of_the_second_are_marked_on_the_clock_of_the_first(made_up):
    moved = sliding.alfvenic_of_second(made_up, "ace", "wind")
    assert moved["interval"].tolist() == ["alfvenic_1_wind"]
    assert moved["start"].tolist() == [pd.Timestamp("2001-01-01T18:00")]
    panels, _ = images(coherence.draw(made_up, "ace-wind"))
    for panel in panels:
        marked = {line.get_gid() for line in panel.get_lines()}
        assert {"alfvenic_1", "alfvenic_1_wind"} <= marked


def test_without_a_lag_the_second_has_no_place(made_up):
    unknown = MadeUp(lag_s=np.nan)
    assert sliding.alfvenic_of_second(unknown, "ace", "wind").empty
    FigureCanvasAgg(coherence.draw(unknown, "ace-wind")).draw()
    FigureCanvasAgg(sliding.draw(unknown, "ace-wind")).draw()


def test_sliding_lines_and_ranks_are_those_of_the_file(made_up):
    ds = made_up.pair("correlation", "ace", "wind")
    figure = sliding.draw(made_up, "ace-wind")
    for panel, name in zip(figure.axes[:2][::-1], ("r_sliding", "rms_sliding"), strict=True):
        lines = [line for line in panel.get_lines() if line.get_gid() == "series"]
        assert len(lines) == len(QUANTITIES)
        np.testing.assert_allclose(lines[0].get_ydata(), ds[name].sel(quantity="vector"))
    (printed,) = [t.get_text() for a in figure.axes for t in a.texts if t.get_gid() == "rank"]
    one, two = printed.splitlines()
    assert "r = 0.78" in one
    assert "0.13 of" in one
    assert "r = 0.79" in two
    assert two.endswith("rank n/a")


@pytest.mark.parametrize("module", [coherence, sliding], ids=["coherence", "sliding"])
def test_the_same_results_give_the_same_bytes(made_up, tmp_path, module):
    for stem in ("one", "two"):
        save(module.draw(made_up, "ace-wind"), tmp_path / stem)
    for suffix in ("png", "pdf"):
        assert (tmp_path / f"one.{suffix}").read_bytes() == (tmp_path / f"two.{suffix}").read_bytes()


@pytest.mark.parametrize("module", [coherence, sliding], ids=["coherence", "sliding"])
def test_texts_keep_clear_of_each_other(made_up, module):
    assert_texts_apart(module.draw(made_up, "ace-wind"))
