"""Numbers for what a hodogram shows: how crooked its curve is, how far it turns, how ordered, how like another.

A curve is (time, 2) or (time, 3), complete samples in order of time; gaps must have been taken out before. Lengths,
counts and turns grow with resolution: compare only curves that were smoothed alike.
"""

import math

import numpy as np


def arc_length(curve: np.ndarray) -> float:
    """Sum of the distances between neighbours, in the unit of the curve."""
    return float(np.sum(np.linalg.norm(np.diff(curve, axis=0), axis=1)))


def tortuosity(curve: np.ndarray) -> float:
    """Length over chord (end to end), from 1 for a straight line; pi/2 for a half circle, infinite for a closed one."""
    chord = np.linalg.norm(curve[-1] - curve[0])
    return arc_length(curve) / chord if chord > 0 else np.inf


def roughness(curve: np.ndarray) -> float:
    """Length over extent (largest distance of two points), from 1; pi/2 for a half circle, pi for a whole one."""
    extent = _extent(curve)
    return arc_length(curve) / extent if extent > 0 else np.nan


def _extent(curve):
    points = curve if len(curve) <= 400 else curve[np.linspace(0, len(curve) - 1, 400).astype(int)]
    points = points - points.mean(axis=0)  # so that the squares below keep their digits
    square = np.sum(points**2, axis=1)
    return float(np.sqrt(max(0.0, np.max(square[:, None] + square[None] - 2 * points @ points.T))))


def turns(plane: np.ndarray) -> tuple[float, float]:
    """Net and total turn (deg) of the vector (time, 2) about the origin, followed through full turns."""
    angle = np.unwrap(np.arctan2(plane[:, 1], plane[:, 0]))
    return float(np.degrees(angle[-1] - angle[0])), float(np.degrees(np.sum(np.abs(np.diff(angle)))))


def curvature_changes(plane: np.ndarray) -> int:
    """Number of times the curve (time, 2) changes the sense in which it bends."""
    step = np.diff(plane, axis=0)
    cross = step[:-1, 0] * step[1:, 1] - step[:-1, 1] * step[1:, 0]
    sense = np.sign(cross[np.abs(cross) > 1e-12 * np.max(np.abs(cross), initial=0)])
    return int(np.sum(sense[1:] != sense[:-1]))


def self_intersections(plane: np.ndarray) -> int:
    """Number of pairs of segments of the curve (time, 2) that cross; neighbours, which touch, do not count."""
    start, step = plane[:-1], np.diff(plane, axis=0)
    crossings = 0
    for rows in np.array_split(np.arange(len(step)), max(1, len(step) // 64)):  # keeps the pair tables small
        later = np.arange(rows[0] + 2, len(step)) if rows.size else rows
        to_start = start[later] - start[rows, None]
        denominator = _cross(step[rows, None], step[later])
        apart = (later > rows[:, None] + 1) & (np.abs(denominator) > 1e-300)
        safe = np.where(apart, denominator, 1.0)
        here, there = _cross(to_start, step[later]) / safe, _cross(to_start, step[rows, None]) / safe
        crossings += int(np.sum(apart & (here >= 0) & (here < 1) & (there >= 0) & (there < 1)))
    return crossings


def _cross(a, b):
    return a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]


def arc_residual(plane: np.ndarray) -> float:
    """Rms distance of the points (time, 2) from the best circle over its radius: 0 for an arc of a circle.

    Algebraic fit of Taubin (1991), which neither prefers small circles nor fails on short arcs; a straight line is a
    circle without limit, residual 0.
    """
    x = plane - plane.mean(axis=0)
    square = np.sum(x**2, axis=1)
    scale = square.mean()
    if not scale > 0:
        return np.nan
    design = np.column_stack([(square - scale) / (2 * np.sqrt(scale)), x])
    _, _, axes = np.linalg.svd(design, full_matrices=False)
    a = axes[-1] / np.array([2 * np.sqrt(scale), 1, 1])
    if abs(a[0]) < 1e-12 * np.linalg.norm(a):
        return 0.0
    centre = -a[1:] / (2 * a[0])
    radius = np.sqrt(np.sum(a[1:] ** 2) / (4 * a[0] ** 2) + scale)
    return float(np.sqrt(np.mean((np.linalg.norm(x - centre, axis=1) - radius) ** 2)) / radius)


def ordinal_probabilities(x: np.ndarray, order: int, delay: int) -> np.ndarray:
    """Probability (order!,) of each ranking of x(t), x(t + delay), ... over all complete windows of x (time,)."""
    span = (order - 1) * delay
    if len(x) <= span:
        return np.full(math.factorial(order), np.nan)
    places = [x[k * delay : len(x) - span + k * delay] for k in range(order)]
    complete = np.isfinite(places).all(axis=0)
    if not complete.any():
        return np.full(math.factorial(order), np.nan)
    code = np.zeros(len(complete), dtype=np.int32)  # Lehmer's: how many of the later values lie below each
    for k, value in enumerate(places):
        below = sum((later < value for later in places[k + 1 :]), np.zeros(len(complete), dtype=np.int32))
        code += below * math.factorial(order - 1 - k)
    counts = np.bincount(code[complete], minlength=math.factorial(order))
    return counts / counts.sum()


def permutation_entropy(probabilities: np.ndarray) -> float:
    """Shannon entropy of ordinal probabilities over its maximum, in [0, 1]. Bandt & Pompe (2002)."""
    return float(_shannon(probabilities) / np.log(probabilities.size))


def statistical_complexity(probabilities: np.ndarray) -> float:
    """Jensen-Shannon complexity: entropy times divergence from equal probabilities, normalised, in [0, 0.5).

    0 for full order and for full disorder. Rosso et al. (2007), Phys. Rev. Lett. 99, 154102.
    """
    n = probabilities.size
    equal = np.full(n, 1 / n)
    divergence = _shannon((probabilities + equal) / 2) - _shannon(probabilities) / 2 - np.log(n) / 2
    largest = -0.5 * ((n + 1) / n * np.log(n + 1) - 2 * np.log(2 * n) + np.log(n))
    return float(divergence / largest * permutation_entropy(probabilities))


def _shannon(p):
    if not np.isfinite(p).all():
        return np.nan
    positive = p[p > 0]
    return -np.sum(positive * np.log(positive))


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
