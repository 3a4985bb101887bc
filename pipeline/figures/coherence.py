"""Wavelet coherence and phase difference of two spacecraft at the one lag, three components pooled.

Black contour: above what unrelated fields of the same spectra reach by chance. Grey: cone of influence and gaps.
Phase is shown where coherence is above that (hatched elsewhere); positive: the second lags. White lines bound
Alfvénic intervals.
"""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from pipeline import intervals as cut
from pipeline.figures import style
from pipeline.figures.scalogram import draw_map
from pipeline.figures.sliding import alfvenic_of_second

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure

    from pipeline.results import EventResults


CYCLIC = "twilight"  # -180 and 180 degrees are one phase and one colour; dark at zero


def draw(
    results: "EventResults",
    which: str,
    start: style.Moment | None = None,
    end: style.Moment | None = None,
    quantity: str = "vector",
) -> "Figure":
    """Maps of the pair `which` ("first-second") for one quantity; `start` and `end` (UTC at the first)."""
    first, second = which.split("-")
    ds = results.pair("coherence", first, second)
    one = ds.sel(quantity=quantity)
    rows, others = cut.of(results.intervals, first), alfvenic_of_second(results, first, second)
    start, end = style.view(rows, ds["time"], start, end)
    with style.applied():
        boxes = style.strip_rows(rows) + [others] * bool(len(others))
        figure, strip, panels, _ = style.stack(2, strip=style.STRIP_ROW * len(boxes), panel=2.1)
        draw_map(panels[0], one, one["coherence"], r"$R^2$", None, cmap=style.SEQUENTIAL, vmin=0, vmax=1)
        draw_map(panels[1], one, significant_phase(one), r"$\phi$ (°)", None, cmap=CYCLIC, vmin=-180, vmax=180)
        panels[1].patch.set(hatch="////", edgecolor="0.65", linewidth=0)  # 180 degrees is nearly as pale as grey
        for panel in panels:
            _contour(panel, one)
            _band(panel, ds)
            _bounds(panel, pd.concat([rows, others]))
        style.time_axis(panels[-1], start, end, spacecraft=first)
        style.interval_strip(strip, boxes)
        style.letter_panels(panels)
        names = f"{style.display(first)} and {style.display(second)}"
        what = "field vector" if quantity == "vector" else style.symbol_text(ds_symbol(quantity))
        threshold = float(one["threshold"])
        level = f"contour: {threshold:.2f}" if np.isfinite(threshold) else "no threshold"
        strip.set_title(f"{results.event}, {names}: squared wavelet coherence $R^2$, {what}; {level}")
    return figure


def ds_symbol(quantity: str) -> str:
    """Symbol of a field quantity: b_x to B_x, b_mag to |B|."""
    return "|B|" if quantity == "b_mag" else quantity.replace("b_", "B_")


def significant_phase(one: "xr.Dataset") -> "xr.DataArray":
    """Phase (time, period), degrees, where the coherence exceeds the threshold; NaN elsewhere."""
    return one["phase"].where(one["coherence"] > one["threshold"])


def _contour(panel, one):
    values = one["coherence"].transpose("period", "time").values
    threshold = float(one["threshold"])
    if not np.isfinite(threshold) or not (values > threshold).any():
        return
    panel.contour(one["time"].values, one["period"].values / 60, values, [threshold], colors="black", linewidths=0.6)


def _band(panel, ds):
    for edge in np.atleast_1d(ds.attrs.get("band_s", ())):
        panel.axhline(float(edge) / 60, color="black", linewidth=0.7, linestyle=(0, (1, 2)), gid="band")


def _bounds(panel, rows):
    """Ends of the Alfvénic intervals: white over a wider dark line, seen on any colour."""
    for row in style.known(rows).itertuples():
        if style.kind(row.interval) == "alfvenic":
            for moment in (row.start, row.end):
                panel.axvline(moment, color="black", linewidth=1.8)
                panel.axvline(moment, color="white", linewidth=0.9, gid=row.interval)
