"""One spacecraft's passage: field, plasma, beta, cross helicity and residual energy, intervals shaded.

T_exp is the temperature usual for wind of this speed: ejecta lie below about half of it.
"""

from typing import TYPE_CHECKING

import numpy as np

from pipeline import intervals as cut
from pipeline.figures import style
from pipeline.physics.plasma import expected_temperature, plasma_beta

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from pipeline.results import EventResults


USUAL = "0.65"  # what the solar wind of the same speed has


def draw(
    results: "EventResults", which: str, start: style.Moment | None = None, end: style.Moment | None = None
) -> "Figure":
    """Overview of spacecraft `which`; `start` and `end` (UTC) limit the time axis."""
    ds = results.uniform(which)
    rows = cut.of(results.intervals, which)
    start, end = style.view(rows, ds["time"], start, end)
    with style.applied():
        boxes = style.strip_rows(rows)
        waves = style.alfvenicity(results, which)
        figure, strip, panels, _ = style.stack(6 if waves is None else 8, strip=style.STRIP_ROW * len(boxes), panel=0.9)
        time = ds["time"].values
        _field(panels[:2], time, ds)
        _plasma(panels[2:6], time, ds)
        if waves is not None:
            _alfvenicity(panels[6:], waves)
        style.time_axis(panels[-1], start, end)
        style.shade_intervals(panels, rows)
        style.interval_strip(strip, boxes)
        style.letter_panels(panels)
        style.fit_limits(panels[:6], start, end)
        for panel in (panels[0], panels[3]):
            panel.set_ylim(bottom=0)
        for panel in panels[4:6]:
            style.log_ticks(panel)
        style.clear_edges(panels[:4])
        strip.set_title(_title(results, which, ds) + _window(waves))
    return figure


def _field(panels, time, ds):
    style.draw_series(panels[0], time, ds["b_mag"], color=style.MAGNITUDE)
    panels[0].set_ylabel(style.label(ds["b_mag"]))
    names = {}
    for component, colour in style.COMPONENT.items():
        style.draw_series(panels[1], time, ds["b"].sel(component=component), color=colour)
        names[style.symbol_text(style.component_symbol(ds["b"], component))] = colour
    style.name_series(panels[1], names)
    panels[1].locator_params(axis="y", nbins=5, min_n_ticks=4)
    style.zero_line(panels[1])
    panels[1].set_ylabel(style.label(ds["b"]))


def _plasma(panels, time, ds):
    speed = np.sqrt((ds["v"] ** 2).sum("component", skipna=False)).assign_attrs(ds["v"].attrs)
    # ASSUME: the overview's beta is that of the protons, as in the tables; alphas and electrons are not in it.
    beta = plasma_beta(ds["n"].values, ds["temperature"].values, ds["b_mag"].values)
    for panel, values, text in zip(
        panels,
        (speed, ds["n"], ds["temperature"], beta),
        (style.label(speed, "|V|"), style.label(ds["n"], "n_p"), style.label(ds["temperature"], "T_p"), r"$\beta_p$"),
        strict=True,
    ):
        style.draw_series(panel, time, values, color=style.MAGNITUDE)
        panel.set_ylabel(text)
    style.draw_series(panels[2], time, expected_temperature(speed), color=USUAL, zorder=1)
    style.name_series(panels[2], {"$T_p$": style.MAGNITUDE, "$T_{exp}$": USUAL})
    for panel in panels[2:]:
        style.log_scale(panel)
    style.zero_line(panels[3], 1.0)


def _alfvenicity(panels, ds):
    for panel, name in zip(panels, ("sigma_c", "sigma_r"), strict=True):
        values = style.along(ds, name)
        style.draw_series(panel, ds["time"], values, color=style.MAGNITUDE)
        style.zero_line(panel)
        panel.set_ylim(-1.05, 1.05)
        panel.set_yticks([-1, -0.5, 0, 0.5, 1])
        panel.set_ylabel(style.label(values))


def _window(waves) -> str:
    """Over what cross helicity and residual energy are taken; nothing where the result does not say."""
    if waves is None or "window_s" not in waves.attrs:
        return ""
    return rf"; $\sigma_c$, $\sigma_r$ of windows of {waves.attrs['window_s'] / 60:.0f} min"


def _title(results, which, ds) -> str:
    return (
        f"{results.event}, {style.display(which)}: {ds['b'].attrs['frame']} components, "
        f"bins of {ds.attrs['cadence_s']:g} s"
    )
