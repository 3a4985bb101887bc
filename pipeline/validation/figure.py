"""The study to look at: errors of sigma_c and sigma_r, coverage, edges of intervals, power."""

from itertools import product
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from pipeline.figures import style
from pipeline.validation import AMPLITUDES, DURATIONS_H, POWER
from pipeline.validation.summary import COVERAGE, JUDGED, SIGMAS

if TYPE_CHECKING:
    from matplotlib.figure import Figure


PLACES = ((0, 0), (0, 1), (slice(1, 4), 0), (1, 1), (2, 1), (3, 1))
COLOURS = ("#0072B2", "#D55E00", "#00805C")


def draw(rows: dict[str, pd.DataFrame], found: dict[str, pd.DataFrame]) -> "Figure":
    """Six panels from the rows of both studies and the summary's tables."""
    events = rows["events"]
    values = events[(events["row"] == "value") & (events.get("method") == JUDGED)]
    with style.applied():
        figure = style.new_figure(style.DOUBLE, style.PAGE)
        grid = figure.add_gridspec(4, 2)
        axes = [figure.add_subplot(grid[place]) for place in PLACES]
        for axis, name in zip(axes, SIGMAS, strict=False):
            _found_against_true(axis, values, name)
        _coverage(axes[2], found["coverage"])
        _edges(axes[3], events[(events["row"] == "detection") & (events["kind"] == "alfvenic")])
        _power(axes[4], found["pairs"])
        _lag(axes[5], rows["pairs"])
        style.letter_panels(axes)
    return figure


def _found_against_true(axis, values, name):
    low, high = (np.maximum(s * (values[name] - values[f"{name}_{b}"]), 0) for s, b in ((1, "low"), (-1, "high")))
    style_of = {"fmt": "o", "markersize": 2, "elinewidth": 0.4, "color": COLOURS[0]}
    axis.errorbar(values[f"{name}_nominal"], values[name], yerr=[low, high], **style_of)
    axis.plot([-1, 1], [-1, 1], color="0.4", linewidth=0.6)
    axis.set(xlabel=f"true {style.symbol_text(_symbol(name))}", ylabel=f"found {style.symbol_text(_symbol(name))}")
    axis.set(xlim=(-1.05, 1.05), ylim=(-1.05, 1.05))


def _symbol(name):
    return name.replace("sigma", "σ")


def _coverage(axis, table):
    table = table[table["n"] > 0].reset_index(drop=True)
    axis.axvspan(*COVERAGE, color="0.9")
    axis.errorbar(table["value"], table.index, xerr=table["standard_error"].fillna(0), fmt="o", color=COLOURS[0])
    axis.set_yticks(
        table.index, table["measure"].str.replace("alfvenic_1", "waves") + ": " + table["group"], fontsize=6
    )
    axis.tick_params(axis="y", which="both", length=0)
    axis.invert_yaxis()
    axis.set_xlabel("share of 95 % intervals that hold the truth")


def _edges(axis, found):
    bins = np.linspace(-60, 60, 25)
    for name, colour in zip(("start", "end"), COLOURS, strict=False):
        errors = np.clip(found[f"{name}_error_s"].dropna() / 60, -60, 60)
        axis.hist(errors, bins, histtype="step", color=colour, label=name)
    axis.set(xlabel="error of the edge (min, positive: late)", ylabel="events")
    axis.legend()


def _power(axis, table):
    table = table[table["measure"] == "power, delta_r"].set_index("group")["value"]
    for (hours, colour), (scale, line) in product(
        zip(DURATIONS_H, COLOURS, strict=True), (("all", "--"), ("band", "-"))
    ):
        names = [f"{POWER.format(a, hours)}, {scale}" for a in AMPLITUDES]
        axis.plot(AMPLITUDES, table.reindex(names), line, marker="o", color=colour, label=f"{hours:g} h, {scale}")
    axis.set(xlabel="δB/B of independent waves", ylabel="share with p < 0.05", ylim=(0, 1.05))
    axis.legend(fontsize=6, ncols=3)


def _lag(axis, pairs):
    errors, bins = pairs[pairs["kind"] == "lag"], np.linspace(-192, 192, 25)
    shown = (("whole bins", "lag_error_s", COLOURS[0]), ("refined", "lag_refined_error_s", COLOURS[1]))
    for label, column, colour in shown:
        axis.hist(np.clip(errors[column].dropna(), -192, 192), bins, histtype="step", color=colour, label=label)
    axis.set(xlabel="error of the lag (s)", ylabel="pairs")
    axis.legend()
