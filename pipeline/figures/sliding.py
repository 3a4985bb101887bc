"""Agreement of two spacecraft in the sliding window, at the one lag; Alfvénic intervals of either shaded and ranked.

The rank is the share of equally long windows of the ejecta whose vector correlation is at most the interval's.
"""

import json
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from pipeline import intervals as cut
from pipeline.figures import style
from pipeline.figures.pair import r_text

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure

    from pipeline.results import EventResults


QUANTITIES = {"vector": ("vector", "#222222", 1.4), "b_mag": ("|B|", "#8A8A8A", 0.8)} | {
    f"b_{c}": (f"B_{c}", colour, 0.7) for c, colour in style.COMPONENT.items()
}


def draw(
    results: "EventResults", which: str, start: style.Moment | None = None, end: style.Moment | None = None
) -> "Figure":
    """Sliding r and rms difference of the pair `which` ("first-second"); `start` and `end` (UTC at the first)."""
    first, second = which.split("-")
    ds = results.pair("correlation", first, second)
    rows = cut.of(results.intervals, first)
    others = alfvenic_of_second(results, first, second)
    start, end = style.view(rows, ds["time"], start, end)
    with style.applied():
        boxes = style.strip_rows(rows) + [others] * bool(len(others))
        figure, strip, panels, _ = style.stack(2, strip=style.STRIP_ROW * len(boxes), panel=1.9)
        for panel, name in zip(panels, ("r_sliding", "rms_sliding"), strict=True):
            _series(panel, ds, name)
        style.time_axis(panels[-1], start, end, spacecraft=first)
        style.shade_intervals(panels, pd.concat([rows, others]))
        style.interval_strip(strip, boxes)
        style.fit_limits(panels[1:], start, end)
        _print_ranks(panels[0], ds, ds["r_sliding"].sel(time=slice(start, end)).values)
        style.clear_edges(panels[1:])
        style.letter_panels(panels)
        style.name_series(panels[0], {style.symbol_text(t): c for t, c, _ in QUANTITIES.values()})
        strip.set_title(f"{results.event}: {style.display(first)} and {style.display(second)}, {_window(ds)}")
    return figure


def alfvenic_of_second(results: "EventResults", first: str, second: str) -> pd.DataFrame:
    """The second's Alfvénic intervals on the first's clock, named alfvenic_1_wind; none where the lag is unknown."""
    rows = style.known(cut.of(results.intervals, second))
    rows = rows[rows["interval"].map(style.kind) == "alfvenic"]
    lag_s = results.lag_s(first, second)
    if not np.isfinite(lag_s):
        return rows.iloc[:0]
    shift = pd.Timedelta(round(lag_s * 1e9), "ns")
    names = rows["interval"] + f"_{second}"
    return rows.assign(start=rows["start"] - shift, end=rows["end"] - shift, interval=names)


def _series(panel, ds, name):
    for quantity, (_, colour, width) in QUANTITIES.items():
        values = ds[name].sel(quantity=quantity)
        line = style.draw_series(panel, ds["time"], values, color=colour, linewidth=width)
        line.set_zorder(3 if quantity == "vector" else 2)
    panel.set_ylabel(style.label(ds[name]))
    style.zero_line(panel)


def _print_ranks(panel, ds, values):
    """A line of text per Alfvénic interval, at the foot of the panel of r, below its lines."""
    found = [str(n) for n in ds["interval"].values if style.kind(str(n)) == "alfvenic"]
    lines = [rank_text(ds, name) for name in found] or ["no Alfvénic interval"]
    low = min(0.0, np.nanmin(values)) if np.isfinite(values).any() else 0.0
    floor = np.floor(2 * low) / 2  # the next half below the least r
    panel.set_ylim(floor - 0.05 - 0.2 * len(lines) * (1.1 - floor) / 2, 1.1)
    panel.set_yticks(np.arange(floor, 1.1, 0.5))
    look = {"ha": "left", "va": "bottom", "fontsize": 7.5, "gid": "rank"}
    look["bbox"] = {"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 1}
    panel.text(0.01, 0.02, "\n".join(lines), transform=panel.transAxes, **look)


def rank_text(ds: "xr.Dataset", interval: str) -> str:
    """Vector r of an interval and its rank among all equally long windows of the ejecta, to print."""
    row = ds[["r", "rank"]].sel(interval=interval, quantity="vector")
    rank = f"{float(row['rank']):.2f} of equally long ejecta windows have at most this r"
    text = rank if np.isfinite(row["rank"]) else "rank n/a"
    return f"{style.display(interval)}: {r_text(float(row['r']))}; {text}"


def _window(ds) -> str:
    window_s = json.loads(ds.attrs.get("settings", "{}")).get("window_s")
    return f"sliding window of {window_s / 60:g} min" if window_s else "sliding window"
