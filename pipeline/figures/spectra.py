"""Wavelet energy of velocity and field by period, their cross helicity and residual energy, by kind of interval.

Energies are averaged over an interval before any ratio is formed. Periods that the instruments blur are missing.
"""

import numpy as np

from pipeline import intervals as cut
from pipeline.figures import style
from pipeline.figures.plane import COLOURS

KINDS = ("sheath", "ejecta", "alfvenic", "quiet")


def draw(results, which: str | None = None):
    """A column per spacecraft: of `which` (a spacecraft or a pair), or of all spacecraft."""
    names = tuple(which.split("-")) if which else results.spacecraft
    with style.applied():
        figure = style.new_figure(style.DOUBLE, 5.6)
        axes = figure.subplots(3, len(names), sharex=True, sharey="row", squeeze=False, height_ratios=(1.5, 1, 1))
        for column, name in zip(axes.T, names, strict=True):
            _column(column, results, name)
        axes[0, 0].set_ylabel("Wavelet energy (km$^{2}$ s$^{-2}$)")
        axes[1, 0].set_ylabel(r"$\sigma_c$")
        axes[2, 0].set_ylabel(r"$\sigma_r$")
        style.letter_panels(axes.ravel())
        style.legend_below(figure, axes[0])
        figure.suptitle(
            f"{results.event}: wavelet energies, solid: velocity, dashed: field", x=0.01, ha="left", fontsize=8.5
        )
    return figure


def _column(axes, results, name):
    waves = results.diagnostic("wavelet", name)
    rows = style.known(cut.of(results.intervals, name))
    minutes = waves["period"].values / 60
    for kind in KINDS:
        inside = _inside(waves["time"].values, rows, kind)
        if not inside.any():
            continue
        e_v, e_b, h = means(waves, inside)
        look = {"color": COLOURS[kind], "gid": f"series {kind}"}
        axes[0].plot(minutes, e_v, label={"alfvenic": "Alfvénic", "quiet": "rest of ejecta"}.get(kind, kind), **look)
        axes[0].plot(minutes, e_b, linestyle="--", **look)
        axes[1].plot(minutes, 2 * h / (e_v + e_b), **look)
        axes[2].plot(minutes, (e_v - e_b) / (e_v + e_b), **look)
    axes[0].set(xscale="log", yscale="log", title=style.display(name))
    for axis in axes[1:]:
        axis.set_ylim(-1.05, 1.05)
        style.zero_line(axis)
    axes[-1].set_xlabel("Period (min)")
    axes[-1].xaxis.set_major_formatter(lambda value, _: f"{value:g}")


def _inside(time, rows, kind):
    inside = np.zeros(time.size, bool)
    for row in rows[rows["interval"].isin(style.names_of_kind(rows["interval"], kind))].itertuples():
        inside |= cut.inside(time, row.start, row.end)
    return inside


def means(waves, inside) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean e_v, e_b and v.b / 2 (period,) over the times inside where all three are there; NaN where none is.

    h follows from the stored ratio: sigma_c = 2 h / (e_v + e_b).
    """
    e_v, e_b, sigma_c = (
        style.along(waves, name, ("time", "period")).values[inside].astype(float) for name in ("e_v", "e_b", "sigma_c")
    )
    values = np.stack([e_v, e_b, sigma_c * (e_v + e_b) / 2])
    known = np.isfinite(values).all(axis=0)
    count = known.sum(axis=0)
    total = np.where(known, values, 0.0).sum(axis=1)
    return tuple(np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0))
