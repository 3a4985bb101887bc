"""The answer: right where the data can say, silent where they cannot, and never stronger than its numbers."""

import numpy as np
import pytest
from simulated_pairs import red_noise, rows
from test_contrast import REAR, N, band_waves
from test_phase import with_plasma

from pipeline.pairs import phase, verdict

TABLE = rows(("one", "ejecta", 0, 18), ("one", "alfvenic_1", 12, 18))
QUICK = verdict.Settings(draws=600, surrogates=40)
FAR = (1.5e6 - 2e6, 0.0, 0.0)


def answer(seed, amplitude, same=False, noise=0.5):
    rng = np.random.default_rng(seed)
    slow = 6 * red_noise(rng, (3, N), 3.0).T
    waves = [amplitude * REAR[:, None] * band_waves(rng) for _ in range(2)]
    b = [slow + noise * red_noise(rng, (3, N)).T + waves[0 if same else k] for k in range(2)]
    first, second = (
        with_plasma(name, x, position=p) for name, x, p in (("one", b[0], (1.5e6, 0, 0)), ("two", b[1], FAR))
    )
    return verdict.compute(first, second, TABLE, 0.0, QUICK).sel(interval="alfvenic_1")


def test_unshared_waves_lower_agreement_and_make_the_hodogram_complex():
    found = [answer(seed, 4.0) for seed in range(5)]
    assert sum(str(row["agreement"].values) == verdict.LOWER for row in found) >= 3
    assert sum(str(row["misfit"].values) == verdict.HIGHER for row in found) >= 4
    assert sum(str(row["complexity"].values) == verdict.HIGHER for row in found) >= 4
    assert sum(str(row["waves"].values) == phase.OTHER_WAVES for row in found) >= 4
    for row in found:
        if str(row["agreement"].values) == verdict.LOWER:
            assert row["sentence"].item().startswith("Agreement is lower: the field's correlation is")
            assert float(row["delta_r_ci"][1]) < 0


def test_shared_waves_do_not():
    found = [answer(seed, 4.0, same=True, noise=0.2) for seed in range(5)]
    assert sum(str(row["agreement"].values) == verdict.LOWER for row in found) <= 1
    assert sum(str(row["misfit"].values) == verdict.HIGHER for row in found) <= 1
    assert sum(str(row["waves"].values) == phase.SAME_PHASE for row in found) >= 4
    assert sum(str(row["complexity"].values) == verdict.HIGHER for row in found) >= 4  # complex and alike


def test_nothing_is_claimed_where_nothing_differs():
    found = [answer(seed, 0.0) for seed in range(5)]
    assert sum(str(row["agreement"].values) == verdict.LOWER for row in found) <= 1
    assert sum(str(row["complexity"].values) == verdict.HIGHER for row in found) <= 2


def test_separation_baseline_by_hand():
    row = answer(1, 0.0)
    distance_au = 2e6 / 149_597_870.7
    np.testing.assert_allclose(row["r_separation"], [1 - distance_au / 0.06, 1 - distance_au / 0.12], rtol=1e-9)
    np.testing.assert_allclose(row["r_separation_strength"], [1 - distance_au / 0.25, 1 - distance_au / 0.35])


@pytest.mark.parametrize("lag_s", [np.nan, 0.0])
def test_no_answer_says_why(lag_s):
    rng = np.random.default_rng(2)
    b = red_noise(rng, (2, 3, N))
    one, two = with_plasma("one", b[0].T), with_plasma("two", b[1].T)
    table = rows(("one", "ejecta", 0, 18), ("one", "alfvenic_1", 30, 31))
    found = verdict.compute(one, two, table, lag_s, QUICK).sel(interval="alfvenic_1")
    assert str(found["agreement"].values) == verdict.UNKNOWN
    assert found["sentence"].item().startswith("No answer: ")
    empty = verdict.compute(one, two, table[:1], lag_s, QUICK)
    assert empty.sizes["interval"] == 0
