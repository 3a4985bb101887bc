"""The figure of many events: occurrence, distributions, superposed epoch, agreement over separation, delta r."""

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from pipeline import population
from pipeline.figures import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


EPOCH_LABELS = {"sigma_c_rectified": r"$\sigma_c$ rectified", "sigma_r": r"$\sigma_r$", "db_over_b": r"$\delta B / B$"}
SYMBOLS = {"b_x": "$B_x$", "b_y": "$B_y$", "b_z": "$B_z$", "b_mag": "|B|"}
EPOCH_COLOURS = ("#0072B2", "#D55E00", "#00805C")


def draw(
    folder: str | Path, numbers: pd.DataFrame, epochs: pd.DataFrame, chosen: Collection[str] | None = None
) -> "Figure":
    """Figure over all events below `folder`; `numbers` and `chosen` as of `population.study`, `epochs` of its own."""
    with style.applied():
        figure = style.new_figure(style.DOUBLE, 6.4)
        axes = figure.subplots(3, 2).ravel()
        shares(axes[0], numbers)
        values(axes[1], population.of_all(folder, "alfvenicity", chosen), numbers)
        for axis, (_, mean) in zip(axes[2:4], epochs.groupby("spacecraft", sort=False), strict=False):
            epoch(axis, mean)
        separation(axes[4], population.correlations(population.of_all(folder, "correlation", chosen), folder), numbers)
        deltas(axes[5], numbers)
        for axis in axes:
            if not axis.has_data():
                axis.text(0.5, 0.5, "no data", ha="center", transform=axis.transAxes)
        style.letter_panels(axes)
    return figure


def _arms(row: tuple) -> list[list[float]]:
    """Lengths of an error bar to both sides; rounding may put an end on the wrong side of a share of 0 or 1."""
    return [[max(row.value - row.low, 0.0)], [max(row.high - row.value, 0.0)]]


def shares(axis: "Axes", numbers: pd.DataFrame) -> None:
    """Shares of structures with Alfvénic intervals, and with extended ones; published values as diamonds."""
    rows = numbers[numbers["quantity"].isin(["with_alfvenic", "extended"])].reset_index(drop=True)
    for k, row in rows.iterrows():
        axis.errorbar(row.value, k, xerr=_arms(row), fmt="o", markersize=4,
                      color=style.SPACECRAFT.get(row.subset, "0.3"))  # fmt: skip
    known = rows[np.isfinite(rows["published"].astype(float))]
    if len(known):
        axis.plot(known["published"], known.index, "D", mfc="none", color="0.3", markersize=5, label="published")
        axis.legend(frameon=False, fontsize=7, loc="lower right", bbox_to_anchor=(1, 1), borderpad=0)
    words = {"with_alfvenic": "any", "extended": "extended"}
    names = [f"{r.region}, {words[r.quantity]}\n{style.display(r.subset)} ({r.n_events})" for r in rows.itertuples()]
    axis.set_yticks(range(len(rows)), names, fontsize=6, linespacing=1)
    axis.set(xlim=(-0.03, 1.03), xlabel="share of structures with Alfvénic intervals")
    axis.set_ylim(len(rows) - 0.5, -0.5)


def values(axis: "Axes", table: pd.DataFrame, numbers: pd.DataFrame) -> None:
    """Cross helicity of every sheath and ejecta seen by the spacecraft; above them the means over events, one per
    spacecraft, with their intervals; published means dashed."""
    if not len(table):
        return
    table = table[table["method"] == population.METHOD]
    tallest = 1.0
    for region in population.REGIONS:
        x = table.loc[table["interval"] == region, "sigma_c_rectified"].dropna()
        colour = style.REGION[region]
        counts, *_ = axis.hist(
            x, bins=np.linspace(-1, 1, 21), histtype="step", color=colour, label=f"{region} ({len(x)})"
        )
        tallest = max(tallest, counts.max())
        published = population.PUBLISHED[("sigma_c_rectified", region)][0]
        axis.axvline(published, color=colour, linestyle="--", linewidth=0.8)
    rows = numbers.query("quantity == 'sigma_c_rectified'").reset_index(drop=True)
    for k, row in rows.iterrows():
        height = tallest * (1.15 + 0.12 * (len(rows) - k))
        axis.errorbar(row.value, height, xerr=_arms(row), markersize=3.5,
                      fmt="o", color=style.REGION[row.region])  # fmt: skip
        left = row.low > -0.6  # the name stands on the side where there is room
        at, offset, side = (row.low, -3, "right") if left else (row.high, 3, "left")
        look = {"fontsize": 6, "va": "center", "ha": side, "textcoords": "offset points"}
        axis.annotate(style.display(row.subset), (at, height), xytext=(offset, 0), **look)
    axis.plot([], [], color="0.3", linestyle="--", linewidth=0.8, label="published")
    axis.set(xlabel=r"$\sigma_c$ rectified", ylabel="structures", ylim=(0, tallest * (1.3 + 0.12 * len(rows))))
    axis.set_yticks([tick for tick in axis.get_yticks() if tick <= tallest and tick % 1 == 0])
    axis.legend(frameon=False, fontsize=7, loc="lower right", bbox_to_anchor=(1, 1), ncol=3, borderpad=0)


def epoch(axis: "Axes", epochs: pd.DataFrame) -> None:
    """Running series of one spacecraft over normalised time, mean over events with its interval."""
    for (name, label), colour in zip(EPOCH_LABELS.items(), EPOCH_COLOURS, strict=True):
        mean = epochs[epochs["quantity"] == name]
        axis.plot(mean["phase"], mean["mean"], color=colour, label=label)
        axis.fill_between(mean["phase"], mean["low"], mean["high"], color=colour, alpha=0.2, linewidth=0)
    axis.axvspan(-1, 0, color=style.SHADES["sheath"], zorder=0)
    axis.axvspan(0, 1, color=style.SHADES["ejecta"], zorder=0)
    axis.axhline(0, color="0.5", linewidth=0.5)
    axis.set(xlabel="sheath, ejecta, and after (durations of the ejecta)", xlim=(-1, 2), ylim=(-1, 1.35))
    n, sheaths = epochs["n_events"].max(), epochs.loc[epochs["phase"] < 0, "n_events"].max()
    known = f", {sheaths} sheath{'' if sheaths == 1 else 's'}"
    axis.set_title(
        f"{style.display(epochs['spacecraft'].iloc[0])}, {n} event{'' if n == 1 else 's'}{known}", fontsize=8
    )
    axis.legend(frameon=False, fontsize=7, loc="upper center", ncol=3, columnspacing=1, handlelength=1)


def separation(axis: "Axes", pairs: pd.DataFrame, numbers: pd.DataFrame) -> None:
    """Correlation of the ejecta over the separation of the pair, with the fitted decay."""
    if not len(pairs):
        return
    axis.plot(pairs["distance_au"], pairs["r"], "o", color="0.25", markersize=3)
    for row in numbers[numbers["quantity"] == "scale_length_au"].itertuples():
        if np.isfinite(row.value):
            d = np.linspace(0, pairs["distance_au"].max() * 1.1, 100)
            axis.plot(d, np.exp(-d / row.value), color="#0072B2")
            axis.fill_between(d, np.exp(-d / row.low), np.exp(-d / row.high), color="#0072B2", alpha=0.2, linewidth=0)
            high = f"{row.high:.2g}" if np.isfinite(row.high) else "∞"
            axis.set_title(f"L = {row.value:.2g} au ({row.low:.2g} to {high})", fontsize=8)
    axis.set(xlabel="separation (au)", ylabel="r of the ejecta", xlim=(0, None))
    axis.set_ylim(min(-0.05, pairs["r"].min() - 0.1), 1.05)
    axis.locator_params(axis="x", nbins=5)


def deltas(axis: "Axes", numbers: pd.DataFrame) -> None:
    """Random-effects means of delta r per component with their intervals."""
    rows = numbers[numbers["quantity"] == "delta_r"].reset_index(drop=True)
    for k, row in rows.iterrows():
        axis.errorbar(row.value, k, xerr=_arms(row), fmt="s", color="0.2")
    if len(rows):
        axis.axvline(0, color="0.5", linewidth=0.5)
        names = [f"{SYMBOLS.get(r.subset, r.subset)} ({r.n_events})" for r in rows.itertuples()]
        axis.set(yticks=range(len(rows)), yticklabels=names)
        axis.set(xlabel="Δr, Alfvénic minus rest of the ejecta", ylim=(len(rows) - 0.5, -0.5))
