"""Minimum variance analysis against IDL SPEDAS, against known ellipsoids, and against the scatter of its own errors."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pipeline.physics import minvar


def angle_deg(a, b):
    """Angle between two axes, whatever their signs."""
    return np.degrees(np.arctan2(np.linalg.norm(np.cross(a, b), axis=-1), np.abs(np.sum(a * b, axis=-1))))


def rotation(rng):
    q, r = np.linalg.qr(rng.normal(size=(3, 3)))
    q = q * np.sign(np.diag(r))
    return q * np.linalg.det(q)


@pytest.mark.genuine
def test_themis_axes_of_idl(shared):
    """6 vectors; IDL works in single precision: 1e-5."""
    folder = shared / "refcases" / "01_mva_themis_idl"
    b = np.loadtxt(folder / "thb_fgs_gsm.csv", delimiter=",", skiprows=1)[:, 1:]
    expected = json.loads((folder / "expected.json").read_text())
    found = minvar.minimum_variance_analysis(b)
    largest = expected["eigenvalues_max_int_min"][0]
    assert found.eigenvalue == pytest.approx(expected["eigenvalues_max_int_min"], rel=1e-5, abs=1e-7 * largest)
    rotated = minvar.rotate(b, found.axes)
    for k, name in enumerate(("max", "int", "min")):
        sign = np.sign(found.axes[k] @ expected[f"e_{name}"])
        assert sign * found.axes[k] == pytest.approx(expected[f"e_{name}"], abs=1e-5)
        assert sign * rotated[:, k] == pytest.approx(np.array(expected["rotated"])[:, k], abs=1e-3)


@pytest.mark.genuine
def test_mms_sliding_axes_of_idl(shared):
    """896 windows, closed at both ends: eigenvalues to 1e-6 of the largest, e_min to 1e-4 deg where determined."""
    data = np.load(shared / "refcases" / "02_mva_mms_idl_sliding" / "mms1_fgm.npz")
    time, mid = data["unix_s"], data["win_mid_unix_s"]
    start = np.searchsorted(time, mid - 8.0 - 1e-4)
    stop = np.searchsorted(time, mid + 8.0 + 1e-4, side="right")
    found = minvar.sliding_minimum_variance(data["B_hp_gsm_nT"], start, stop)
    expected = data["eigenvalues"]
    assert (np.abs(found.eigenvalue - expected) / expected[:, :1]).max() < 1e-6
    determined = expected[:, 1] > 3 * expected[:, 2]
    assert determined.sum() > 100
    assert angle_deg(found.axes[:, 2], data["e_min"])[determined].max() < 1e-4


def test_sliding_agrees_with_one_by_one_and_drops_incomplete_rows():
    rng = np.random.default_rng(1)
    b = np.array([30.0, 0, -5]) + np.cumsum(rng.normal(size=(500, 3)), axis=0)
    b[rng.random(500) < 0.1, 2] = np.nan
    start, stop = np.array([0, 3, 100, 480, 10]), np.array([500, 80, 300, 500, 12])
    sliding = minvar.sliding_minimum_variance(b, start, stop)
    for k, (lower, upper) in enumerate(zip(start, stop, strict=True)):
        one = minvar.minimum_variance_analysis(b[lower:upper])
        complete = b[lower:upper][np.isfinite(b[lower:upper]).all(axis=1)]
        assert sliding.count[k] == one.count == len(complete)
        assert sliding.eigenvalue[k] == pytest.approx(one.eigenvalue, rel=1e-9, nan_ok=True)
        assert sliding.axes[k] == pytest.approx(one.axes, abs=1e-7, nan_ok=True)
        assert sliding.mean[k] == pytest.approx(one.mean, rel=1e-12, nan_ok=True)
    assert np.isnan(sliding.axes[-1]).all()  # two rows


def test_an_ellipsoid_turned_by_a_known_rotation():
    """Points at +-a, +-b, +-c along three turned axes have variances a^2/3, b^2/3, c^2/3 along them, exactly."""
    rng = np.random.default_rng(2)
    axes = rotation(rng)
    points = np.concatenate([np.diag([6.0, 3.0, 1.0]), -np.diag([6.0, 3.0, 1.0])]) @ axes + [4.0, -7.0, 2.0]
    found = minvar.minimum_variance_analysis(points)
    assert found.eigenvalue == pytest.approx([12.0, 3.0, 1 / 3], rel=1e-12)
    assert angle_deg(found.axes, axes) == pytest.approx(0.0, abs=1e-6)
    assert found.mean == pytest.approx([4.0, -7.0, 2.0])


@settings(max_examples=100)
@given(arrays(float, (8, 3), elements=st.just(np.nan) | st.floats(-1e4, 1e4)))
def test_axes_are_orthonormal_right_handed_and_follow_the_sign_rule(b):
    found = minvar.minimum_variance_analysis(b)
    if found.count < 3:
        assert np.isnan(found.axes).all()
        return
    assert found.axes @ found.axes.T == pytest.approx(np.eye(3), abs=1e-12)
    assert np.linalg.det(found.axes) == pytest.approx(1.0, abs=1e-12)
    for k in (0, 2):
        assert found.axes[k][np.abs(found.axes[k]).argmax()] > 0
    assert (np.diff(found.eigenvalue) <= 1e-9 * found.eigenvalue[0]).all()
    assert (found.eigenvalue >= 0).all()


def test_gaps_do_not_turn_the_axes():
    """2 % of missing samples turned e_int and e_min by 2.9 deg where they counted as zero; dropping rows: 0.3 deg."""
    rng = np.random.default_rng(3)
    b = rng.normal(size=(5000, 3)) * [6.0, 3.0, 1.0] @ rotation(rng) + [10.0, 20.0, -5.0]
    full = minvar.minimum_variance_analysis(b)
    b[rng.random(5000) < 0.02] = np.nan
    assert angle_deg(minvar.minimum_variance_analysis(b).axes, full.axes).max() < 0.3


def test_angular_errors_are_the_scatter_of_repeated_draws():
    """A known ellipse with isotropic noise of variance l_3, 400 draws: standard deviations of the angles within 15 %

    (their own scatter: 4 %). Noise is what the formula means by l_3; the ellipse itself is not drawn anew.
    """
    rng = np.random.default_rng(4)
    sigma, samples, mean = np.array([4.0, 2.0, 0.7]), 100, np.array([5.0, -3.0, 2.0])
    phase = 2 * np.pi * np.arange(samples) / samples
    radius = np.sqrt(2 * (sigma**2 - sigma[2] ** 2))
    ellipse = mean + radius * np.stack([np.cos(phase), np.sin(phase), 0 * phase], axis=1)
    noise = sigma[2] * rng.normal(size=(400, samples, 3))
    draws = [minvar.minimum_variance_analysis(ellipse + each) for each in noise]
    axes = np.array([d.axes * np.sign(np.diagonal(d.axes))[:, None] for d in draws])
    predicted = minvar.angular_error(sigma**2, samples)
    for i, j in ((0, 1), (0, 2), (1, 2)):
        assert axes[:, i, j].std() == pytest.approx(predicted[i, j], rel=0.15)
    assert np.array_equal(predicted, predicted.T, equal_nan=True)
    normal = np.einsum("dc,dc->d", axes[:, 2], [d.mean for d in draws])
    predicted = minvar.normal_field_error(sigma**2, mean, np.eye(3), samples)
    assert normal.std() == pytest.approx(predicted, rel=0.15)


def test_equal_eigenvalues_leave_the_axes_undetermined():
    assert minvar.angular_error([1.0, 1.0, 0.5], 100)[0, 1] == np.inf
    assert np.isnan(minvar.angular_error([3.0, 2.0, 1.0], 1)).all()


def test_turning_is_followed_through_full_turns_and_gaps():
    phase = np.radians(np.linspace(-100.0, 500.0, 121))
    x, y = np.cos(phase), np.sin(phase)
    x[40:50] = np.nan
    followed = minvar.turning_angle(x, y)
    assert followed[-1] - followed[0] == pytest.approx(600.0)
    assert np.isnan(followed[40:50]).all()
    assert minvar.turning_angle(x, -y)[-1] - minvar.turning_angle(x, -y)[0] == pytest.approx(-600.0)


def test_a_thousand_windows_take_milliseconds():
    """941 windows of an hour at 3 s: about 10 ms; the limit only catches a loop over windows."""
    import time

    b = np.cumsum(np.random.default_rng(5).normal(size=(57_600, 3)), axis=0)
    start = np.arange(0, 57_600 - 1201, 60)
    began = time.perf_counter()
    minvar.sliding_minimum_variance(b, start, start + 1201)
    assert time.perf_counter() - began < 0.5


def test_an_axis_has_no_angle_with_itself_and_one_sample_none_at_all():
    """Off the diagonal by hand: l_3/(M - 1) (l_1 + l_2 - l_3)/(l_1 - l_2)^2 = 1/100 (5 + 3 - 1)/4."""
    found = minvar.angular_error([5.0, 3.0, 1.0], 101)
    assert np.isnan(np.diag(found)).all()
    assert found[0, 1] == found[1, 0] == pytest.approx(np.sqrt(7 / 400), rel=1e-12)
    assert np.isinf(minvar.angular_error([3.0, 3.0, 1.0], 101)[0, 1])
    assert np.isnan(minvar.angular_error([3.0, 3.0, 1.0], 1)).all()
