"""Differences between regions: false alarms, power, and the two traps (normalised variance, unequal windows)."""

import numpy as np
import pytest
from simulated_pairs import red_noise, rows, spacecraft

from pipeline.aligned import Pair
from pipeline.pairs import contrast
from pipeline.physics.smoothing import band_pass
from pipeline.splitting import by_scale

SETTINGS = contrast.Settings(draws=600)
N = 1080  # 18 h at 1 min, waves in the last 6 h
REAR = np.arange(N) >= 720


def band_waves(rng):
    w = band_pass(rng.standard_normal((N + 600, 3)), 600, 3600, 60.0)[300:-300]
    return w / np.std(w)


def fields(rng, first_waves, second_waves, slow_rms=8.0):
    """Steep shared large scale, shared and unshared turbulence, and the given waves in the rear."""
    shared = (slow_rms * red_noise(rng, (3, N), 3.0) + red_noise(rng, (3, N))).T
    x, y = (shared + red_noise(rng, (3, N)).T for _ in range(2))
    return x + REAR[:, None] * first_waves, y + REAR[:, None] * second_waves


def cells(x, y, quantities, scales=("all", "band")):
    """Result of the rear against the rest, per quantity and scale."""
    b = [np.column_stack([a, np.linalg.norm(a + np.array([0, 12, 0]), axis=1)]) for a in (x, y)]
    parts = by_scale(Pair(np.arange(N), 60.0, 0.0, *b, ("simulated", "one", str(x[0, 0]))), SETTINGS.band_s)
    length = contrast.window_length(REAR, ~REAR)
    cut = contrast.windows(REAR, length), contrast.windows(~REAR, length)
    return [[contrast._cell(parts[s], "rear", cut, q, s, SETTINGS) for s in scales] for q in quantities]


def collected(make, count, quantities=("b_x", "b_y", "b_z"), scales=("all", "band")):
    found = [cells(*make(), quantities, scales) for _ in range(count)]
    return {
        key: np.array([[[c[key] for c in row] for row in f] for f in found])
        for key in ("delta_r", "delta_r_p", "misfit_ratio_p")
    }


def test_false_alarms_where_nothing_differs():
    """Separation alone: an unshared part everywhere. 3 to 7 % asked, the band on the careful side."""
    rng = np.random.default_rng(1)
    found = collected(lambda: fields(rng, 0, 0), 80)
    for key in ("delta_r_p", "misfit_ratio_p"):
        alarms = np.mean(found[key] < 0.05, axis=(0, 1))
        assert 0.015 <= alarms[0] <= 0.09  # 240 tests in triples: standard error 1.5 %
        assert alarms[1] <= 0.07
    assert abs(np.median(found["delta_r"][..., 1])) < 0.05


def test_independent_waves_are_found():
    rng = np.random.default_rng(2)
    found = collected(lambda: fields(rng, 3 * band_waves(rng), 3 * band_waves(rng)), 30, ("vector",))
    assert np.median(found["delta_r"][..., 1]) < -0.4  # the unshared half of the turbulence against nothing shared
    assert np.mean(found["delta_r_p"][..., 1] < 0.05) > 0.9
    assert np.mean(found["misfit_ratio_p"] < 0.05) > 0.9


def test_the_same_waves_at_both_do_not_lower_agreement():
    rng = np.random.default_rng(3)

    def same():
        w = 3 * band_waves(rng)
        return fields(rng, w, w)

    found = collected(same, 30, ("vector",))
    assert np.median(found["delta_r"][..., 1]) > 0.3
    assert np.mean(found["misfit_ratio_p"] < 0.05) < 0.1


def test_less_turning_at_the_same_misfit_is_no_loss_of_agreement():
    """A rear that turns ten times less: r drops, the misfit does not, and the ratio says so."""
    rng = np.random.default_rng(4)
    turning = np.where(REAR, 2.0 + 0.1 * (np.arange(N) - 720) / 120, np.arange(N) / 360.0)
    shared = 12 * np.stack([0 * turning, np.cos(turning), np.sin(turning)], axis=1)
    x, y = (shared + 0.5 * red_noise(rng, (3, N)).T for _ in range(2))
    (cell,) = cells(x, y, ("vector",), ("all",))[0]
    assert cell["r"] < cell["r_baseline"] - 0.1
    assert cell["misfit_ratio_ci"][0] < 1 < cell["misfit_ratio_ci"][1]


def test_a_longer_baseline_does_not_make_a_difference():
    """Uniform data: 12 h have a higher r than 6 h because the slow part is shared, but no delta r may come of it."""
    rng = np.random.default_rng(5)
    naive, equal = [], []
    for _ in range(60):
        x, y = fields(rng, 0, 0, slow_rms=4.0)
        r = [np.corrcoef(x[where, 0], y[where, 0])[0, 1] for where in (REAR, ~REAR)]
        naive.append(np.arctanh(r[0]) - np.arctanh(r[1]))
        cell = cells(x, y, ("b_x",), ("all",))[0][0]
        equal.append(np.arctanh(cell["r"]) - np.arctanh(cell["r_baseline"]))
    error = np.std(naive) / np.sqrt(len(naive))
    assert np.mean(naive) < -2 * error
    assert abs(np.mean(equal)) < 2 * error


def test_windows_by_hand():
    mask = np.array([0, 1, 1, 1, 1, 1, 0, 1, 1, 0], bool)
    assert contrast.windows(mask, 2) == [slice(1, 3), slice(3, 5), slice(7, 9)]
    assert contrast.windows(mask, 3) == [slice(2, 5)]
    assert contrast.windows(mask, 0) == []
    assert contrast.window_length(mask, ~mask) == 1


def test_regions_and_their_baselines():
    """An interval of the second spacecraft takes from quiet too; thirds compare with the rest."""
    table = rows(
        ("one", "ejecta", 0, 18), ("one", "ejecta_rear", 12, 18), ("one", "alfvenic_1", 10, 12),
        ("one", "alfvenic_1_two", 11, 14),
    )  # fmt: skip
    time = spacecraft("one", np.zeros((N, 3)))["time"].values
    found = contrast.compared(time, table)
    assert list(found) == ["alfvenic_1", "alfvenic_1_two", "alfvenic", "ejecta_rear"]
    region, baseline, name = found["alfvenic"]
    assert region.sum() == 4 * 60
    assert baseline.sum() == 14 * 60
    assert name == "quiet"
    assert found["ejecta_rear"][1].sum() == 12 * 60


@pytest.mark.parametrize("lag_s", [0.0, np.nan])
def test_table_keeps_rows_without_values(lag_s):
    rng = np.random.default_rng(6)
    x, y = fields(rng, 0, 0)
    table = rows(("one", "ejecta", 0, 18), ("one", "alfvenic_1", 12, 18), ("one", "alfvenic_2", 30, 31))
    found = contrast.compute(spacecraft("one", x), spacecraft("two", y), table, lag_s, SETTINGS)
    reason = found["reason"].sel(quantity="b_x", scale="all")
    expected = "no lag" if np.isnan(lag_s) else "fewer than 12 common samples in the region"
    assert str(reason.sel(interval="alfvenic_2").values) == expected
    assert np.isfinite(found["delta_r"].sel(interval="alfvenic_1", scale="band")).all() == np.isfinite(lag_s)
    assert float(found["window_h"].sel(interval="alfvenic_1")) == pytest.approx(6)
