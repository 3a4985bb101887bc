"""HT frame and Walén relation: known frames and slopes in, the same out, with noise, gaps and acceleration."""

import numpy as np
import pytest

from pipeline.physics import dehoffmann, elsasser

FRAME = np.array([-420.0, 15.0, -8.0])


def alfvenic(samples=600, slope=-0.8, seed=0, noise=0.0):
    """v = FRAME + slope b + noise, b (km/s) turning about a mean."""
    rng = np.random.default_rng(seed)
    b = 60.0 * np.array([0.5, -0.4, 0.3]) + np.cumsum(rng.normal(size=(samples, 3)), axis=0)
    return FRAME + slope * b + noise * rng.normal(size=(samples, 3)), b


def test_a_convected_structure_has_its_frame_exactly():
    """v = V + f b: the part along b makes no electric field, so that V is found, D vanishes and E correlates."""
    v, b = alfvenic()
    found = dehoffmann.dehoffmann_teller(v, b)
    assert found.v_ht == pytest.approx(FRAME, abs=1e-9)
    assert found.quality == pytest.approx(0.0, abs=1e-20)
    assert found.correlation == pytest.approx(1.0, abs=1e-12)
    assert found.acceleration.tolist() == [0, 0, 0]


def test_it_is_the_minimum_of_the_electric_energy():
    from scipy.optimize import minimize

    v, b = alfvenic(noise=6.0, seed=2)
    found = dehoffmann.dehoffmann_teller(v, b)
    best = minimize(lambda frame: dehoffmann.electric_energy(v - frame, b), v.mean(axis=0), tol=1e-12)
    assert found.v_ht == pytest.approx(best.x, abs=1e-3)
    assert found.quality == pytest.approx(best.fun / dehoffmann.electric_energy(v, b), rel=1e-6)
    convection, model = -np.cross(v, b), -np.cross(found.v_ht, b)
    assert found.correlation == pytest.approx(np.corrcoef(convection.ravel(), model.ravel())[0, 1], rel=1e-12)


def test_gaps_do_not_move_the_frame():
    """20 % missing velocities moved (-400, 10, -5) to (-333, -31, 10) where the sum was divided by all samples."""
    v, b = alfvenic(noise=1.0, seed=3)
    v[np.random.default_rng(3).random(600) < 0.2, 0] = np.nan
    b[5] = np.nan
    found = dehoffmann.dehoffmann_teller(v, b)
    assert found.count < 500
    error = np.sqrt(np.diagonal(found.covariance))
    assert (np.abs(found.v_ht - FRAME) < 4 * error).all()
    assert error.max() < 1.0
    assert found.v_ht == pytest.approx(
        dehoffmann.dehoffmann_teller(*(x[np.isfinite(v[:, 0] + b[:, 0])] for x in (v, b))).v_ht
    )


def test_covariance_is_the_scatter_of_repeated_draws():
    """500 draws of independent noise; standard deviations within 15 % (their own scatter: 3 %)."""
    rng = np.random.default_rng(4)
    _, b = alfvenic(200, seed=4)
    b = 50.0 * b / np.linalg.norm(b, axis=1, keepdims=True)  # the formula weighs all samples alike
    found = [dehoffmann.dehoffmann_teller(FRAME + rng.normal(scale=5.0, size=(200, 3)), b) for _ in range(500)]
    scatter = np.std([f.v_ht for f in found], axis=0)
    predicted = np.sqrt(np.mean([np.diagonal(f.covariance) for f in found], axis=0))
    assert scatter == pytest.approx(predicted, rel=0.15)


def test_an_accelerating_frame():
    v, b = alfvenic()
    time = 64.0 * np.arange(600)
    acceleration = np.array([1e-3, -5e-4, 2e-4])
    v = v + acceleration * (time - time.mean())[:, None]
    found = dehoffmann.dehoffmann_teller(v, b, time)
    assert found.v_ht == pytest.approx(FRAME, abs=1e-8)
    assert found.acceleration == pytest.approx(acceleration, rel=1e-8)
    assert found.quality < 1e-20 < dehoffmann.dehoffmann_teller(v, b).quality


def test_no_frame_where_the_field_does_not_turn():
    v, b = alfvenic()
    along = np.outer(np.linspace(1, 2, 600), [1.0, 2.0, 3.0])
    for found in (dehoffmann.dehoffmann_teller(v, along), dehoffmann.dehoffmann_teller(v[:2], b[:2])):
        assert np.isnan(found.v_ht).all()
        assert np.isnan(found.correlation)
    assert dehoffmann.dehoffmann_teller(v * np.nan, b).count == 0


@pytest.mark.parametrize("slope", [-1.0, -0.6, 0.9])
def test_walen_slope_of_a_wave(slope):
    v, b = alfvenic(slope=slope)
    assert dehoffmann.walen(v, b) == pytest.approx((slope, slope, np.sign(slope)), rel=1e-9)
    assert dehoffmann.walen(v, b, FRAME) == pytest.approx((slope, slope, np.sign(slope)), rel=1e-9)


def test_walen_against_numpys_regressions_and_the_sigma_identity():
    v, b = alfvenic(noise=4.0, seed=7)
    v[10:30] = np.nan
    valid = np.isfinite(v).all(axis=1)
    slope, orthogonal, correlation = dehoffmann.walen(v, b)
    dv, db = (x[valid] - x[valid].mean(axis=0) for x in (v, b))
    line = np.linalg.svd(np.stack([db.ravel(), dv.ravel()], axis=1), full_matrices=False)[2][0]
    assert slope == pytest.approx(np.linalg.lstsq(db.reshape(-1, 1), dv.ravel())[0][0], rel=1e-10)
    assert orthogonal == pytest.approx(line[1] / line[0], rel=1e-10)
    assert correlation == pytest.approx(np.corrcoef(dv.ravel(), db.ravel())[0, 1], rel=1e-9)
    e = np.array(elsasser.energies(dv, db)).mean(axis=1)
    sigma_c, sigma_r = elsasser.sigma_c(*e), elsasser.sigma_r(*e[:2])
    assert slope == pytest.approx(sigma_c / (1 - sigma_r), rel=1e-12)
    assert correlation == pytest.approx(sigma_c / np.sqrt(1 - sigma_r**2), rel=1e-12)


def test_without_data_there_is_no_slope():
    assert np.isnan(dehoffmann.walen(np.full((5, 3), np.nan), np.ones((5, 3)))).all()
