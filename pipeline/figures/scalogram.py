"""Cross helicity, residual energy, magnetic helicity and power in time and period; grey: cone, gaps, blurred periods.

The field on top says where in the structure one is; dotted lines bound the band that the tables use.
"""

from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline import intervals as cut
from pipeline.figures import style

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from pipeline.results import EventResults


SHOWN = ("sigma_c", "sigma_r", "sigma_m")
BAR_TICKS = {(-1, 1): [-1, 0, 1], (-180, 180): [-180, -90, 0, 90, 180]}  # by the limits of the colours
PERIOD_TICKS = (2, 5, 10, 20, 30, 60, 120, 240, 480, 960, 1920)  # min


def draw(
    results: "EventResults",
    which: str,
    start: style.Moment | None = None,
    end: style.Moment | None = None,
    longest_s: float | None = None,
) -> "Figure":
    """Scalograms of spacecraft `which`; `start` and `end` (UTC) limit the time, `longest_s` the period."""
    ds, waves = results.uniform(which), results.diagnostic("wavelet", which)
    rows = cut.of(results.intervals, which)
    start, end = style.view(rows, ds["time"], start, end)
    with style.applied():
        boxes = style.strip_rows(rows)
        figure, strip, panels, _ = style.stack(2 + len(SHOWN), strip=style.STRIP_ROW * len(boxes), panel=1.3)
        _field(panels[0], ds)
        for panel, name in zip(panels[1:], SHOWN, strict=False):
            values = style.along(waves, name, ("time", "period"))
            draw_map(panel, waves, values, style.label(values), longest_s, cmap=style.DIVERGING, vmin=-1, vmax=1)
        draw_map(panels[-1], waves, power(waves), r"lg $E$", longest_s, cmap=style.SEQUENTIAL)
        style.time_axis(panels[-1], start, end)
        style.shade_intervals(panels[:1], rows)
        style.interval_strip(strip, boxes)
        style.fit_limits(panels[:1], start, end)
        style.clear_edges(panels[:1])
        style.letter_panels(panels)
        wavelet = waves.attrs.get("wavelet", "wavelet").replace("omega_0", r"$\omega_0$")
        title = f"{results.event}, {style.display(which)}, {ds['b'].attrs['frame']}: {wavelet}"
        strip.set_title(rf"{title}; $E = e_v + e_b$ in km$^2$ s$^{{-2}}$")
    return figure


def power(waves: "xr.Dataset") -> "xr.DataArray":
    """log10 of the energy e_v + e_b = (|W_v|^2 + |W_b|^2) / 2 (time, period), b in Alfvén units, km2 s-2."""
    total = sum(style.along(waves, name, ("time", "period")) for name in ("e_v", "e_b"))
    return np.log10(total.where(total > 0))


def _field(panel, ds):
    style.draw_series(panel, ds["time"], ds["b_mag"], color=style.MAGNITUDE)
    names = {style.symbol_text("|B|"): style.MAGNITUDE}
    for component, colour in style.COMPONENT.items():
        style.draw_series(panel, ds["time"], ds["b"].sel(component=component), color=colour)
        names[style.symbol_text(style.component_symbol(ds["b"], component))] = colour
    style.name_series(panel, names)
    style.zero_line(panel)
    panel.set_ylabel(style.label(ds["b"]))


def draw_map(
    panel: "Axes", waves: "xr.Dataset", values: "xr.DataArray", text: str, longest_s: float | None, **colours: Any
) -> None:
    """One scalogram, periods on a logarithmic axis in minutes, missing values grey; `text` names the colour bar."""
    from matplotlib.dates import date2num

    minutes = waves["period"].values / 60
    panel.set_facecolor("0.85")
    image = panel.pcolormesh(
        _edges(date2num(waves["time"].values)), 2 ** _edges(np.log2(minutes)), values.transpose("period", "time"),
        rasterized=True, **colours,
    )  # fmt: skip
    panel.set_yscale("log")
    known = np.isfinite(values).any("time").values
    low, high = (minutes[known][[0, -1]]) if known.any() else minutes[[0, -1]]
    panel.set_ylim(low, min(high, longest_s / 60) if longest_s else high)
    low, high = panel.get_ylim()
    top = high / (high / low) ** 0.03  # a label on the upper edge would touch that of the panel above
    ticks = [t for t in PERIOD_TICKS if low <= t <= top]
    panel.set_yticks(ticks, [str(t) for t in ticks])
    panel.set_yticks([], minor=True)
    panel.set_ylabel("Period (min)")
    for edge in _main_band(waves):
        panel.axhline(edge / 60, color="black", linewidth=0.6, linestyle=(0, (1, 2)))
    _colour_bar(panel, image, text)


def _colour_bar(panel, image, text):
    """A narrow bar in the margin, under the panel's letter."""
    place = panel.get_position()
    left, width = place.x1 + 0.012, 0.012
    bar = panel.figure.add_axes((left, place.y0, width, place.height * 0.64))
    panel.figure.colorbar(image, cax=bar, ticks=BAR_TICKS.get(image.get_clim()))
    bar.tick_params(labelsize=7, pad=1, length=2)
    bar.set_title(text, fontsize=8, pad=5, loc="left")


def _edges(centres: np.ndarray) -> np.ndarray:
    """Edges of cells around centres, half way between neighbours."""
    middle = (centres[1:] + centres[:-1]) / 2
    return np.concatenate([[2 * centres[0] - middle[0]], middle, [2 * centres[-1] - middle[-1]]])


def _main_band(waves) -> tuple[float, ...]:
    """Shortest and longest period (s) of the first method of the table, whose name holds them; nothing without one."""
    if "method" not in waves.coords or not waves.sizes["method"]:
        return ()
    low, _, high = str(waves["method"].values[0]).split(":")[-1].partition("-")
    return (float(low), float(high)) if low and high else ()
