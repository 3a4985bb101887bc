"""Power spectra of velocity, field and Elsasser variables, cross helicity and residual energy by period and interval.

Everything follows from the mean powers of each interval, so energies are averaged before any ratio is formed. Hatched:
periods at which gaps leave less than half of the ejecta. A gap counts up to four times the time between the samples
beside it; single missing samples, as of a sensor that searches anew every half hour, hide periods below eight bins.
"""

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from pipeline.figures import style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from pipeline.results import EventResults


KINDS = {"sheath": "sheath", "ejecta": "ejecta", "alfvenic": "Alfvénic", "quiet": "rest of ejecta"}
ROWS = (("v", "b"), ("z_plus", "z_minus"))  # solid, dashed
HEIGHT = 7.4  # inches
# Margins are given: to find them among some six hundred ticks costs as much as to draw them.
LEFT, RIGHT, BETWEEN = 0.66, 0.21, 0.254  # inches; the letter of a panel lies between it and the next
PLACES = {"left": LEFT / style.DOUBLE, "right": 1 - RIGHT / style.DOUBLE}
PLACES |= {"bottom": 0.56 / HEIGHT, "top": 1 - 0.32 / HEIGHT, "hspace": 0.035}
SYMBOLS = {"v": "v", "b": "b", "z_plus": "$z^+$", "z_minus": "$z^-$"}


def draw(results: "EventResults", which: str | None = None) -> "Figure":
    """A column per spacecraft: of `which` (a spacecraft or a pair), or of all spacecraft."""
    names = tuple(which.split("-")) if which else results.spacecraft
    with style.applied():
        figure = style.new_figure(style.DOUBLE, HEIGHT, layout=None)
        places = _places(len(names)) | {"height_ratios": (1.5, 1.5, 1, 1)}
        axes = figure.subplots(4, len(names), sharex=True, sharey="row", squeeze=False, gridspec_kw=places)
        for column, name in zip(axes.T, names, strict=True):
            _column(column, results.diagnostic("spectra", name))
            column[0].set_title(style.display(name))
        for (solid, dashed), axis in zip(ROWS, axes[:, 0], strict=False):
            axis.set_ylabel(
                f"{SYMBOLS[solid]} (solid), {SYMBOLS[dashed]} (dashed)\n(km$^{{2}}$ s$^{{-2}}$ Hz$^{{-1}}$)"
            )
        axes[2, 0].set_ylabel(r"$\sigma_c$")
        axes[3, 0].set_ylabel(r"$\sigma_r$")
        style.letter_panels(axes.ravel())
        style.legend_below(figure, axes[0])
        title = f"{results.event}: power spectral density, trace; shades: 95 % interval"
        figure.suptitle(title, x=0.01, y=1 - 0.01 / HEIGHT, ha="left", fontsize=8.5)
    return figure


def _places(columns):
    """Places of the panels as shares of the figure, and of a panel between two of them."""
    width = (style.DOUBLE - LEFT - RIGHT - (columns - 1) * BETWEEN) / columns
    return PLACES | {"wspace": BETWEEN / width}


def _column(axes, ds):
    minutes = ds["period"].values / 60
    for kind, label in KINDS.items():
        for number, region in enumerate(style.names_of_kind(ds["region"].values, kind)):
            part = ds.sel(region=region)
            for axis, (solid, dashed) in zip(axes, ROWS, strict=False):
                _line(axis, minutes, part, solid, kind, label=None if number else label)
                _line(axis, minutes, part, dashed, kind, linestyle="--")
            power = {q: part["power"].sel(quantity=q).values for pair in ROWS for q in pair}
            for axis, (one, other) in zip(axes[2:], (("z_plus", "z_minus"), ("v", "b")), strict=True):
                axis.plot(minutes, normalised_difference(power[one], power[other]), color=style.REGION[kind])
    if not np.isfinite(ds["power"]).any():  # nothing drawn, no limits of its own
        axes[0].set_xlim(minutes.min(), minutes.max())
    _masked(axes, ds, minutes)
    for axis in axes[:2]:
        axis.set_xscale("log")
        style.log_scale(axis)
    for axis in axes[2:]:
        axis.set_ylim(-1.05, 1.05)
        style.zero_line(axis)
    axes[-1].set_xlabel("Period (min)")
    axes[-1].xaxis.set_major_formatter(lambda value, _: f"{value:g}")


def _masked(axes, ds, minutes):
    """Hatch the periods between others where the ejecta has no power, and say why."""
    if "ejecta" not in ds["region"] or not np.isfinite(ds["power"].sel(region="ejecta")).any():
        return
    for low, high in hidden(minutes, np.isfinite(ds["power"].sel(region="ejecta", quantity="b").values)):
        for axis in axes:
            axis.axvspan(
                low, high, facecolor="none", edgecolor="0.85", hatch="////", linewidth=0, gid="masked", zorder=0
            )
        axes[0].text(
            (low * high) ** 0.5, 0.02, "gaps", transform=axes[0].get_xaxis_transform(), ha="center", fontsize=6.5
        )


def hidden(minutes: np.ndarray, there: np.ndarray) -> list[tuple[float, float]]:
    """(first, last) period of every stretch without power between periods that have some."""
    known = np.flatnonzero(there)
    return [(minutes[a], minutes[b]) for a, b in pairwise(known) if b - a > 1]


def _line(axis, minutes, part, quantity, kind, **options):
    part = part.sel(quantity=quantity)
    axis.plot(minutes, part["power"], color=style.REGION[kind], gid=f"{quantity} {part['region'].item()}", **options)
    low, high = part["power_ci"].transpose("bound", "period").values
    axis.fill_between(minutes, low, high, color=style.REGION[kind], alpha=0.12, linewidth=0)


def normalised_difference(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """(one - other) / (one + other): sigma_c of z_plus and z_minus, sigma_r of v and b, from their powers."""
    total = one + other
    return np.divide(one - other, total, out=np.full(total.shape, np.nan), where=total > 0)
