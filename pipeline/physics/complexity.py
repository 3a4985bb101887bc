"""Numbers for what a hodogram shows: how crooked its curve is, how far it turns, how ordered, how like another.

A curve is (time, 2) or (time, 3), complete samples in order of time; gaps must have been taken out before. Many curves
of equal length, (..., time, component), give (...) values at once where the function says nothing else. Lengths, counts
and turns grow with resolution: compare only curves that were smoothed alike.
"""

import math

import numpy as np


def arc_length(curve: np.ndarray) -> np.ndarray:
    """Sum of the distances between neighbours, in the unit of the curve."""
    return np.sum(np.linalg.norm(np.diff(curve, axis=-2), axis=-1), axis=-1)


def tortuosity(curve: np.ndarray) -> np.ndarray:
    """Length over chord (end to end), from 1 for a straight line; pi/2 for a half circle, infinite for a closed one."""
    return _over(arc_length(curve), np.linalg.norm(curve[..., -1, :] - curve[..., 0, :], axis=-1), np.inf)


def roughness(curve: np.ndarray) -> np.ndarray:
    """Length over extent (largest distance of two points), from 1; pi/2 for a half circle, pi for a whole one."""
    return _over(arc_length(curve), _of_each(_extent, curve), np.nan)


def _over(numerator, denominator, otherwise):
    """The ratio, or `otherwise` where the denominator is not positive."""
    positive = denominator > 0
    return np.where(positive, numerator / np.where(positive, denominator, 1.0), otherwise)[()]


def _of_each(measure, curves):
    """Measure (...) of curves (..., time, component), one after the other: what grows with time squared stays small."""
    found = [measure(curve) for curve in curves.reshape(-1, *curves.shape[-2:])]
    return np.array(found).reshape(curves.shape[:-2])[()]


def _extent(curve):
    points = curve if len(curve) <= 400 else curve[np.linspace(0, len(curve) - 1, 400).astype(int)]
    points = points - points.mean(axis=0)  # so that the squares below keep their digits
    square, one = np.sum(points**2, axis=1, keepdims=True), np.ones((len(points), 1))
    # |x - y|^2 = |x|^2 + |y|^2 - 2 x.y of all pairs, in one product
    squares = np.hstack([-2 * points, square, one]) @ np.hstack([points, one, square]).T
    return np.sqrt(max(0.0, squares.max()))


def turns(plane: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Net and total turn (deg) of the vector (time, 2) about the origin, followed through full turns."""
    angle = np.unwrap(np.arctan2(plane[..., 1], plane[..., 0]))
    return np.degrees(angle[..., -1] - angle[..., 0]), np.degrees(np.sum(np.abs(np.diff(angle)), axis=-1))


def curvature_changes(plane: np.ndarray) -> np.ndarray:
    """Number of times the curve (time, 2) changes the sense in which it bends."""
    return _of_each(_curvature_changes, plane)


def _curvature_changes(plane):
    x, y = np.diff(plane.T)
    cross = x[:-1] * y[1:] - y[:-1] * x[1:]
    size = np.abs(cross)
    left = cross[size > 1e-12 * size.max(initial=0)] > 0
    return np.count_nonzero(left[1:] != left[:-1])


def self_intersections(plane: np.ndarray) -> np.ndarray:
    """Number of pairs of segments of the curve (time, 2) that cross; neighbours, which touch, do not count."""
    return _of_each(_self_intersections, plane)


def _self_intersections(plane):
    plane = plane - plane.mean(axis=0)
    start, step = plane[:-1], np.diff(plane, axis=0)
    # Cross product of a segment with the way from its start to a point: which side of its line the point lies on.
    line = np.column_stack([-step[:, 1], step[:, 0], step[:, 1] * start[:, 0] - step[:, 0] * start[:, 1]])
    point = np.column_stack([plane, np.ones(len(plane))])
    crossings = 0
    for first in range(0, len(step), 64):  # keeps the pair tables small
        here, later = slice(first, first + 64), slice(first + 2, None)
        parted = _parted(line[here] @ point[later].T, 1) & _parted(point[first : first + 65] @ line[later].T, 0)
        crossings += np.count_nonzero(np.triu(parted))
    return crossings


def _parted(side, axis):
    """Do the two ends of a segment, neighbours along the axis, lie on different sides?"""
    left = side >= 0
    return left[:, 1:] != left[:, :-1] if axis else left[1:] != left[:-1]


def arc_residual(plane: np.ndarray) -> np.ndarray:
    """Rms distance of the points (time, 2) from the best circle over its radius: 0 for an arc of a circle.

    Algebraic fit of Taubin (1991), which neither prefers small circles nor fails on short arcs; a straight line is a
    circle without limit, residual 0.
    """
    x = plane - plane.mean(axis=-2, keepdims=True)
    square = np.sum(x**2, axis=-1)
    scale = square.mean(axis=-1)
    size = 2 * np.sqrt(np.where(scale > 0, scale, 1.0))
    design = np.concatenate([((square - scale[..., None]) / size[..., None])[..., None], x], axis=-1)
    axes = np.linalg.svd(design, full_matrices=False)[2]
    bend, across = axes[..., -1, 0] / size, axes[..., -1, 1:]
    straight = np.abs(bend) < 1e-12 * np.hypot(bend, np.linalg.norm(across, axis=-1))
    bend = np.where(straight, 1.0, 2 * bend)
    centre = -across / bend[..., None]
    radius = np.sqrt(np.sum(centre**2, axis=-1) + scale)
    distance = np.linalg.norm(x - centre[..., None, :], axis=-1) - radius[..., None]
    residual = np.sqrt(np.mean(distance**2, axis=-1)) / np.where(radius > 0, radius, 1.0)
    return np.where(scale > 0, np.where(straight, 0.0, residual), np.nan)[()]


def ordinal_probabilities(x: np.ndarray, order: int, delay: int) -> np.ndarray:
    """Probability (..., order!) of each ranking of x(t), x(t + delay), ... in the complete windows of x (..., time)."""
    patterns, span = math.factorial(order), (order - 1) * delay
    windows = x.shape[-1] - span
    if windows < 1:
        return np.full((*x.shape[:-1], patterns), np.nan)
    kind = np.uint8 if patterns < 256 else np.uint16
    code = np.zeros((*x.shape[:-1], windows), kind)  # Lehmer's: how many of the later values lie below each
    below = np.zeros(x.shape, kind)
    for later in range(1, order):  # the values at places order - 1 - later, ..., 0 have that many later ones
        below = below[..., :-delay]
        below += x[..., later * delay :] < x[..., : -later * delay]
        place = (order - 1 - later) * delay
        code += below[..., place : place + windows] * kind(math.factorial(later))
    missing = ~np.isfinite(x)
    if missing.any():
        for place in range(0, span + 1, delay):
            code[missing[..., place : place + windows]] = patterns
    return _shares(code, patterns)


def _shares(code, patterns):
    """(..., patterns) share of each code 0..patterns - 1 among codes (..., window); others are not looked at."""
    rows = code.reshape(-1, code.shape[-1]).astype(np.intp)
    rows += np.arange(len(rows))[:, None] * (patterns + 1)
    counts = np.bincount(rows.ravel(), minlength=len(rows) * (patterns + 1)).reshape(len(rows), -1)[:, :patterns]
    total = counts.sum(axis=1, keepdims=True)
    return (counts / np.where(total > 0, total, np.nan)).reshape(*code.shape[:-1], patterns)


def permutation_entropy(probabilities: np.ndarray) -> np.ndarray:
    """Shannon entropy of ordinal probabilities (..., pattern) over its maximum, in [0, 1]. Bandt & Pompe (2002)."""
    return _shannon(probabilities) / np.log(probabilities.shape[-1])


def statistical_complexity(probabilities: np.ndarray) -> np.ndarray:
    """Jensen-Shannon complexity: entropy times divergence from equal probabilities, normalised, in [0, 0.5).

    0 for full order and for full disorder. Rosso et al. (2007), Phys. Rev. Lett. 99, 154102.
    """
    n = probabilities.shape[-1]
    divergence = _shannon((probabilities + 1 / n) / 2) - _shannon(probabilities) / 2 - np.log(n) / 2
    largest = -0.5 * ((n + 1) / n * np.log(n + 1) - 2 * np.log(2 * n) + np.log(n))
    return divergence / largest * permutation_entropy(probabilities)


def _shannon(p):
    return -np.sum(p * np.log(np.where(p > 0, p, 1.0)), axis=-1)


def procrustes(first: np.ndarray, second: np.ndarray) -> tuple[float, float]:
    """Disparity in [0, 1] of two curves of equal length after shift, size and rotation, and the rotation's angle (deg).

    1 - (sum of singular values of the normalised cross product)^2, proper rotations only; the order of time counts.
    """
    x, y = (curve - curve.mean(axis=0) for curve in (first, second))
    norms = np.linalg.norm(x), np.linalg.norm(y)
    if not min(norms) > 0:
        return np.nan, np.nan
    left, singular, right = np.linalg.svd((y / norms[1]).T @ (x / norms[0]))
    sign = np.ones(len(singular))
    sign[-1] = np.sign(np.linalg.det(left @ right))
    turn = (left * sign) @ right
    cosine = (np.trace(turn) - (len(turn) - 2)) / 2
    return float(1 - np.sum(singular * sign) ** 2), float(np.degrees(np.arccos(np.clip(cosine, -1, 1))))


def discrete_frechet(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Discrete Fréchet distance of two curves, in their unit: the leash that suffices to walk both forward.

    second: (time, component), or (..., time, component) for many distances at once. Eiter & Mannila (1994), along the
    anti-diagonals of the table of distances. Costs len(first) * len(second) steps: thin the curves first.
    """
    distance = np.linalg.norm(first[:, None] - second[..., None, :, :], axis=-1)
    n, m = distance.shape[-2:]
    before = last = np.full((*distance.shape[:-2], n + 1), np.inf)  # leash up to (i, k - i), at index i + 1
    for k in range(n + m - 1):
        i = np.arange(max(0, k - m + 1), min(n, k + 1))
        come_from = np.minimum(np.minimum(last[..., i], last[..., i + 1]), before[..., i]) if k else 0.0
        leash = np.full_like(last, np.inf)
        leash[..., i + 1] = np.maximum(distance[..., i, k - i], come_from)
        before, last = last, leash
    return last[..., -1][()]


def distortion(strength: np.ndarray) -> float:
    """DiP: fraction of the interval at which half of the integrated |B| (time,) has passed; 0.5 if symmetric.

    Nieves-Chinchilla et al. (2018). Missing samples count as the mean of the rest.
    """
    valid = np.isfinite(strength)
    if not valid.any():
        return np.nan
    passed = np.concatenate(([0.0], np.cumsum(np.where(valid, strength, np.mean(strength[valid])))))
    return float(np.interp(passed[-1] / 2, passed, np.linspace(0, 1, passed.size)))


def rope_type(plane: np.ndarray, least_turn: float = 30.0) -> str:
    """Type of the smoothed field's turn (time, 2) in its max-int plane, after Nieves-Chinchilla et al. (2019).

    E: no clear rotation, less than `least_turn` degrees of net turn, or three times more turning than net turn.
    Cx: more than one rotation, that is beyond 360 degrees, or two turns of 90 degrees and more in opposite sense.
    F-: below 90 degrees; Fr: 90 to 180; F+: above 180.
    """
    net, total = turns(plane)
    if _opposite_turn(plane) >= 90 or abs(net) > 360:
        return "Cx"
    if abs(net) < least_turn or total > 3 * abs(net):
        return "E"
    return "F-" if abs(net) < 90 else "Fr" if abs(net) <= 180 else "F+"


def _opposite_turn(plane):
    """Smaller one of the largest turns (deg) in either sense between two moments."""
    angle = np.degrees(np.unwrap(np.arctan2(plane[:, 1], plane[:, 0])))
    forward = np.max(angle - np.minimum.accumulate(angle))
    backward = np.max(np.maximum.accumulate(angle) - angle)
    return min(forward, backward)


def bothmer_schwenn(b: np.ndarray) -> tuple[str, float]:
    """Label such as "SWN" of the smoothed field b (time, 3) in GSE, and a confidence in [0, 1].

    Field at the front, on the axis, at the rear: N, S along z, E (+y), W (-y). The front-to-rear change gives the first
    and last letter, along y or z, whichever is larger; the middle third gives the axis, along the other one.
    Confidence: how clear that choice is (1 along an axis, 0 at 45 degrees) times how far front and rear lie on opposite
    sides (1 if equally far) times the share of the axial letter in the middle field. Bothmer & Schwenn (1998), Ann.
    Geophys. 16, 1.
    """
    third = max(1, len(b) // 3)
    ends = max(1, len(b) // 6)
    front, middle, rear = b[:ends].mean(axis=0), b[third:-third].mean(axis=0), b[-ends:].mean(axis=0)
    change = (rear - front)[1:]
    poles = int(np.argmax(np.abs(change)))  # 0: y, 1: z
    letters = ("WE", "SN")
    first, last, axis = front[1 + poles], rear[1 + poles], middle[2 - poles]
    label = letters[poles][int(first > 0)] + letters[1 - poles][int(axis > 0)] + letters[poles][int(last > 0)]
    clear = abs(change[poles] ** 2 - change[1 - poles] ** 2) / max(np.sum(change**2), 1e-300)
    opposite = max(0.0, -first * last) / max(first**2, last**2, 1e-300)
    axial = abs(axis) / max(np.linalg.norm(middle[1:]), 1e-300)
    return label, float(clear * opposite * axial)
