"""Taking the band out removes what the waves did, and nothing else."""

import numpy as np
import pytest
from simulated_pairs import red_noise, rows, spacecraft
from test_contrast import REAR, N, band_waves, fields

from pipeline.pairs import counterfactual

TABLE = rows(("one", "ejecta", 0, 18), ("one", "alfvenic_1", 12, 18))
QUICK = counterfactual.Settings(draws=400)


def test_deficit_made_by_unshared_waves_goes_with_them():
    rng, explained = np.random.default_rng(1), []
    for _ in range(12):
        slow = 12 * red_noise(rng, (3, N), 3.0).T
        b = [slow + 0.2 * red_noise(rng, (3, N)).T + 4 * REAR[:, None] * band_waves(rng) for _ in range(2)]
        found = counterfactual.compute(spacecraft("one", b[0]), spacecraft("two", b[1]), TABLE, 0.0, QUICK)
        row = found.sel(interval="alfvenic_1", quantity="vector")
        assert float(row["delta_r"]) < 0
        assert float(row["r_without"]) > float(row["r"])
        assert float(row["roughness_first_without"]) < 0.7 * float(row["roughness_first"])
        explained.append(float(row["explained"]))
    assert np.nanmedian(explained) > 0.7


def test_deficit_of_the_large_scale_remains():
    """The rear's large scale differs between the spacecraft; waves are shared: removing them explains nothing."""
    rng, explained, remaining = np.random.default_rng(2), [], []
    for _ in range(12):
        slow, w = 8 * red_noise(rng, (3, N), 3.0).T, 2 * band_waves(rng)
        other = slow + REAR[:, None] * 8 * red_noise(rng, (3, N), 3.0).T
        found = counterfactual.compute(spacecraft("one", slow + w), spacecraft("two", other + w), TABLE, 0.0, QUICK)
        row = found.sel(interval="alfvenic_1", quantity="vector")
        remaining.append(float(row["delta_r_without"]))
        explained.append(float(row["explained"]))
    assert np.median(remaining) < -0.1
    assert np.nanmedian(explained) < 0.1


def test_rows_without_value_say_why():
    rng = np.random.default_rng(3)
    x, y = fields(rng, 0, 0)
    table = rows(("one", "ejecta", 0, 18), ("one", "alfvenic_1", 12, 18), ("one", "alfvenic_2", 30, 31))
    found = counterfactual.compute(spacecraft("one", x), spacecraft("two", y), table, 0.0, QUICK)
    assert str(found["reason"].sel(interval="alfvenic_2").values[0]) == "fewer than 12 common samples"
    assert np.isfinite(found["r"].sel(interval="alfvenic_1")).all()
    unknown = counterfactual.compute(spacecraft("one", x), spacecraft("two", y), table, np.nan, QUICK)
    assert (unknown["reason"] == "no lag").all()
    nothing = counterfactual.compute(spacecraft("one", x), spacecraft("two", y), table[:1], 0.0, QUICK)
    assert nothing.sizes["interval"] == 0


@pytest.mark.parametrize("seed", [4])
def test_without_waves_nothing_changes_at_the_large_scale(seed):
    rng = np.random.default_rng(seed)
    slow = 10 * red_noise(rng, (3, N), 4.0).T
    other = slow + 0.5 * red_noise(rng, (3, N), 4.0).T
    found = counterfactual.compute(spacecraft("one", slow), spacecraft("two", other), TABLE, 0.0, QUICK)
    row = found.sel(interval="alfvenic_1", quantity="vector")
    assert float(row["r_without"]) == pytest.approx(float(row["r"]), abs=0.01)
