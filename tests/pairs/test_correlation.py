"""Agreement per region: outside packages, known shares of variance, missing data, and the cloud of 2003-11-20."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from simulated_pairs import red_noise, rope_field, rows, spacecraft
from test_lag import genuine_pair

from pipeline.intervals import COLUMNS
from pipeline.pairs import correlation
from pipeline.tables import tidy

QUICK = correlation.Settings(surrogates=0, draws=200, replicates=100)
LAG = 30


@pytest.fixture(scope="module")
def rope():
    """A rope with red noise of its own at each spacecraft; the second 30 min later."""
    rng = np.random.default_rng(1)
    hours = np.arange(1800) / 60 - 6
    b1 = rope_field(hours) + 2 * red_noise(rng, (3, 1800)).T
    b2 = rope_field(hours - LAG / 60) + 2 * red_noise(rng, (3, 1800)).T
    return spacecraft("one", b1), spacecraft("two", b2)


TABLE = rows(
    ("one", "ejecta", 6, 24), ("one", "ejecta_rear", 18, 24), ("one", "quiet", 6, 9), ("one", "quiet", 12, 15),
    ("one", "nowhere", None, None),
)  # fmt: skip


def test_against_scipy_at_the_lag(rope):
    # B_z: r lies within 0.001 of its upper bound, which 200 draws do not find so closely.
    found = correlation.compute(*rope, TABLE, LAG * 60.0, QUICK.model_copy(update={"draws": 4000}))
    x = rope[0]["b"].values[360:1440]
    y = rope[1]["b"].values[360 + LAG : 1440 + LAG]
    for k, quantity in enumerate(("b_x", "b_y", "b_z")):
        row = found.sel(interval="ejecta", quantity=quantity)
        assert float(row["r"]) == pytest.approx(stats.pearsonr(x[:, k], y[:, k])[0], abs=1e-12)
        assert float(row["spearman"]) == pytest.approx(stats.spearmanr(x[:, k], y[:, k])[0], abs=1e-12)
        assert float(row["rms_difference"]) == pytest.approx(np.sqrt(np.mean((y - x)[:, k] ** 2)), rel=1e-12)
        assert float(row["n_samples"]) == 1080
        assert float(row["coverage"]) == 1
        blocks = [a[:, k].reshape(-1, 30).mean(axis=1) for a in (x, y)]
        assert float(row["r_averaged"]) == pytest.approx(stats.pearsonr(*blocks)[0], abs=1e-12)
        assert float(row["r_ci"][0]) < float(row["r"]) < float(row["r_ci"][1])
    strength = [ds["b_mag"].values for ds in rope]
    expected = stats.pearsonr(strength[0][360:1440], strength[1][360 + LAG : 1440 + LAG])[0]
    assert float(found["r"].sel(interval="ejecta", quantity="b_mag")) == pytest.approx(expected, abs=1e-12)
    assert np.isfinite(found["angle_median"].sel(quantity="vector")[:3]).all()


def test_sliding_window_and_rank_against_a_loop(rope):
    found = correlation.compute(*rope, TABLE, LAG * 60.0, QUICK)
    x, y = rope[0]["b"].values[:, 1], np.roll(rope[1]["b"].values[:, 1], -LAG)
    half = 60  # 2 h, 121 samples
    for centre in (400, 777, 1300):
        part = slice(centre - half, centre + half + 1)
        assert float(found["r_sliding"].sel(quantity="b_y")[centre]) == pytest.approx(
            stats.pearsonr(x[part], y[part])[0], abs=1e-9
        )
    r = [stats.pearsonr(x[k : k + 360], y[k : k + 360])[0] for k in range(360, 1081)]
    expected = np.mean(np.array(r) <= r[-1] + 1e-9)
    assert float(found["rank"].sel(interval="ejecta_rear", quantity="b_y")) == pytest.approx(expected, abs=1e-12)
    assert np.isnan(found["rank"].sel(interval="ejecta")).all()


def test_pieces_of_one_name_are_one_region(rope):
    found = correlation.compute(*rope, TABLE, LAG * 60.0, QUICK)
    parts = np.r_[360:540, 720:900]
    x, y = rope[0]["b"].values[parts, 2], rope[1]["b"].values[parts + LAG, 2]
    assert list(found["interval"].values).count("quiet") == 1
    assert float(found["r"].sel(interval="quiet", quantity="b_z")) == pytest.approx(stats.pearsonr(x, y)[0], abs=1e-12)


def test_red_shared_and_unshared_parts_give_their_share_of_variance():
    """r = var shared / (var shared + var unshared), in the mean over pairs: the noise averages out."""
    rng, r = np.random.default_rng(2), []
    for _ in range(40):
        shared, one, two = red_noise(rng, (3, 3, 1800))
        b1, b2 = (np.sqrt(0.8) * shared + np.sqrt(0.2) * own for own in (one, two))
        found = correlation.compute(spacecraft("one", b1.T), spacecraft("two", b2.T), TABLE[:1], 0.0, QUICK)
        r.append(float(found["r"].sel(interval="ejecta", quantity="vector")))
    assert np.tanh(np.mean(np.arctanh(r))) == pytest.approx(0.8, abs=0.03)


def test_what_cannot_be_computed_keeps_its_row_with_a_reason(rope):
    one, two = (ds.copy(deep=True) for ds in rope)
    one["b"][1080:1400] = np.nan
    found = correlation.compute(one, two, TABLE, LAG * 60.0, correlation.Settings(surrogates=20))
    reason = found["reason"].sel(quantity="b_x")
    assert "no times on the grid" in str(reason.sel(interval="nowhere").values)
    assert "cover 11%, less than 50%" in str(reason.sel(interval="ejecta_rear").values)
    assert str(reason.sel(interval="ejecta").values) == ""
    assert np.isnan(found["r"].sel(interval="ejecta_rear")[[0, 1, 2, 4]]).all()
    assert np.isfinite(found["r"].sel(interval="ejecta_rear", quantity="b_mag"))  # its own gaps
    assert np.isnan(found["p_value"].sel(interval="ejecta_rear", quantity="b_x"))
    unknown = correlation.compute(one, two, TABLE, np.nan, QUICK)
    assert (unknown["reason"] == "no lag").all()
    assert np.isnan(unknown["r"]).all()


def test_result_is_reproducible_and_makes_a_table(rope):
    settings = correlation.Settings(surrogates=20)
    a, b = (correlation.compute(*rope, TABLE, LAG * 60.0, settings) for _ in range(2))
    assert a.identical(b)
    table = tidy([a.assign_attrs(event="simulated", first="one", second="two")])
    assert len(table) == 4 * 5
    expected = {"event", "first", "second", "interval", "quantity", "lag_s", "r", "n_samples", "coverage", "reason"}
    assert expected | {"r_ci_low", "r_ci_high"} <= set(table.columns)
    assert "r_sliding" not in table.columns


def test_p_values_of_unrelated_red_noise_are_uniform_through_the_lag_search():
    """The lag is searched in the data as in each surrogate; then p <= 0.1 in about a tenth of the pairs."""
    from pipeline.pairs import lag

    rng, p = np.random.default_rng(3), []
    table = rows(("one", "ejecta", 3, 9))
    settings = correlation.Settings(surrogates=60, draws=100, replicates=100, search_s=3600)
    for _ in range(40):
        one, two = (spacecraft(name, red_noise(rng, (3, 720)).T) for name in ("one", "two"))
        measured = lag.compute(one, two, table, lag.Settings(search_s=3600))
        if not np.isfinite(measured["lag_s"]):
            continue  # no maximum inside the range: nothing is claimed
        found = correlation.compute(one, two, table, float(measured["lag_s"]), settings)
        p.append(found["p_value"].sel(quantity=["b_x", "b_y", "b_z"]).values[0])
    p = np.concatenate(p)
    assert 0.01 <= np.mean(p <= 0.1) <= 0.21  # three standard errors, and end effects of the surrogates
    assert 0.35 <= np.mean(p <= 0.5) <= 0.65


def test_p_values_of_a_shared_rope_are_small(rope):
    found = correlation.compute(*rope, TABLE[:1], LAG * 60.0, correlation.Settings(surrogates=100, draws=100))
    assert float(found["p_value"].sel(quantity="vector")[0]) < 0.05


@pytest.mark.genuine
def test_cloud_of_2003_11_20(shared):
    table = pd.DataFrame(
        [("ace", "ejecta", pd.Timestamp("2003-11-20T11:48"), pd.Timestamp("2003-11-20T18:44"), "given")],
        columns=COLUMNS,
    )
    found = correlation.compute(*genuine_pair(shared), table, 76 * 60.0, correlation.Settings(surrogates=100))
    row = found.isel(interval=0)
    r = row["r"]
    assert float(r.sel(quantity="b_y")) > 0.95
    assert float(r.sel(quantity="b_z")) > 0.95
    assert float(r.sel(quantity="b_x")) < 0.7
    p = row["p_value_holm"]
    assert (p.sel(quantity=["b_y", "b_z"]) < 0.05).all()
    assert float(p.sel(quantity="b_x")) > 0.05  # r = 0.57 over 7 h is what unrelated fields reach
