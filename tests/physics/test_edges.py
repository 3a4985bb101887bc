"""Kernels at the edge of what they are made for: no spread, no samples, one sample."""

import numpy as np
import pytest

from pipeline.pairs import phase
from pipeline.physics import complexity, dehoffmann, minvar, plasma, response, wavelet, window
from pipeline.stats import agreement, bootstrap, energies, freedom, lagged, surrogates
from pipeline.stats import coherence as coherence_kernel
from pipeline.stats.meta import share


def test_curves_that_are_a_point_have_no_shape():
    point, arc = np.ones((20, 2)), np.stack([np.cos(np.arange(20)), np.sin(np.arange(20))], axis=1)
    assert np.isnan(complexity.arc_residual(point))
    assert np.isnan(complexity.procrustes(point, arc)).all()
    assert np.isnan(complexity.distortion(np.full(5, np.nan)))


def test_expected_temperature_is_that_of_the_published_fit():
    """By hand: (0.031 * 400 - 5.1)^2 = 53.29 and 0.51 * 600 - 142 = 164, in 10^3 K."""
    assert plasma.expected_temperature([400.0, 600.0]) == pytest.approx([53.29e3, 164e3])
    below, above = plasma.expected_temperature([499.999, 500.0])
    assert below == pytest.approx(above, rel=0.05)  # the two branches of the fit nearly meet


def test_ratios_of_eigenvalues_are_missing_where_the_smaller_one_vanishes():
    assert minvar.eigenvalue_ratios([8.0, 4.0, 1.0]) == pytest.approx([2.0, 4.0])
    assert minvar.eigenvalue_ratios([8.0, 4.0, 0.0]) == pytest.approx([2.0, np.nan], nan_ok=True)
    assert np.isnan(minvar.eigenvalue_ratios([8.0, 0.0, 0.0])).all()
    assert minvar.eigenvalue_ratios([[8.0, 4.0, 1.0], [np.nan] * 3]).shape == (2, 2)


def test_rounding_about_a_mean_is_no_variance_and_the_finest_measured_step_is():
    constant = np.full((100, 1), np.sqrt(30.0))
    line = np.linspace(0, 1, 100)[:, None]
    assert not agreement.varies(constant)
    assert not agreement.varies(np.full((3, 1), np.nan))
    assert np.isnan(agreement.correlation(constant, line))
    assert agreement.variance_ratio(line, constant) == 0
    step = constant.copy()
    step[::2] *= 1 + 1e-7  # of a number in single precision
    assert agreement.varies(step)
    assert agreement.correlation(step, step) == pytest.approx(1.0)
    assert agreement.correlation(line - line.mean(), line) == pytest.approx(1.0)  # a mean of zero has no rounding


def test_an_interval_of_hardly_one_mode_says_nothing():
    assert list(coherence_kernel.coherency_interval(0.9, 1.4)) == [0.0, 1.0]
    assert list(coherence_kernel.coherency_interval(np.nan, 50.0)) == [0.0, 1.0]


def test_a_share_of_nothing_is_unknown():
    assert np.isnan(share(0, 0)).all()
    low, high = share(10, 10)[1:]
    assert low == pytest.approx(0.7225, abs=1e-4)  # Wilson's interval of 10 of 10: n / (n + z^2)
    assert high == pytest.approx(1.0)


def test_beta_is_the_ratio_of_pressures():
    """By hand: n k T = 5e6 * 1.380649e-23 * 1e5 = 6.903e-12 Pa, B^2 / 2 mu_0 = (5e-9)^2 / 2.5133e-6 = 9.947e-12 Pa."""
    assert plasma.plasma_beta(5.0, 1e5, 5.0) == pytest.approx(6.903 / 9.947, rel=1e-3)
    assert plasma.plasma_beta(10.0, 2e5, 5.0) == pytest.approx(4 * 6.903 / 9.947, rel=1e-3)
    assert np.isnan(plasma.plasma_beta(5.0, 1e5, 0.0))


def test_unequal_pressures_slow_or_stop_alfven_waves():
    assert plasma.anisotropy_factor(1.0, 1.0) == 1
    assert plasma.anisotropy_factor(1.5, 0.5) == pytest.approx(0.5)
    assert np.isnan(
        plasma.anisotropy_factor([3.0, 2.0], [0.5, 0.0])
    ).all()  # firehose, from beta_par - beta_perp = 2 on


def test_the_last_correlated_lag_is_that_of_politis_and_white():
    """Their bound is 2 (log10 n / n)^1/2, 0.283 for n = 100, in a run of at least `patience` smaller ones."""
    correlation = np.array([1.0, 0.5, 0.35, 0.27, 0.1, 0.1, 0.1, 0.1])
    assert bootstrap._last_correlated_lag(correlation, 100, 3) == 2
    correlation[4] = 0.3  # the run is broken, and begins anew behind
    assert bootstrap._last_correlated_lag(correlation, 100, 3) == 4


def test_a_crossing_in_a_corner_counts_once():
    """The first segment is crossed where one segment ends and the next begins."""
    curve = np.array([[-1.0, 0.0], [1.0, 0.0], [3.0, 5.0], [0.0, 2.0], [0.0, 0.0], [0.0, -2.0]])
    assert complexity.self_intersections(curve) == 1
    assert complexity.self_intersections(curve[::-1]) == 1


def test_distortion_of_a_handful():
    assert complexity.distortion(np.full(2, 7.0)) == pytest.approx(0.5, abs=1e-12)
    assert complexity.distortion(np.array([3.0, 1.0])) == pytest.approx(
        1 / 3
    )  # half of 4 has passed at 2/3 of the first


def test_the_half_width_of_a_triangle_is_half_its_base():
    triangle = 1 - np.abs(np.arange(-10, 11)) / 10
    assert lagged.half_width(triangle, 10) == pytest.approx(5.0)
    assert lagged.half_width(triangle[8:], 2) == pytest.approx(5.0)  # one side falls so far
    assert np.isnan(lagged.half_width(np.ones(5), 2))
    steep = np.array([1.0, 0.6, 0.4, 0.35, 0.3])  # half its height lies half way between its second and third
    assert lagged.half_width(np.concatenate((steep[:0:-1], steep)), 4) == pytest.approx(1.5)


def test_a_response_of_one_changes_no_freedom():
    rng = np.random.default_rng(4)
    v, b = rng.normal(size=(2, 256, 3))
    plain = energies.free_components(v, b)
    assert energies.free_components(v, b, np.ones_like) == pytest.approx(plain)


def test_one_period_stands_for_an_octave():
    assert wavelet.scale_weights([600.0], 60.0) == pytest.approx(60 / (wavelet.C_DELTA * 600 / 1.0330), rel=1e-4)


def test_a_boxcar_has_the_area_of_its_width():
    for width in (1.0, 3.0, 4.8, 9.6):
        kernel = coherence_kernel._boxcar(width)
        assert kernel.sum() == pytest.approx(width, abs=1e-12)
        assert len(kernel) % 2 == 1
        assert kernel.max() <= 1.0


def test_an_interval_of_coherency_needs_more_than_one_and_a_half_modes():
    assert list(coherence_kernel.coherency_interval(0.9, 1.5)) == [0.0, 1.0]


def test_a_peak_has_both_its_neighbours_below():
    assert lagged.highest_peak(np.array([0.0, 1.0, 0.0, 3.0, 4.0])) == 1  # what still rises at the end is no peak
    assert lagged.highest_peak(np.array([5.0, 4.0, 3.0])) == -1
    assert lagged.highest_peak(np.array([0.0, 2.0, 2.0, 0.0])) == 1


def test_a_vertex_lies_within_half_a_step():
    assert lagged.parabolic_offset(np.array([0.0, 3.0, 3.0]), 1) == pytest.approx(0.5)
    assert lagged.parabolic_offset(np.array([0.0, 1.0, 3.0]), 1) == -0.5  # of no maximum


def test_three_samples_determine_a_frame():
    """v is one velocity, so v x b is that of the frame, whatever b."""
    b = np.array([[1.0, 2.0, 0.0], [0.0, 1.0, 3.0], [2.0, 0.0, 1.0]])
    found = dehoffmann.dehoffmann_teller(np.tile([-400.0, 20.0, -5.0], (3, 1)), b)
    assert found.v_ht == pytest.approx([-400.0, 20.0, -5.0], rel=1e-12)
    nothing = dehoffmann.dehoffmann_teller(np.tile([-400.0, 20.0, -5.0], (2, 1)), b[:2])
    assert np.isnan(nothing.v_ht).all()
    assert (nothing.v_ht.shape, nothing.covariance.shape) == ((3,), (3, 3))


def test_rounding_on_a_straight_line_does_not_bend_it():
    line = np.outer(np.arange(40), [0.1, 0.3])
    angle = np.linspace(0, 1.5, 40)
    arc = line[-1] + np.stack([np.sin(angle), 1 - np.cos(angle)], axis=1)
    assert complexity.curvature_changes(np.vstack([line, arc[1:]])) <= 1  # from straight into the arc at most
    assert complexity.curvature_changes(np.vstack([arc, 2 * arc[-1] - arc[::-1][1:]])) == 1  # an S


def test_the_extent_of_a_long_curve_holds_its_ends():
    curve = np.zeros((2000, 2))
    curve[0, 0] = 1.0
    assert complexity.roughness(curve) == pytest.approx(1.0)
    assert complexity.roughness(curve[::-1]) == pytest.approx(1.0)


def test_periods_reach_the_longest_and_a_part_holds_both_its_ends():
    period_s = wavelet.periods(600.0, 4800.0, 4)
    assert len(period_s) == 13
    assert period_s[-1] == pytest.approx(4800.0)
    rng = np.random.default_rng(6)
    part = wavelet.scalogram(*rng.normal(size=(2, 400, 3)), 60.0, period_s, 4).within(period_s[2], period_s[8])
    assert part.period_s == pytest.approx(period_s[2:9])


def test_a_shift_by_one_is_a_shift():
    shifted = surrogates.circular_shifts(np.arange(4.0), 200, np.random.default_rng(7))
    assert sorted({int(row[0]) for row in shifted}) == [1, 2, 3]
    with pytest.raises(ValueError, match="least shift 0"):
        surrogates.circular_shifts(np.arange(4.0), 1, np.random.default_rng(7), least=0)


def test_intervals_do_not_depend_on_the_units_of_either():
    x, y = np.random.default_rng(8).normal(size=(2, 200, 3))
    drawn = [freedom.correlation_draws(k * x, y, 50, np.random.default_rng(9)) for k in (1.0, 1e-6, 1e3)]
    assert np.isfinite(drawn).all()
    assert drawn[1:] == pytest.approx(np.array([drawn[0]] * 2), rel=1e-9)


@pytest.mark.parametrize("step", [2, 8, 48])
def test_coefficients_at_a_coarse_rate_are_those_of_the_fine_one(step):
    """Also where the rate is below what the wavelets need, and frequencies fold back."""
    x = np.random.default_rng(10).normal(size=(480, 2))
    period_s = wavelet.periods(600.0, 1200.0, 4)
    fine, coarse = (
        np.concatenate([band.w for band in wavelet.transform(x, 60.0, period_s, step=k)], axis=1) for k in (1, step)
    )
    assert coarse == pytest.approx(fine[..., ::step], abs=1e-12)


def test_a_run_at_the_end_is_a_run():
    correlation = np.array([1.0, 0.5, 0.4, 0.1, 0.1, 0.1])
    assert bootstrap._last_correlated_lag(correlation, 100, 3) == 2
    assert bootstrap._last_correlated_lag(correlation[:-1], 100, 3) == 2  # no run, but nothing large behind
    assert bootstrap._last_correlated_lag(np.array([1.0, 0.1, 0.1, 0.1]), 100, 3) == 1
    assert bootstrap._last_correlated_lag(np.array([1.0, 0.1, 0.1]), 100, 3) == 1


def test_bands_of_modes_hold_enough_of_them_and_all():
    for count in range(1, 400):
        for edges in (energies._band_edges(count), freedom.band_edges(count)):
            assert edges[0] == 0
            assert edges[-1] == count
            assert np.diff(edges).min() >= min(count, 4)
        widest = max(freedom.MODES, np.ceil((edges[-2] + 1) * freedom.GROWTH) - 1 - edges[-2])
        assert edges[-1] - edges[-2] < widest + freedom.MODES  # only what is too little for a band is added to the last


def test_a_phase_that_cannot_be_told_from_zero_decides_nothing():
    found = {"shared_ci": (0.7, 0.9), "shared": 0.8, "coherency_p": 0.01, "modes": 30.0}
    settings = phase.Settings()
    told = {
        phase._verdict(found | {"phase_difference_deg": angle, "phase_error_deg": error}, settings)[0]
        for angle, error in ((settings.in_phase_deg + 20, 90.0), (settings.in_phase_deg + 1, 80.0))
    }
    assert told == {phase.UNKNOWN}
    clear = found | {"phase_difference_deg": 120.0, "phase_error_deg": 5.0}
    assert phase._verdict(clear, settings)[0] == phase.OTHER_PHASE
    assert phase._verdict(clear | {"phase_difference_deg": 1.0}, settings)[0] == phase.SAME_PHASE


def test_a_constant_is_no_fluctuation():
    v, b = np.random.default_rng(11).normal(size=(2, 300, 3)) * [1.0, 3.0, 0.2]
    assert energies.free_components(v + 400.0, b - 60.0) == pytest.approx(energies.free_components(v, b), rel=1e-9)


def test_a_cross_term_is_cut_to_what_the_energies_allow():
    assert response.noise_corrected(6.0, 9.0, 100.0, 2.0) == pytest.approx((4.0, 9.0, 12.0))  # 2 sqrt(4 * 9)
    assert response.noise_corrected(6.0, 9.0, -100.0, 2.0)[2] == pytest.approx(-12.0)


def test_drawn_energies_are_right_in_the_mean():
    """20,000 draws of the sum of 4 bands with 12 degrees of freedom each: the mean scatters by 0.3 %."""
    bands = np.tile([2.0, 1.0, 0.5], (4, 1))
    draws = energies._wishart_sums(bands, np.full(4, 12.0), 20_000, np.random.default_rng(12))
    assert draws.mean(axis=0) == pytest.approx([8.0, 4.0, 2.0], rel=0.02)


def test_a_window_of_one_sample_is_the_sample():
    columns = np.random.default_rng(13).normal(size=(3, 50))
    assert np.array_equal(window.centred_sums(columns, 1), columns)
