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
    assert sum(str(row["complexity_rank"].values) == verdict.HIGHER for row in found) >= 4
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
    assert sum(str(row["complexity_rank"].values) == verdict.HIGHER for row in found) >= 4  # complex and alike


def test_waves_of_random_phase_are_complex_by_their_spectrum_alone():
    """The waves here are band-passed noise: rough, but not beyond the surrogates, and the answer says both."""
    found = [answer(seed, 4.0) for seed in range(5)]
    assert sum(str(row["complexity"].values) == verdict.BY_SPECTRUM for row in found) >= 4
    for row in found:
        if str(row["complexity"].values) == verdict.BY_SPECTRUM:
            assert (
                "but not shown to be more so than random fields with the same spectrum (p = " in row["sentence"].item()
            )


@pytest.mark.parametrize(
    ("by_rank", "against_random", "compared", "said"),
    [
        (verdict.HIGHER, verdict.HIGHER, True, verdict.HIGHER),
        (verdict.HIGHER, verdict.NOT_HIGHER, True, verdict.BY_SPECTRUM),
        (verdict.HIGHER, verdict.UNKNOWN, True, verdict.BY_SPECTRUM),
        (verdict.HIGHER, verdict.UNKNOWN, False, verdict.UNKNOWN),
        (verdict.NOT_HIGHER, verdict.HIGHER, True, verdict.NOT_HIGHER),
        (verdict.UNKNOWN, verdict.HIGHER, True, verdict.UNKNOWN),
    ],
)
def test_rule_of_complexity(by_rank, against_random, compared, said):
    assert verdict.more_complex(by_rank, against_random, compared) == said


def test_roughness_against_random_fields():
    """p is uniform for fields of random phases, and never small for a plain turn."""
    rng = np.random.default_rng(4)
    frequency = np.arange(129)[:, None]
    height = np.where(frequency > 0, np.maximum(frequency, 1.0) ** (-5 / 6), 0)
    fields = [
        np.fft.irfft(height * (rng.standard_normal((129, 3)) + 1j * rng.standard_normal((129, 3))), 256, axis=0)
        for _ in range(60)
    ]
    p = np.array([verdict.roughness_p(x, 64.0, 600.0, 39, rng) for x in fields])
    # Half asked; the standard error of the mean of 60 uniform values is 0.04, that of their spread (0.29) 0.02.
    assert abs(p.mean() - 0.5) < 0.12
    assert 0.22 < p.std() < 0.36
    assert p.min() >= 1 / 40
    circle = 3 * np.column_stack(
        [f(np.linspace(0, 2 * np.pi, 256, endpoint=False)) for f in (np.cos, np.sin, np.ones_like)]
    )
    smooth = verdict.roughness_p(circle, 64.0, 600.0, 39, rng)
    assert smooth > 0.05  # one turn is as rough as the same turn begun elsewhere
    assert np.isnan(verdict.roughness_p(fields[0][:20], 64.0, 600.0, 39, rng))


def test_separation_is_judged_by_averages_of_the_whole_ejecta():
    """Both spacecraft see one field over the ejecta but for a short burst: its window is poor, the ejecta is not."""
    rng = np.random.default_rng(6)
    slow = 6 * red_noise(rng, (3, N), 3.0).T
    burst = 6 * REAR[:, None] * band_waves(rng)
    one, two = with_plasma("one", slow, position=(1.5e6, 0, 0)), with_plasma("two", slow + burst, position=FAR)
    row = verdict.compute(one, two, TABLE, 0.0, QUICK).sel(interval="alfvenic_1")
    inside = slice(0, N)
    halves = [
        np.array([b[inside][k : k + 28].mean(axis=0) for k in range(0, N - 27, 28)]) for b in (slow, slow + burst)
    ]
    by_hand = np.mean([np.corrcoef(halves[0][:, k], halves[1][:, k])[0, 1] for k in range(3)])
    assert float(row["r_ejecta"]) == pytest.approx(by_hand, abs=0.03)  # half hours start elsewhere
    assert float(row["r_ejecta"]) > float(row["r"]) + 0.1
    assert "worse" not in str(row["separation"].values)


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
