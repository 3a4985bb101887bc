"""Specification curve: the difference of r in every analysis of the ensemble, sorted, and below what was chosen.

The event's own settings stand on the vertical line. Colours say what each interval allows to conclude; beside each
panel, how many alternatives keep the conclusion of the event's own settings.
"""

from typing import TYPE_CHECKING

import numpy as np

from pipeline.figures import style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from pipeline.results import EventResults


COMPONENTS = ("b_x", "b_y", "b_z")
CONCLUSIONS = {"lower": "#B2401B", "not lower": "#1F5A96", "cannot be told": "#8A8A8A"}
NAMES = {
    "start_shift_s": "start", "end_shift_s": "end", "band_s": "band", "preset": "thresholds", "db_over_b_min": "δB/B ≥",
    "density": "density", "alphas": "alphas", "lag": "lag", "cadence_factor": "bins", "detrending": "detrended",
}  # fmt: skip
ROW, PANEL, FIRST = 0.125, 0.62, 1.45  # inches
FEW = 60  # analyses whose marks can be told apart


def draw(results: "EventResults", which: str | None = None, quantity: str = "vector") -> "Figure":
    """Curve of the pair `which`, or of all pairs, from sensitivity/specifications.csv of an event."""
    from pipeline.sensitivity import summary

    path = results.folder / "sensitivity" / "specifications.csv"
    if not path.is_file():
        return style.empty_figure(f"{results.event}: snakemake sensitivity has not run")
    rows = summary.read(path)
    if which:
        first, second = which.split("-")
        rows = rows[(rows["first"] == first) & (rows["second"] == second)]
    return curve(rows, quantity)


def curve(rows: "pd.DataFrame", quantity: str = "vector") -> "Figure":
    """Figure of the rows of all specifications (sensitivity.summary.judged), a column of panels per pair."""
    if rows[f"delta_r_{quantity}"].isna().all():
        reasons = rows["reason"].value_counts()
        return style.empty_figure(f"{rows['event'].iloc[0]}: {len(rows)} analyses, no answer: {reasons.index[0]}")
    pairs = list(rows.groupby(["first", "second"], sort=False))
    shown = (quantity, *(name for name in COMPONENTS if name != quantity))
    levels = _levels(rows)
    heights = [FIRST, *[PANEL] * (len(shown) - 1), ROW * len(levels)]
    with style.applied():
        figure = style.new_figure(style.DOUBLE, sum(heights) + 0.75)
        axes = figure.subplots(
            len(heights), len(pairs), sharex="col", sharey="row", squeeze=False, gridspec_kw={"height_ratios": heights}
        )
        for column, ((first, second), group) in zip(axes.T, pairs, strict=True):
            _column(column, _sorted(group, quantity), shown, levels)
            column[0].set_title(
                f"{rows['event'].iloc[0]}, {style.display(first)} and {style.display(second)}: {_compared(group)}"
            )
        for axis, name in zip(axes[:, 0], shown, strict=False):
            axis.set_ylabel(f"Δr, {_symbol(name)}")
        _legend(figure)
    return figure


def _compared(group) -> str:
    """What is compared with what."""
    row = group[group["baseline"] != ""].iloc[0]
    region = "Alfvénic" if row["region"].startswith("alfvenic") else style.display(row["region"])
    return f"{region} against {row['baseline']}"


def _levels(rows) -> list[tuple[str, str]]:
    """(choice, value) of every row of the matrix: the baseline's value first, choices that never vary left out."""
    out = []
    for name in NAMES:
        values = list(dict.fromkeys(rows.sort_values("specification")[name]))
        out += [(name, value) for value in values] if len(values) > 1 else []
    return out


def _sorted(group, quantity):
    return group.sort_values([f"delta_r_{quantity}", "specification"], na_position="last").reset_index(drop=True)


def _column(axes, group, shown, levels):
    baseline = int(np.flatnonzero(group["specification"] == 0)[0])
    for axis in axes:
        axis.axvline(baseline, color="0.75", linewidth=0.8, zorder=0, gid="baseline")
    for axis, name in zip(axes, shown, strict=False):
        _differences(axis, group, name)
        style.beside(axis, _share(group, name), 1.0, gid="share")
    _matrix(axes[-1], group, levels)
    axes[-1].set(xlim=(-0.8, len(group) - 0.2), xticks=[])
    axes[-1].set_xlabel(f"{len(group)} analyses, sorted by Δr ({_symbol(shown[0])}); line: the event's own settings")


def _share(group, name) -> str:
    """How many of the alternatives keep the conclusion, and how many give no answer."""
    if group.loc[group["specification"] == 0, "reason"].item():
        return "no answer\nto keep"
    others = group[group["specification"] != 0]
    without = int((others["reason"] != "").sum())
    return f"{int(others[f'kept_{name}'].sum())} of {len(others)}\nkeep it" + (f"\n{without} silent" if without else "")


def _differences(axis, group, name):
    """Delta r and its interval per analysis, a cross on zero where there is no answer."""
    style.zero_line(axis)
    few = len(group) <= FEW
    for conclusion, colour in CONCLUSIONS.items():
        part = group[(group[f"agreement_{name}"] == conclusion) & group[f"delta_r_{name}"].notna()]
        low, value, high = (part[f"delta_r_{key}"] for key in (f"ci_low_{name}", name, f"ci_high_{name}"))
        axis.vlines(part.index, low, high, color=colour, linewidth=1.0 if few else 0.4, alpha=0.6)
        axis.plot(part.index, value, "o", color=colour, markersize=3 if few else 1.5, gid=conclusion)
    missing = group.index[group[f"delta_r_{name}"].isna()]
    axis.plot(missing, np.zeros(missing.size), "x", color="0.45", markersize=3, gid="no answer")


def _matrix(axis, group, levels):
    """A dot per analysis and choice: dark where it differs from the event's own settings."""
    own = group[group["specification"] == 0].iloc[0]
    size = 3 if len(group) <= FEW else 1.2
    for row, (name, value) in enumerate(levels):
        chosen = np.flatnonzero(group[name] == value)
        colour = "0.78" if value == own[name] else "0.1"
        axis.plot(chosen, np.full(chosen.size, row), "o", color=colour, markersize=size, gid=f"{name}={value}")
        if row and levels[row - 1][0] != name:
            axis.axhline(row - 0.5, color="0.85", linewidth=0.5)
    axis.set(ylim=(len(levels) - 0.4, -0.6))
    axis.set_yticks(range(len(levels)), [_level(*level) for level in levels], fontsize=6.5)
    axis.tick_params(axis="both", which="both", length=0)


def _level(name, value) -> str:
    """A choice and its value in print."""
    if name.endswith("_shift_s"):
        return (
            f"{NAMES[name]} {float(value) / 60:+g} min".replace("-", "−") if float(value) else f"{NAMES[name]} as given"
        )
    if name == "band_s":
        return f"band {' to '.join(f'{float(part) / 60:g}' for part in value.split('-'))} min"
    if name == "cadence_factor":
        return "bins as given" if value == "1" else f"bins {value} times as wide"
    if name == "detrending":
        return {"none": "no trend removed", "linear": "straight line removed"}.get(value, "slow part removed")
    if name in ("density", "alphas", "lag"):
        return f"{NAMES[name]}: {value.replace('_', ' ').replace('b mag', '|B|')}"
    return f"{NAMES[name]} {value}"


def _symbol(name) -> str:
    return {"vector": "vector", "b_mag": "|B|"}.get(name) or f"$B_{name[-1]}$"


def _legend(figure):
    from matplotlib.lines import Line2D

    marks = [Line2D([], [], marker="o", color=colour, label=name) for name, colour in CONCLUSIONS.items()]
    marks.append(Line2D([], [], marker="x", linestyle="none", color="0.45", label="no answer"))
    figure.legend(
        handles=marks, loc="outside lower center", ncols=len(marks), title="agreement in the first of the two"
    )
