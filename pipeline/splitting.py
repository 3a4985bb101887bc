"""A pair of spacecraft by scale: everything, the large scale that turns slowly, and the Alfvénic band."""

from dataclasses import replace

import numpy as np

from pipeline.aligned import Pair
from pipeline.physics.smoothing import band_pass, low_pass
from pipeline.stats import freedom

SCALES = ("all", "large", "band")
BLOCKS = (slice(0, 3), slice(3, 4))  # components and strength have their own gaps


def by_scale(pair: Pair, band_s: tuple[float, float]) -> dict[str, Pair]:
    """The pair's fields as they are, slower than the band's longest period, and inside the band (s).

    A sample that one spacecraft lacks is taken from the other too, so that both pass one and the same filter. Strength
    is filtered as a series of its own.
    """
    shortest, longest = band_s
    filters = {
        "large": lambda x: low_pass(x, longest, pair.step_s),
        "band": lambda x: band_pass(x, shortest, longest, pair.step_s),
    }
    return {"all": pair} | {scale: _filtered(pair, function) for scale, function in filters.items()}


def inside(scale: str, mask: np.ndarray, band_s: tuple[float, float], step_s: float) -> np.ndarray:
    """Samples of `mask` (time) to judge a scale by: in the band without the ends of every stretch of True.

    The filter carries the neighbours' waves across a border, which are few modes beside many and not the region's own:
    a quarter of the longest period is left out at each end, at most a quarter of the stretch.
    """
    if scale != "band":
        return mask
    steps = round(band_s[1] / 4 / step_s)
    edges = np.flatnonzero(np.diff(np.concatenate(([0], mask.astype(np.int8), [0]))))
    out = np.zeros_like(mask)
    for start, stop in zip(edges[::2], edges[1::2], strict=True):
        cut = min(steps, (stop - start) // 4)
        out[start + cut : stop - cut] = True
    return out


def slope(scale: str) -> float:
    """Slope of the spectrum within a few modes, for intervals (stats.freedom)."""
    return freedom.FLAT if scale == "band" else freedom.SLOPE


def _filtered(pair, function):
    x, y = np.empty_like(pair.x), np.empty_like(pair.y)
    for block in BLOCKS:
        both = np.isfinite(pair.x[:, block] + pair.y[:, block]).all(axis=1, keepdims=True)
        for part, out in ((pair.x, x), (pair.y, y)):
            out[:, block] = function(np.where(both, part[:, block], np.nan))
    return replace(pair, x=x, y=y)
