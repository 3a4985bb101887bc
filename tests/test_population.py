"""The study of many against a population made with known shares, means, scale length and delta r."""

import shutil

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from pipeline import intervals, population, provenance, tables
from pipeline.figures import style
from pipeline.report import population as figure
from pipeline.stats import meta

N = 60
LENGTH_AU = 0.03
DELTA_R = -0.25
NAMES = [f"e{k:02}" for k in range(N)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Results of 60 events: 40 of 60 ejecta with Alfvénic intervals, r = exp(-d / 0.03 au), delta r around -0.25."""
    root, rng = tmp_path_factory.mktemp("results"), np.random.default_rng(5)
    occurrence, alfvenicity, correlation, contrast = [], [], [], []
    for k, event in enumerate(NAMES):
        for region, mean in (("sheath", 0.24), ("ejecta", 0.18)):
            occurrence.append((event, "ace", region, 0.2 if k < 40 else 0.0, k < 20))
            alfvenicity.append((event, "ace", region, "running_mean", rng.normal(mean, 0.2), rng.normal(-0.2, 0.1)))
        d = rng.uniform(0.001, 0.03)
        for quantity in ("b_x", "b_y", "b_z", "b_mag"):
            r = np.clip(np.exp(-d / LENGTH_AU) + rng.normal(0, 0.05), -1, 1) if quantity != "b_mag" else 0.0
            correlation.append((event, "ace", "wind", "ejecta", quantity, r))
        for region in ("alfvenic_1", "alfvenic_2", "alfvenic", "ejecta_rear"):
            truth = DELTA_R + rng.normal(0, 0.1) if region == "alfvenic" else 9.0
            seen = truth + rng.normal(0, 0.1)
            contrast.append((event, "ace", "wind", region, "b_x", seen, seen - 0.196, seen + 0.196))
        _event_files(root / event, d)
    _write(root, "occurrence", occurrence, "event spacecraft interval alfvenic_fraction extended")
    _write(root, "alfvenicity", alfvenicity, "event spacecraft interval method sigma_c_rectified sigma_r")
    _write(root, "correlation", correlation, "event first second interval quantity r")
    names = "event first second interval quantity delta_r delta_r_ci_low delta_r_ci_high"
    _write(root, "contrast", contrast, names)
    return root


def _write(root, name, rows, columns):
    tables.write(pd.DataFrame(rows, columns=columns.split()), root / "catalogue" / f"{name}.csv")


def _event_files(folder, distance_au):
    """Cross helicity from 0.5 to 1 through a sheath of 2 to 6 h, from -0.5 to 0.5 through an ejecta of 10 h, and on.

    Every third event has no sheath: what is measured there is of the wind.
    """
    start, number = np.datetime64("2001-01-01T10:00", "ns"), int(folder.name[1:])
    time = np.datetime64("2001-01-01T00:00", "ns") + np.arange(0, 1800, 2) * np.timedelta64(60, "s")
    sheath_start = start - np.timedelta64(2 + number % 5, "h")
    phase = (time - start) / np.timedelta64(10, "h")
    if number % 3:
        before = 1 + 0.5 * (time - start) / (start - sheath_start)
        phase = np.where(time < start, np.where(time < sheath_start, 9.0, before + 0.5), phase)
    series = xr.Dataset(dict.fromkeys(population.RUNNING, ("time", phase - 0.5)), {"time": time})
    provenance.write(series, folder / "ace" / "alfvenicity.nc", "test", {})
    rows = [("ace", "ejecta", start, start + np.timedelta64(10, "h"), "given")]
    if number % 3:
        rows.insert(0, ("ace", "sheath", sheath_start, start, "given"))
    intervals.write(pd.DataFrame(rows, columns=intervals.COLUMNS), folder / "intervals.csv")
    values = {"distance_au": ("interval", [distance_au]), "angle_deg": ("interval", [0.5])}
    provenance.write(xr.Dataset(values), folder / "ace-wind" / "lag.nc", "test", {})


@pytest.fixture(scope="module")
def numbers(folder):
    return population.study(folder)


def number(numbers, quantity, region):
    return numbers[(numbers["quantity"] == quantity) & (numbers["region"] == region)].iloc[0]


def test_shares_are_counted_over_events(numbers):
    row = number(numbers, "with_alfvenic", "ejecta")
    assert (row["value"], row["n_events"]) == (40 / 60, 60)
    assert (row["low"], row["high"]) == meta.share(40, 60)[1:]
    assert number(numbers, "extended", "sheath")["value"] == 20 / 60
    assert number(numbers, "extended", "ejecta")["published"] == 0.90


@pytest.mark.parametrize(("region", "truth"), [("sheath", 0.24), ("ejecta", 0.18)])
def test_means_hold_the_truth_and_stand_beside_the_published(numbers, region, truth):
    row = number(numbers, "sigma_c_rectified", region)
    assert row["value"] == pytest.approx(truth, abs=3 * 0.2 / np.sqrt(N))  # three standard errors
    assert row["high"] - row["low"] == pytest.approx(2 * 1.96 * 0.2 / np.sqrt(N), rel=0.35)
    assert row["published"] == truth


def test_the_scale_length_is_found_and_its_interval_holds_it(numbers):
    row = number(numbers, "scale_length_au", "ejecta")
    assert row["value"] == pytest.approx(LENGTH_AU, rel=0.1)
    assert row["low"] < LENGTH_AU < row["high"] < np.inf
    slope = number(numbers, "r_slope_per_au", "ejecta")
    # a straight line through exp(-d/L) from 0.001 to 0.03 au: near -exp(-1/2) / L, at its middle
    assert slope["value"] == pytest.approx(-np.exp(-0.5) / LENGTH_AU, rel=0.15)
    assert slope["low"] < slope["value"] < slope["high"] < 0


def test_no_upper_end_is_told_of_the_length_where_r_is_low_at_every_separation():
    rng = np.random.default_rng(6)
    d = rng.uniform(0.001, 0.03, N)
    pairs = pd.DataFrame({"distance_au": np.append(d, np.nan), "r": np.append(0.85 + rng.normal(0, 0.03, N), 0.5)})
    found = pd.DataFrame(population.coherence(pairs, rng), columns=population.COLUMNS).set_index("quantity")
    length, slope = found.loc["scale_length_au"], found.loc["r_slope_per_au"]
    assert length["n_events"] == N
    assert np.isfinite(length["low"])
    assert length["high"] == np.inf
    assert slope["low"] < 0 < slope["high"]


def test_delta_r_takes_all_alfvenic_intervals_together_where_there_are_several(numbers):
    row = number(numbers, "delta_r", "alfvenic")
    assert row["n_events"] == N
    assert row["value"] == pytest.approx(DELTA_R, abs=3 * np.hypot(0.1, 0.1) / np.sqrt(N))
    # spread of the truth 0.1; its estimate from 60 events scatters by about 0.02
    spread = number(numbers, "delta_r_tau", "alfvenic")
    assert spread["value"] == pytest.approx(0.1, abs=0.05)
    assert spread["low"] < 0.1 < spread["high"]


def test_the_superposed_epoch_follows_sheath_and_ejecta_each_over_its_duration(folder):
    mean = population.epochs(folder).query("quantity == 'sigma_c_rectified'")
    phase = mean["phase"].to_numpy()
    truth = np.where(phase < 0, 1 + 0.5 * phase, phase - 0.5)
    # a bin holds the mean of its samples, a spacing (2 min of 2 h at least) times the slope from its centre at most
    np.testing.assert_allclose(mean["mean"], truth, atol=0.5 * 2 / 120)
    assert set(mean.loc[phase > 0, "n_events"]) == {N}
    assert set(mean.loc[phase < 0, "n_events"]) == {2 * N // 3}  # every third has no sheath
    assert (mean["low"] <= mean["mean"] + 1e-12).all()
    assert (mean["mean"] <= mean["high"] + 1e-12).all()


def test_events_that_left_the_table_do_not_stay_in_the_study(folder, tmp_path):
    shutil.copytree(folder, tmp_path / "results")
    path = tmp_path / "results" / "catalogue" / "alfvenicity.csv"
    rows = tables.read(path)
    tables.write(rows[rows["event"] != NAMES[0]], path)
    assert population.epochs(tmp_path / "results")["n_events"].max() == N - 1
    assert not len(population.epochs(tmp_path / "results", {"occurrence"}))


def test_tables_that_are_no_longer_asked_for_are_not_in_the_study(folder):
    every = set(population.study(folder)["quantity"])
    few = population.study(folder, {"occurrence", "correlation"})
    assert set(few["quantity"]) == every - {
        "sigma_c",
        "sigma_c_rectified",
        "sigma_r",
        "db_over_b",
        "delta_r",
        "delta_r_tau",
    }
    assert {"with_alfvenic", "scale_length_au"} <= set(few["quantity"])


@pytest.mark.parametrize("share", [0.0, 0.5])
@pytest.mark.parametrize("n", [13, 35])  # where rounding puts an end of Wilson's interval past a share of 1, of 0
def test_shares_of_none_and_of_all_are_drawn(share, n):
    rows = {"event": range(n), "spacecraft": "ace", "interval": "ejecta", "alfvenic_fraction": share, "extended": False}
    numbers = pd.DataFrame(population.occurrence(pd.DataFrame(rows)), columns=population.COLUMNS)
    axis = style.new_figure(4, 4).subplots()
    figure.shares(axis, numbers)
    assert axis.has_data()


def test_a_run_without_tables_gives_an_empty_study(tmp_path):
    (tmp_path / "catalogue").mkdir()
    study = population.study(tmp_path)
    assert list(study["quantity"]) == ["scale_length_au"]
    assert study["value"].isna().all()


def test_the_figure_shows_the_numbers(folder, numbers):
    drawn = figure.draw(folder, numbers, population.epochs(folder))
    shares, values, epoch, _, separation, deltas = drawn.axes
    assert len(shares.get_yticklabels()) == 4
    assert "ejecta, any\nACE (60)" in [label.get_text() for label in shares.get_yticklabels()]
    assert values.get_legend() is not None
    assert epoch.get_title(loc="left") == "ACE, 60 events, 40 sheaths"
    assert separation.get_title(loc="left").startswith("L = 0.03")
    assert [label.get_text() for label in deltas.get_yticklabels()] == ["$B_x$ (60)"]


def test_parquet_keeps_types(tmp_path):
    pytest.importorskip("pyarrow", reason="Parquet needs pyarrow, an extra of the package")
    frame = pd.DataFrame({"event": ["a", "b"], "start": pd.to_datetime(["2001-01-01", None]), "r": [0.5, np.nan]})
    tables.write(frame, tmp_path / "t.csv")
    tables.to_parquet(tmp_path / "t.csv", tmp_path / "t.parquet")
    back = pd.read_parquet(tmp_path / "t.parquet")
    assert back["start"].dt.tz is not None
    assert back["r"].dtype == float
    assert back["start"].isna().tolist() == [False, True]
