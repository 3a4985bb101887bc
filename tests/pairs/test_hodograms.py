"""Likeness of two hodograms: turned and larger copies are one shape, unrelated ones are not."""

import numpy as np
import pytest
from simulated_pairs import red_noise, rows, spacecraft

from pipeline.pairs import hodograms
from pipeline.physics.smoothing import band_pass

N = 900
TABLE = rows(("one", "ejecta", 0, 15), ("one", "nowhere", None, None))
QUICK = hodograms.Settings(surrogates=19)


def test_a_turned_and_larger_copy_has_no_disparity_and_its_attitude():
    rng = np.random.default_rng(1)
    b = 5 * red_noise(rng, (3, N), 3.0).T
    angle = np.radians(25)
    turn = np.array([[1, 0, 0], [0, np.cos(angle), -np.sin(angle)], [0, np.sin(angle), np.cos(angle)]])
    found = hodograms.compute(spacecraft("one", b), spacecraft("two", 1.5 * b @ turn.T), TABLE, 0.0, QUICK)
    row = found.sel(interval="ejecta")
    assert float(row["disparity"]) == pytest.approx(0, abs=1e-9)
    assert float(row["attitude_deg"]) == pytest.approx(25, abs=1e-6)
    assert float(row["size_ratio"]) == pytest.approx(1.5, rel=1e-9)
    assert float(row["disparity_p"]) == pytest.approx(1 / 20)


def test_a_shifted_copy_is_as_far_as_the_shift_and_the_lag_is_taken_out():
    rng = np.random.default_rng(2)
    b = 5 * red_noise(rng, (3, N + 60), 3.0).T
    one, two = spacecraft("one", b[60:]), spacecraft("two", b[:N] + np.array([0, 0, 3]))
    found = hodograms.compute(one, two, rows(("one", "ejecta", 0, 13)), 3600.0, QUICK).isel(interval=0)
    assert float(found["frechet"]) == pytest.approx(3, abs=1e-6)
    assert float(found["attitude_deg"]) == pytest.approx(0, abs=1e-4)


def test_unrelated_fields_are_no_nearer_than_surrogates():
    """Waves of one band, which a random phase does not make less smooth at their ends."""
    rng, p = np.random.default_rng(3), []
    for _ in range(8):
        b = band_pass(rng.standard_normal((N + 600, 6)), 900, 5400, 60.0)[300:-300]
        found = hodograms.compute(spacecraft("one", b[:, :3]), spacecraft("two", b[:, 3:]), TABLE[:1], 0.0, QUICK)
        p.append([float(found["disparity_p"][0]), float(found["frechet_p"][0])])
    assert (np.abs(np.median(p, axis=0) - 0.5) < 0.3).all()
    assert (np.mean(np.array(p) <= 0.1, axis=0) < 0.35).all()


def test_rows_without_value_say_why():
    b = 5 * red_noise(np.random.default_rng(4), (3, N)).T
    gap = b.copy()
    gap[100:700] = np.nan
    found = hodograms.compute(spacecraft("one", b), spacecraft("two", gap), TABLE, 0.0, QUICK)
    assert list(found["reason"].values) == [
        "common field covers 33%, less than 50%",
        "the interval has no times on the grid",
    ]
    unknown = hodograms.compute(spacecraft("one", b), spacecraft("two", b), TABLE, np.nan, QUICK)
    assert (unknown["reason"] == "no lag").all()
