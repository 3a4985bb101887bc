"""Hodogram metrics on curves whose values are known, and against scipy."""

import numpy as np
import pytest
from scipy.spatial import procrustes as scipy_procrustes

from pipeline.physics import complexity


def arc(degrees, n=2000, radius=5.0, start=0.0):
    angle = np.radians(start) + np.linspace(0, np.radians(degrees), n)
    return radius * np.stack([np.cos(angle), np.sin(angle)], axis=1)


@pytest.mark.parametrize("degrees", [60, 180, 300])
def test_arcs_of_a_circle(degrees):
    curve, angle = arc(degrees), np.radians(degrees)
    assert complexity.arc_length(curve) == pytest.approx(5 * angle, rel=1e-6)
    assert complexity.tortuosity(curve) == pytest.approx(angle / (2 * np.sin(angle / 2)), rel=1e-6)
    assert complexity.turns(curve) == pytest.approx((degrees, degrees), abs=1e-9)
    assert complexity.arc_residual(curve - np.array([3, 8])) == pytest.approx(0, abs=1e-9)
    assert complexity.self_intersections(curve) == 0
    assert complexity.curvature_changes(curve) == 0


def test_roughness_of_half_and_whole_circle():
    assert complexity.roughness(arc(180)) == pytest.approx(np.pi / 2, rel=1e-4)
    assert complexity.roughness(arc(360)) == pytest.approx(np.pi, rel=1e-4)
    assert complexity.roughness(np.stack([np.arange(9.0)] * 3, axis=1)) == pytest.approx(1, abs=1e-12)
    assert complexity.tortuosity(np.vstack([arc(360), arc(360)[:1]])) > 1e6


def test_figure_of_eight_and_lissajous_cross_as_often_as_known():
    t = np.linspace(0.1, 0.1 + 2 * np.pi, 1501)[:-1]
    eight = np.stack([np.sin(t), np.sin(2 * t)], axis=1)
    assert complexity.self_intersections(eight) == 1
    assert complexity.curvature_changes(eight) == 2
    lissajous = np.stack([np.sin(3 * t), np.sin(4 * t + 0.2)], axis=1)
    assert complexity.self_intersections(lissajous) == 17  # 2 a b - a - b for a : b = 3 : 4
    noise = np.random.default_rng(1).standard_normal((60, 2))
    brute = sum(_cross(noise, i, j) for i in range(59) for j in range(i + 2, 59))
    assert complexity.self_intersections(noise) == brute


def _cross(p, i, j):
    def side(a, b, c):
        return np.sign((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]))

    a, b, c, d = p[i], p[i + 1], p[j], p[j + 1]
    return side(a, b, c) != side(a, b, d) and side(c, d, a) != side(c, d, b)


def test_arc_residual_is_the_noise_over_the_radius_and_does_not_shrink_the_circle():
    rng = np.random.default_rng(2)
    for degrees in (120, 300):
        curve = arc(degrees) + 0.1 * rng.standard_normal((2000, 2))
        assert complexity.arc_residual(curve) == pytest.approx(0.1 / 5, rel=0.06)
    assert complexity.arc_residual(np.stack([np.arange(50.0), np.zeros(50)], axis=1)) == pytest.approx(0, abs=1e-6)


def test_entropy_and_complexity_at_their_limits():
    rng = np.random.default_rng(3)
    noise = complexity.ordinal_probabilities(rng.standard_normal(100_000), 4, 1)
    assert complexity.permutation_entropy(noise) == pytest.approx(1, abs=1e-3)
    assert complexity.statistical_complexity(noise) == pytest.approx(0, abs=1e-3)
    line = complexity.ordinal_probabilities(np.arange(500.0), 4, 3)
    assert complexity.permutation_entropy(line) == 0
    assert complexity.statistical_complexity(line) == 0


def test_entropy_of_a_worked_example():
    """Bandt & Pompe's own: 4 7 9 10 6 11 3, order 2: four rises, two falls; order 3: 2 2 1 0 0 ... of 5."""
    x = np.array([4.0, 7, 9, 10, 6, 11, 3])
    two = complexity.ordinal_probabilities(x, 2, 1)
    np.testing.assert_allclose(np.sort(two), [1 / 3, 2 / 3])
    assert complexity.permutation_entropy(two) == pytest.approx(0.918, abs=5e-4)
    three = complexity.ordinal_probabilities(x, 3, 1)
    assert complexity.permutation_entropy(three) * np.log2(6) == pytest.approx(1.522, abs=5e-4)


def test_complexity_of_the_logistic_map_is_that_of_the_literature():
    """Rosso et al. (2007), figure 1: r = 4, order 6: H = 0.63, C = 0.48."""
    x = np.empty(60_000)
    x[0] = 0.1234
    for k in range(1, x.size):
        x[k] = 4 * x[k - 1] * (1 - x[k - 1])
    p = complexity.ordinal_probabilities(x[100:], 6, 1)
    assert complexity.permutation_entropy(p) == pytest.approx(0.63, abs=0.01)
    assert complexity.statistical_complexity(p) == pytest.approx(0.48, abs=0.01)


def test_missing_samples_are_in_no_pattern():
    x = np.array([1.0, 2, np.nan, 5, 4, 3, 2])
    p = complexity.ordinal_probabilities(x, 2, 1)
    np.testing.assert_allclose(np.sort(p), [1 / 4, 3 / 4])
    assert np.isnan(complexity.permutation_entropy(complexity.ordinal_probabilities(np.full(9, np.nan), 3, 1)))
    assert np.isnan(complexity.permutation_entropy(complexity.ordinal_probabilities(np.ones(4), 4, 2)))


def test_patterns_are_the_rankings_of_the_values():
    """Against numpy's sorting, window by window; many series at once, each with its own gaps."""
    x = np.random.default_rng(6).standard_normal((3, 400))
    x[0, 50], x[2, 100:140] = np.nan, np.nan
    for order, delay in ((3, 1), (4, 7), (6, 2)):
        found = complexity.ordinal_probabilities(x, order, delay)
        for row, p in zip(x, found, strict=True):
            windows = [row[t : t + (order - 1) * delay + 1 : delay] for t in range(400 - (order - 1) * delay)]
            ranks = [tuple(np.argsort(window)) for window in windows if np.isfinite(window).all()]
            counts = np.unique(ranks, axis=0, return_counts=True)[1]
            np.testing.assert_array_equal(np.sort(p[p > 0]), np.sort(counts / len(ranks)))


def test_many_curves_at_once_are_the_curves_one_by_one():
    curves = np.cumsum(np.random.default_rng(7).standard_normal((2, 4, 150, 2)), axis=2)
    curves[1, 3] = arc(200, n=150)
    net_turn, total_turn = (lambda curve, k=k: complexity.turns(curve)[k] for k in (0, 1))
    for measure in (
        *(complexity.arc_length, complexity.tortuosity, complexity.roughness, complexity.arc_residual),
        *(complexity.curvature_changes, complexity.self_intersections, net_turn, total_turn),
    ):
        alone = np.array([[measure(curve) for curve in row] for row in curves])
        np.testing.assert_allclose(measure(curves), alone, rtol=1e-12)


def test_procrustes_against_scipy_and_finds_the_rotation():
    rng = np.random.default_rng(4)
    x = np.cumsum(rng.standard_normal((200, 3)), axis=0)
    axis, angle = np.array([1.0, 2, 2]) / 3, np.radians(40)
    cross = np.array([[0, -axis[2], axis[1]], [axis[2], 0, -axis[0]], [-axis[1], axis[0], 0]])
    turn = np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross
    disparity, found = complexity.procrustes(x, 3 * x @ turn.T + 7)
    assert disparity == pytest.approx(0, abs=1e-12)
    assert found == pytest.approx(40, abs=1e-9)
    y = x @ turn.T + 2 * rng.standard_normal(x.shape)
    assert complexity.procrustes(x, y)[0] == pytest.approx(scipy_procrustes(x, y)[2], abs=1e-12)
    assert complexity.procrustes(x[:, :2], y[:, :2])[0] == pytest.approx(
        scipy_procrustes(x[:, :2], y[:, :2])[2], abs=1e-12
    )


def test_frechet_by_hand_and_against_the_recursion():
    line = np.stack([np.arange(5.0), np.zeros(5)], axis=1)
    assert complexity.discrete_frechet(line, line + np.array([0, 2])) == 2
    detour = np.array([[0.0, 0], [2, 3], [4, 0]])
    assert complexity.discrete_frechet(line, detour) == pytest.approx(3, abs=1e-12)
    rng = np.random.default_rng(5)
    p, q = rng.standard_normal((12, 3)), rng.standard_normal((9, 3))

    def recursion(i, j, memory={}):  # noqa: B006
        if (i, j) not in memory:
            before = [recursion(a, b) for a, b in ((i - 1, j), (i, j - 1), (i - 1, j - 1)) if a >= 0 and b >= 0]
            memory[i, j] = max(np.linalg.norm(p[i] - q[j]), min(before, default=0.0))
        return memory[i, j]

    assert complexity.discrete_frechet(p, q) == pytest.approx(recursion(11, 8), abs=1e-12)


def test_distortion():
    assert complexity.distortion(np.full(100, 7.0)) == pytest.approx(0.5, abs=1e-12)
    t = np.linspace(0, 1, 100_001)
    assert complexity.distortion(1 - t) == pytest.approx(1 - np.sqrt(0.5), abs=1e-4)  # compressed at the front
    gappy = np.where((t > 0.2) & (t < 0.4), np.nan, 5.0)
    assert complexity.distortion(gappy) == pytest.approx(0.5, abs=1e-4)


@pytest.mark.parametrize(("degrees", "kind"), [(10, "E"), (60, "F-"), (-150, "Fr"), (250, "F+"), (500, "Cx")])
def test_rope_types(degrees, kind):
    assert complexity.rope_type(arc(degrees)) == kind


def test_turning_there_and_back_is_complex_and_jitter_is_no_rotation():
    assert complexity.rope_type(np.vstack([arc(150), arc(-150, start=150)])) == "Cx"
    angle = np.radians(40) * np.sin(np.linspace(0, 8 * np.pi + 1, 4000))
    assert complexity.rope_type(np.stack([np.cos(angle), np.sin(angle)], axis=1)) == "E"


@pytest.mark.parametrize("label", ["SWN", "SEN", "NES", "NWS", "ENW", "WNE", "ESW", "WSE"])
def test_bothmer_schwenn_labels(label):
    """A rope that turns from the first letter over the second to the third, as the label says."""
    direction = {"N": [0, 0, 1], "S": [0, 0, -1], "E": [0, 1, 0], "W": [0, -1, 0]}
    front, axis = (np.array(direction[letter], float) for letter in label[:2])
    angle = np.linspace(-np.pi / 2, np.pi / 2, 300)[:, None]
    found, confidence = complexity.bothmer_schwenn(10 * (np.cos(angle) * axis - np.sin(angle) * front))
    assert found == label
    assert confidence > 0.9
    tilt = np.array([[1, 0, 0], [0, 0.5**0.5, -(0.5**0.5)], [0, 0.5**0.5, 0.5**0.5]])
    assert complexity.bothmer_schwenn(10 * (np.cos(angle) * axis - np.sin(angle) * front) @ tilt)[1] < 0.05
    assert complexity.bothmer_schwenn(np.tile([0.0, 5, 5], (90, 1)))[1] == 0
