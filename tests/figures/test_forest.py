"""The forest plot and the overlay by scale show the numbers of the results."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from matplotlib.backends.backend_agg import FigureCanvasAgg
from overlaps import assert_texts_apart

from pipeline.figures import forest, save, scales

REGIONS = ["alfvenic_1", "alfvenic_1_wind", "alfvenic", "ejecta_rear"]
QUANTITIES = ["b_x", "b_y", "b_z", "b_mag", "vector"]
SCALES = ["all", "large", "band"]
TIME = np.datetime64("2001-01-01T12:00", "ns") + np.arange(240) * np.timedelta64(300, "s")


class MadeUp:
    """Results of a pair with one Alfvénic interval."""

    event, spacecraft = "made_up", ("ace", "wind")

    def __init__(self):
        rng = np.random.default_rng(2)
        shape = (len(REGIONS), len(QUANTITIES), len(SCALES))
        dims = ("interval", "quantity", "scale")
        delta = rng.uniform(-0.5, 0.5, shape)
        ratio = rng.uniform(0.5, 3, shape)
        coords = {"interval": REGIONS, "quantity": QUANTITIES, "scale": SCALES, "bound": ["low", "high"]}
        around = {
            "delta_r_ci": (*dims, "bound"),
            "misfit_ratio_ci": (*dims, "bound"),
        }
        values = {"delta_r_ci": delta[..., None] + [-0.2, 0.1], "misfit_ratio_ci": ratio[..., None] * [0.5, 2.0]}
        contrast = {"delta_r": (dims, delta), "misfit_ratio": (dims, ratio), "delta_r_p_holm": (dims, abs(delta) / 10)}
        contrast |= {name: (around[name], values[name]) for name in around}
        contrast |= {
            "baseline": ("interval", ["quiet"] * 3 + ["rest of the ejecta"]),
            "window_h": ("interval", [6.0] * 4),
        }
        fields = ["b_x", "b_y", "b_z", "b_mag"]
        parts = rng.normal(size=(2, len(TIME), len(SCALES), len(fields)))
        by_scale = {
            f"{name}_part": (("time", "scale", "field"), part)
            for name, part in zip(("first", "second"), parts, strict=True)
        }
        by_scale |= {"r": (dims, rng.uniform(0, 1, shape))}
        names = {"interval": ["ejecta", "alfvenic_1", "alfvenic_1_wind", "quiet"]}
        more = {"time": TIME, "field": fields, "quantity": QUANTITIES, "scale": SCALES}
        self._pairs = {
            "contrast": xr.Dataset(contrast, coords),
            "scales": xr.Dataset(by_scale, names | more, {"band_s": (600.0, 3600.0)}),
        }
        start, hour = pd.Timestamp("2001-01-01T14:00"), pd.Timedelta("1h")
        rows = [
            {"spacecraft": "ace", "interval": "ejecta", "start": start, "end": start + 14 * hour},
            {"spacecraft": "ace", "interval": "alfvenic_1", "start": start + 8 * hour, "end": start + 14 * hour},
        ]
        self.intervals = pd.DataFrame(rows)

    def pair_results(self, first, second):
        return list(self._pairs)

    def pair(self, name, first, second):
        return self._pairs[name]

    def lag_s(self, first, second):
        return 1800.0


@pytest.fixture
def made_up():
    return MadeUp()


def of_name(figure, gid):
    return [artist for axis in figure.axes for artist in (*axis.lines, *axis.texts) if artist.get_gid() == gid]


@pytest.mark.parametrize("name", ["delta_r", "misfit_ratio"])
@pytest.mark.parametrize("scale", ["all", "band"])
def test_points_are_the_values_of_the_result(made_up, name, scale):
    (line,) = of_name(forest.draw(made_up, "ace-wind"), f"{name} {scale}")
    ds = made_up.pair("contrast", "ace", "wind").sel(interval=["alfvenic", "ejecta_rear"], scale=scale)
    np.testing.assert_array_equal(line.get_xdata(), ds[name].transpose("interval", "quantity").values.ravel())


def test_every_line_has_its_p(made_up):
    texts = [text.get_text() for text in of_name(forest.draw(made_up, "ace-wind"), "p")]
    assert len(texts) == 2 * len(QUANTITIES)
    p = float(made_up.pair("contrast", "ace", "wind")["delta_r_p_holm"].sel(interval="alfvenic", quantity="b_x")[0])
    assert texts[0] == f"p = {p:.2g}"


def test_correlations_by_scale_are_those_of_the_result(made_up):
    texts = [text.get_text() for text in of_name(scales.draw(made_up, "ace-wind"), "r")]
    r = made_up.pair("scales", "ace", "wind")["r"]
    shown = [r.sel(interval="ejecta", quantity=q, scale=scale) for q in QUANTITIES[:3] for scale in ("large", "band")]
    assert sorted(text.split(";")[0] for text in texts) == sorted(f"ejecta: r = {float(value):.2f}" for value in shown)


def test_correlations_of_many_intervals_stay_below_the_lines(made_up):
    ds = made_up.pair("scales", "ace", "wind")
    names = [*ds["interval"].values, *(f"alfvenic_{k}_wind" for k in range(2, 5))]
    made_up._pairs["scales"] = ds.isel(interval=[0, 1, 2, 3, 2, 2, 2]).assign_coords(interval=names)
    figure = scales.draw(made_up, "ace-wind")
    FigureCanvasAgg(figure).draw()
    for text in of_name(figure, "r"):
        assert text.get_text().count("r = ") == 7
        place, panel = text.get_window_extent(), text.axes.get_window_extent()
        assert place.x1 <= panel.x1
        lowest = min(line.get_window_extent().y0 for line in text.axes.lines if line.get_gid() == "series")
        assert place.y1 <= lowest


@pytest.mark.parametrize("module", [forest, scales])
def test_missing_results_are_told_and_bytes_repeat(made_up, tmp_path, module):
    save(module.draw(made_up, "ace-wind"), tmp_path / "one")
    save(module.draw(made_up, "ace-wind"), tmp_path / "two")
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()
    made_up._pairs.clear()
    assert "No " in module.draw(made_up, "ace-wind").texts[0].get_text()


@pytest.mark.parametrize("module", [forest, scales])
def test_texts_keep_clear_of_each_other(made_up, module):
    assert_texts_apart(module.draw(made_up, "ace-wind"))


def test_without_an_alfvenic_interval_the_ejecta_is_not_named_twice(made_up):
    made_up._pairs["scales"] = made_up._pairs["scales"].sel(interval=["ejecta", "quiet"])
    assert all(";" not in text.get_text() for text in of_name(scales.draw(made_up, "ace-wind"), "r"))
