"""Virtual pairs with known truth: an effect survives most choices, and without one none is claimed."""

from datetime import datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from pipeline import simulate, tables
from pipeline.config import Crossing, Event, read_settings
from pipeline.figures import specification
from pipeline.sensitivity import Settings, ensemble, summary
from pipeline.sensitivity.run import detrended, run

STAGES = ensemble.Stages.of(read_settings({"pairs": {"verdict": {"draws": 400, "surrogates": 40}}}))
FEW = Settings(
    band_s=((300.0, 1800.0),), preset=("loose",), db_over_b_min=(), alphas=(), density=("instantaneous",),
    lag=("b_mag", "two_anchor"), detrending=("linear",), end_shift_s=(-1800.0,), start_shift_s=(1800.0, 80_000.0),
)  # fmt: skip


def found(shared):
    """The ensemble of an event whose waves are shared by both spacecraft, or not."""
    settings = simulate.Settings(
        event="virtual", seed=3, sampling_s=8.0, products={"wind": ("WI_H0_MFI", "WI_H1_SWE")},
        waves={"db_over_b": 0.3, "shared": shared, "duration_h": 6.0}, turbulence={"shared": 0.9},
    )  # fmt: skip
    realisation = simulate.realise(settings)
    raws = {name: simulate.observe(realisation, name) for name in settings.spacecraft}
    start, edges = datetime.fromisoformat(str(settings.start)), settings.boundaries_s
    times = {name: start + timedelta(seconds=edges[name]) for name in ("ejecta_start", "ejecta_end")}
    first, second = settings.spacecraft
    event = Event(name="virtual", crossings=(Crossing(spacecraft=first, **times), Crossing(spacecraft=second)))
    return summary.judged(run(ensemble.specifications(FEW, STAGES), event, raws, STAGES))


@pytest.fixture(scope="module")
def independent():
    return found(shared=0.0)


@pytest.fixture(scope="module")
def common():
    return found(shared=1.0)


def test_a_strong_effect_is_kept_by_most_choices(independent):
    row = summary.summary(independent).set_index("conclusion_on").loc["vector"]
    assert row["conclusion"] == "lower"
    assert row["share_kept_of_answered"] > 0.7
    assert row["share_negative"] > 0.7
    assert row["n_alternatives"] == len(independent) - 1


def test_without_an_effect_none_is_claimed(common):
    answered = common[common["reason"] == ""]
    assert len(answered) >= 6
    assert (answered["agreement"] == "lower").sum() <= 1  # each is wrong in at most 2.5 %
    assert answered["alfvenic_min_first"].min() > 60  # the waves were found, and both saw them


def test_an_analysis_without_an_answer_says_why_and_keeps_nothing(independent):
    rows = independent.set_index("name")
    assert "own boundaries are not given" in rows.loc["lag=two_anchor", "reason"]
    assert "follow each other" in rows.loc["start_shift_s=80000", "reason"]
    for name in ("lag=two_anchor", "start_shift_s=80000"):
        assert not rows.loc[name, "kept_vector"]
    assert "lag=two_anchor" in summary.summary(independent)["lost_by"].iloc[0]


def test_where_nothing_is_found_that_is_the_conclusion(independent):
    """Thresholds that no analysis meets: no answer about agreement, but one about detection."""
    rows = independent.assign(**dict.fromkeys(summary.CONCLUSIONS, "")).assign(detection="none found")
    table = summary.summary(summary.judged(rows)).set_index("conclusion_on")
    assert table.loc["detection", "share_kept"] == 1
    assert table.loc["vector", "conclusion"] == ""
    assert np.isnan(table.loc["vector", "share_kept"])
    assert "no answer" in summary.text(table.reset_index())
    empty = specification.curve(rows.assign(delta_r_vector=np.nan, reason="no Alfvénic interval found"))
    assert "no Alfvénic interval found" in empty.texts[0].get_text()


def test_a_coarser_grid_is_coarser(independent):
    rows = independent.set_index("name")
    assert rows.loc["cadence_factor=2", "cadence_s"] == 2 * rows.loc["baseline", "cadence_s"]


def test_a_table_that_was_written_is_read_as_it_was(independent, tmp_path):
    tables.write(independent, tmp_path / "specifications.csv")
    read = summary.read(tmp_path / "specifications.csv")
    assert list(read["reason"]) == list(independent["reason"])
    assert list(read["kept_vector"]) == list(independent["kept_vector"])
    np.testing.assert_allclose(read["delta_r_vector"], independent["delta_r_vector"].astype(float), rtol=1e-6)
    pd.testing.assert_frame_equal(
        summary.summary(read)[["conclusion", "n_kept", "lost_by"]],
        summary.summary(independent)[["conclusion", "n_kept", "lost_by"]],
    )


def test_the_curve_shows_every_analysis_in_order(independent):
    figure = specification.curve(independent, "vector")
    FigureCanvasAgg(figure).draw()
    top, matrix = figure.axes[0], figure.axes[4]
    shown = [line for line in top.lines if line.get_gid() in specification.CONCLUSIONS]
    points = sorted((x, y) for line in shown for x, y in zip(line.get_xdata(), line.get_ydata(), strict=True))
    expected = np.sort(independent["delta_r_vector"].dropna().to_numpy())
    np.testing.assert_array_equal([y for _, y in points], expected)
    dots = {line.get_gid(): len(line.get_xdata()) for line in matrix.lines if "=" in str(line.get_gid())}
    assert dots["cadence_factor=2"] == 1
    assert dots["cadence_factor=1"] == len(independent) - 1
    text = next(t.get_text() for t in top.texts if t.get_gid() == "share")
    assert text.startswith(f"{int(independent['kept_vector'].sum()) - 1} of {len(independent) - 1}")
    labels = [tick.get_text() for tick in matrix.get_yticklabels()]
    assert "band 5 to 30 min" in labels
    assert "start +30 min" in labels


def test_a_straight_line_is_removed_whatever_it_is():
    import xarray as xr

    time = np.datetime64("2001-01-01", "ns") + np.arange(200) * np.timedelta64(60, "s")
    line = np.linspace(-5, 5, 200)
    wave = np.where(np.arange(200) % 2, 0.5, -0.5)
    b = np.column_stack([wave + 3 * line, wave - line + 2, wave])
    b[20:40] = np.nan
    ds = xr.Dataset({"b": (("time", "component"), b), "b_mag": ("time", line + 9)}, {"time": time})
    rows = pd.DataFrame([("ejecta", time[0], time[-1])], columns=["interval", "start", "end"])
    out = detrended(ds, rows, "linear", STAGES)
    known = np.isfinite(b[:, 0])
    np.testing.assert_allclose(out["b"].values[known], np.column_stack([wave] * 3)[known], atol=0.02)
    np.testing.assert_allclose(out["b_mag"], 0, atol=1e-9)
    assert detrended(ds, rows, "none", STAGES) is ds
