"""Agreement by scale: shared large scale and unshared waves are told apart."""

import numpy as np
import pytest
from simulated_pairs import STEP_S, rows, spacecraft

from pipeline import splitting
from pipeline.pairs import scales
from pipeline.tables import tidy

TABLE = rows(("one", "ejecta", 6, 24), ("one", "ejecta_rear", 18, 24), ("one", "nowhere", None, None))
MINUTES = np.arange(1800.0)


def waves(phase, period_min=25.0):
    angle = 2 * np.pi * MINUTES / period_min + phase
    return 2 * np.stack([np.cos(angle), np.sin(angle), np.cos(angle + 1)], axis=1)


def slow():
    angle = 2 * np.pi * MINUTES / 1400
    return 10 * np.stack([np.cos(angle), np.sin(angle), 0.3 * np.sin(angle)], axis=1)


@pytest.mark.parametrize("shift_min", [0, 20])
def test_same_large_scale_and_waves_in_quadrature(shift_min):
    """The same waves a quarter of a period apart: r = 0 in the band, 1 in the large scale, misfit sqrt 2 rms."""
    one = spacecraft("one", slow() + waves(0.0))
    two = spacecraft("two", np.roll(slow() + waves(np.pi / 2), shift_min, axis=0))
    found = scales.compute(one, two, TABLE, shift_min * STEP_S, scales.Settings(draws=200))
    ejecta = found.sel(interval="ejecta")
    r = ejecta["r"].sel(quantity=["b_x", "b_y", "b_z", "vector"])
    np.testing.assert_allclose(r.sel(scale="band"), 0, atol=0.01)
    np.testing.assert_allclose(r.sel(scale="large"), 1, atol=0.001)
    gaussian = (1 - np.sqrt(0.5)) ** np.array([(600 / 1500) ** 2, (3600 / 1500) ** 2])
    passed = np.diff((1 - gaussian) ** 2)[0]
    rms = ejecta["rms_first"].sel(quantity="b_x", scale="band")
    assert float(rms) == pytest.approx(2 / np.sqrt(2) * passed, rel=0.01)
    misfit = ejecta["rms_difference"].sel(quantity="b_x", scale="band")
    assert float(misfit) == pytest.approx(np.sqrt(2) * float(rms), rel=0.02)
    fraction = ejecta["variance_fraction"].sel(quantity="vector")
    assert float(fraction.sel(scale="large")) > 0.9
    assert float(fraction.sel(scale="all")) == 1


def test_the_band_of_a_region_is_not_its_neighbours():
    """Strong unshared waves end where the region begins: its own weak shared ones keep their r."""
    other = np.where(MINUTES[:, None] < 1080, 10 * waves(2.0, 31.0), 0)
    one, two = spacecraft("one", slow() + waves(0.0)), spacecraft("two", slow() + waves(0.0) + other)
    found = scales.compute(one, two, TABLE, 0.0, scales.Settings(draws=200)).sel(interval="ejecta_rear", scale="band")
    assert float(found["r"].sel(quantity="vector")) > 0.99  # without the margin: 0.92
    assert float(found["n_samples"].sel(quantity="vector")) == 360 - 2 * 15


def test_margins_of_the_band_by_hand():
    mask = np.zeros(30, bool)
    mask[2:22] = mask[24:28] = True
    kept = splitting.inside("band", mask, (60.0, 1200.0), 100.0)
    assert np.flatnonzero(kept).tolist() == [*range(5, 19), 25, 26]  # three samples, and a quarter of a short stretch
    assert splitting.inside("large", mask, (60.0, 1200.0), 100.0) is mask


def test_both_spacecraft_pass_one_filter_where_one_has_gaps():
    rng = np.random.default_rng(1)
    b = slow() + waves(0.0)
    gappy = b.copy()
    gappy[rng.random(1800) < 0.2] = np.nan
    gappy[900:960] = np.nan
    found = scales.compute(spacecraft("one", b), spacecraft("two", gappy), TABLE, 0.0, scales.Settings(draws=200))
    valid = found["n_samples"].sel(interval="ejecta", quantity="vector").values
    assert (valid > 0.7 * 1080).all()
    difference = found["rms_difference"].sel(interval="ejecta", quantity="vector").values
    np.testing.assert_allclose(difference, 0, atol=1e-9)


def test_rows_of_the_table():
    one, two = spacecraft("one", slow()), spacecraft("two", slow() + waves(0.0))
    found = scales.compute(one, two, TABLE, 0.0, scales.Settings(draws=200))
    table = tidy([found.assign_attrs(event="e", first="one", second="two")])
    assert len(table) == 3 * 5 * 3
    assert {"interval", "quantity", "scale", "r", "r_ci_low", "r_ci_high", "rms_difference"} <= set(table.columns)
    nowhere = table[table["interval"] == "nowhere"]
    assert nowhere["r"].isna().all()
    assert (nowhere["reason"] == "the interval has no times on the grid").all()
    unknown = scales.compute(one, two, TABLE, np.nan, scales.Settings(draws=200))
    assert (unknown["reason"].sel(interval="ejecta") == "no lag").all()
