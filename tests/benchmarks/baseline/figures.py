"""The figures, png and pdf, at the sizes and the resolution of a journal."""

from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.collections import LineCollection

from baseline.agreement import QUANTITIES, Pair
from baseline.series import BAND, FIELD, B, V, minimum_variance

WIDTH = 7.1
COLOURS = ["#0072B2", "#D55E00", "#00805C"]
SHADES = {"sheath": "#F3EADB", "ejecta": "#E3EDF6", "alfvenic": "#FCEDB5"}
KINDS = {"sheath": "#8C6D2F", "ejecta": "#1F5A96", "alfvenic": "#C77700", "quiet": "#555555"}
LOOK = {"font.size": 8, "lines.linewidth": 0.8, "axes.linewidth": 0.6, "xtick.direction": "in", "ytick.direction": "in"}
LOOK |= {"xtick.top": True, "ytick.right": True}


def panels(rows: int, columns: int = 1, height: float = 0.9, **options):
    """Figure and axes with fixed margins."""
    figure, axes = plt.subplots(rows, columns, figsize=(WIDTH, 0.8 + rows * height), squeeze=False, **options)
    figure.subplots_adjust(left=0.1, right=0.9, top=1 - 0.3 / (0.8 + rows * height), bottom=0.5 / (0.8 + rows * height))
    return figure, axes


def save(figure, folder: Path, name: str) -> None:
    for kind in ("png", "pdf"):
        figure.savefig(folder / f"{name}.{kind}", dpi=200)
    plt.close(figure)


def kind(name: str) -> str:
    return name.split("_")[0]


def shade(axes, pieces: dict[str, list]) -> None:
    for name, parts in pieces.items():
        for start, end in parts:
            for axis in axes:
                if name in SHADES or name.startswith("alfvenic"):
                    axis.axvspan(start, end, facecolor=SHADES[kind(name)], zorder=0)
                elif name.startswith("ejecta_"):
                    axis.axvline(start, color="0.5", lw=0.5, ls=":")


def names(axis, pieces: dict[str, list]) -> None:
    for name in [n for n in pieces if n in SHADES or n.startswith("alfvenic")]:
        start, end = pieces[name][0]
        look = {"ha": "center", "fontsize": 6.5, "transform": axis.get_xaxis_transform()}
        axis.text(
            start + (end - start) / 2, 1.12 if name.startswith("alfvenic") else 1.02, name.replace("_", " "), **look
        )


def lettered(axes) -> None:
    for k, axis in enumerate(axes):
        axis.text(1.01, 0.98, f"({chr(97 + k)})", transform=axis.transAxes, va="top")


def overview(craft, running: pd.DataFrame, folder: Path) -> None:
    figure, axes = panels(8, sharex=True)
    axes, time, data = axes[:, 0], craft.data.index.to_numpy(), craft.data
    strength, speed = (np.sqrt((data[c] ** 2).sum(axis=1, min_count=3)) for c in (FIELD, V))
    beta = data["n"] * data["temperature"] * 1.380649e-23 * 1e6 * 2 * 4e-7 * np.pi / (strength * 1e-9) ** 2
    axes[0].plot(time, strength, color="0.1")
    for c, colour in zip(FIELD, COLOURS, strict=True):
        axes[1].plot(time, data[c], color=colour, label=f"$B_{c[-1]}$")
    axes[1].legend(fontsize=6, ncols=3)
    for axis, values in zip(axes[2:6], (speed, data["n"], data["temperature"], beta), strict=True):
        axis.plot(time, values, color="0.1")
    expected = np.where(speed < 500, (0.031 * speed - 5.1) ** 2, 0.51 * speed - 142) * 1e3
    axes[4].plot(time, expected, color="0.65")
    for axis, key in zip(axes[6:], ("sigma_c", "sigma_r"), strict=True):
        axis.plot(time, running[key], color="0.1")
        axis.axhline(0, color="0.5", lw=0.5)
        axis.set_ylim(-1.05, 1.05)
    labels = ("|B| (nT)", "B (nT)", "|V| (km/s)", "$n_p$", "$T_p$ (K)", r"$\beta_p$", r"$\sigma_c$", r"$\sigma_r$")
    for axis, label in zip(axes, labels, strict=True):
        axis.set_ylabel(label)
    for axis in axes[4:6]:
        axis.set_yscale("log")
    axes[-1].set_xlim(time[0], time[-1])
    shade(axes, craft.pieces)
    names(axes[0], craft.pieces)
    lettered(axes)
    save(figure, folder, f"overview_{craft.name}")


def edges(x: np.ndarray) -> np.ndarray:
    middle = (x[1:] + x[:-1]) / 2
    return np.concatenate([[2 * x[0] - middle[0]], middle, [2 * x[-1] - middle[-1]]])


def mesh(axis, time, period_s, values, label: str, **look) -> None:
    number = matplotlib.dates.date2num(time)
    axis.set_facecolor("0.85")
    image = axis.pcolormesh(edges(number), np.exp(edges(np.log(period_s / 60))), values, rasterized=True, **look)
    axis.set_yscale("log")
    axis.set_ylabel("Period (min)")
    axis.xaxis_date()
    for edge in BAND:
        axis.axhline(edge / 60, color="black", lw=0.6, ls=":")
    place = axis.get_position()
    bar = axis.figure.add_axes((place.x1 + 0.012, place.y0, 0.012, 0.64 * place.height))
    axis.figure.colorbar(image, cax=bar)
    bar.set_title(label, fontsize=7, loc="left")


def scalogram(craft, grid, folder: Path) -> None:
    figure, axes = panels(5, height=1.3, sharex=True)
    axes, time = axes[:, 0], craft.data.index.to_numpy()
    for c, colour in zip(FIELD, COLOURS, strict=True):
        axes[0].plot(time, craft.data[c], color=colour)
    axes[0].plot(time, np.sqrt((craft.data[FIELD] ** 2).sum(axis=1, min_count=3)), color="0.1")
    axes[0].set_ylabel("B (nT)")
    with np.errstate(divide="ignore", invalid="ignore"):
        total = np.where(grid.ok, grid.e_v + grid.e_b, np.nan)
        shown = grid.h / total, (grid.e_v - grid.e_b) / total, grid.helicity / grid.e_b / 2
    for axis, values, label in zip(axes[1:], shown, (r"$\sigma_c$", r"$\sigma_r$", r"$\sigma_m$"), strict=False):
        mesh(axis, grid.time, grid.periods, values, label, cmap="RdBu_r", vmin=-1, vmax=1)
    mesh(axes[4], grid.time, grid.periods, np.log10(total), "lg E", cmap="viridis")
    axes[0].set_xlim(time[0], time[-1])
    shade(axes[:1], craft.pieces)
    names(axes[0], craft.pieces)
    lettered(axes)
    save(figure, folder, f"scalogram_{craft.name}")


def plane(crafts, grids: dict, tables: dict, folder: Path) -> None:
    figure, axes = panels(1, len(crafts), height=3.2, sharey=True)
    table = tables["wavelet"].query("method == 'wavelet:600-3600'").dropna(subset="sigma_c")
    for axis, craft in zip(axes[0], crafts, strict=True):
        grid = grids[craft.name]
        e_v, e_b, h, _ = grid.band(BAND)
        axis.add_patch(plt.Circle((0, 0), 1, fill=False, lw=0.6, ec="0.5"))
        for name in [n for n in craft.pieces if n == "ejecta" or n.startswith("alfvenic")]:
            (start, end), *_ = craft.pieces[name]
            inside = (grid.time >= np.datetime64(start)) & (grid.time < np.datetime64(end))
            axis.plot(
                (h / (e_v + e_b))[inside],
                ((e_v - e_b) / (e_v + e_b))[inside],
                ".",
                ms=3,
                mew=0,
                alpha=0.35,
                color=KINDS[kind(name)],
            )
        for row in table[table["spacecraft"] == craft.name].to_dict("records"):
            if row["interval"].startswith("ejecta_"):
                continue
            error = [[[abs(row[f"{k}_{end}"] - row[k])] for end in ("low", "high")] for k in ("sigma_c", "sigma_r")]
            axis.errorbar(
                row["sigma_c"],
                row["sigma_r"],
                xerr=error[0],
                yerr=error[1],
                fmt="o",
                color=KINDS.get(kind(row["interval"]), "0.3"),
                ms=4.5,
                label=row["interval"],
            )
        axis.set(xlim=(-1.05, 1.05), ylim=(-1.05, 1.05), aspect="equal", xlabel=r"$\sigma_c$", title=craft.name)
    axes[0, 0].set_ylabel(r"$\sigma_r$")
    axes[0, -1].legend(fontsize=6)
    save(figure, folder, "plane")


def spectra(crafts, grids: dict, curves: dict, folder: Path) -> None:
    figure, axes = panels(4, len(crafts), height=1.65, sharex=True, sharey="row")
    for column, craft in zip(axes.T, crafts, strict=True):
        minutes = grids[craft.name].periods / 60
        for name, found in curves[craft.name].items():
            if kind(name) not in KINDS or name.startswith("ejecta_"):
                continue
            colour = KINDS[kind(name)]
            for axis, pair in zip(column, (("v", "b"), ("z_plus", "z_minus")), strict=False):
                for quantity, dashes in zip(pair, ("-", "--"), strict=True):
                    power, low, high = found[quantity]
                    axis.plot(minutes, power, dashes, color=colour, label=name if dashes == "-" else None)
                    axis.fill_between(minutes, low, high, color=colour, alpha=0.12, lw=0)
                axis.set_yscale("log")
            for axis, (a, b) in zip(column[2:], (("z_plus", "z_minus"), ("v", "b")), strict=True):
                axis.plot(minutes, (found[a][0] - found[b][0]) / (found[a][0] + found[b][0]), color=colour)
        column[0].set_title(craft.name)
        column[-1].set(xscale="log", xlabel="Period (min)")
    for axis, label in zip(axes[:, 0], ("v, b", "$z^+$, $z^-$", r"$\sigma_c$", r"$\sigma_r$"), strict=True):
        axis.set_ylabel(label)
    axes[0, -1].legend(fontsize=6)
    lettered(axes.ravel())
    save(figure, folder, "spectra")


def longest(craft) -> str | None:
    found = [n for n in craft.pieces if n.startswith("alfvenic")]
    return max(found, key=lambda n: craft.pieces[n][0][1] - craft.pieces[n][0][0]) if found else None


def walen(crafts, units: dict, tables: dict, folder: Path) -> None:
    figure, axes = panels(2, len(crafts), height=3.2)
    table = tables["walen"].set_index(["spacecraft", "interval"])
    for column, craft in zip(axes.T, crafts, strict=True):
        for axis, name in zip(column, ("ejecta", longest(craft)), strict=True):
            if name is None:
                axis.axis("off")
                continue
            x = units[craft.name][craft.mask(name)]
            x = x - x.mean()
            for v, b, colour in zip(V, B, COLOURS, strict=True):
                axis.plot(x[b], x[v], ".", color=colour, ms=3, mew=0, alpha=0.6)
            row = table.loc[(craft.name, name)]
            for slope, look in ((-1, "0.6"), (1, "0.6"), (row["slope"], "black")):
                axis.axline((0, 0), slope=slope, color=look, lw=0.8)
            reach = 1.05 * np.nanmax(np.abs(x.to_numpy()))
            axis.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal", xlabel="b (km/s)", ylabel="v (km/s)")
            axis.set_title(f"{craft.name}, {name}: slope {row['slope']:.2f}, r = {row['correlation']:.2f}", fontsize=7)
    lettered(axes.ravel())
    save(figure, folder, "walen")


def second_pieces(pair: Pair, first, second) -> dict:
    shift = pd.Timedelta(pair.lag_s, "s")
    found = {f"{n}_{second.name}": p for n, p in second.pieces.items() if n.startswith("alfvenic")}
    return first.pieces | {n: [(start - shift, end - shift) for start, end in p] for n, p in found.items()}


def overlay(pair: Pair, curves, tables, first, second, folder: Path) -> None:
    figure, axes = panels(5, height=1.25)
    axes = axes[:, 0]
    r = tables["correlation"].set_index(["interval", "quantity"])["r"]
    for axis, (quantity, (k, *_)) in zip(
        axes, list(QUANTITIES.items())[3:4] + list(QUANTITIES.items())[:3], strict=False
    ):
        for values, colour, name in zip((pair.x, pair.y), ("0.1", "#C0307C"), pair.names, strict=True):
            axis.plot(pair.time.to_numpy(), values[:, k], color=colour, label=name)
        axis.set(ylabel=quantity, xlim=(pair.time[0], pair.time[-1]))
        for name in [n for n in first.pieces if n in SHADES or n.startswith(("alfvenic", "ejecta_"))]:
            start, end = first.pieces[name][0]
            height = 0.03 if name.startswith("alfvenic") else 0.5 if name == "ejecta" else 0.9
            axis.text(
                start + (end - start) / 2,
                height,
                f"r = {r[name, quantity]:.2f}",
                fontsize=6.5,
                ha="center",
                transform=axis.get_xaxis_transform(),
            )
    for quantity, values in curves.items():
        axes[4].plot(curves.index / 60, values, lw=1.4 if quantity == "vector" else 0.8, label=quantity)
    axes[4].axvline(pair.lag_s / 60, color="0.2", lw=0.7)
    axes[4].set(xlabel="Lag (min)", ylabel="r, ejecta")
    axes[4].legend(fontsize=6, ncols=3)
    shade(axes[:4], first.pieces)
    names(axes[0], first.pieces)
    lettered(axes)
    save(figure, folder, f"pair_{'-'.join(pair.names)}")


def forest(pair: Pair, contrast: pd.DataFrame, folder: Path) -> None:
    frame = contrast[~contrast["interval"].str.match(r"alfvenic_") | ("alfvenic" not in set(contrast["interval"]))]
    lines = frame[["interval", "quantity"]].drop_duplicates().to_records(index=False).tolist()
    figure, axes = plt.subplots(1, 2, figsize=(WIDTH, 1.3 + 0.19 * len(lines)), sharey=True)
    figure.subplots_adjust(left=0.2, right=0.95, top=0.95, bottom=0.1)
    for scale, offset, colour in (("all", -0.15, "#222222"), ("band", 0.15, "#B5483A")):
        part = frame[frame["scale"] == scale]
        place = np.array([lines.index(key) for key in zip(part["interval"], part["quantity"], strict=True)]) + offset
        for axis, value, low, high in zip(
            axes, ("delta_r", "misfit_ratio"), ("delta_r_low", "ratio_low"), ("delta_r_high", "ratio_high"), strict=True
        ):
            axis.hlines(place, part[low], part[high], color=colour, lw=1)
            axis.plot(part[value], place, "o", ms=3, color=colour, label=scale)
        for p, y in zip(part["delta_r_p"], place, strict=True) if scale == "all" else ():
            axes[0].text(1.01, y, f"p = {p:.2g}", transform=axes[0].get_yaxis_transform(), va="center", fontsize=6)
    axes[0].set_yticks(range(len(lines)), [f"{a}, {b}" for a, b in lines], fontsize=6)
    axes[0].invert_yaxis()
    axes[0].axvline(0, color="0.5", lw=0.5)
    axes[1].axvline(1, color="0.5", lw=0.5)
    axes[1].set_xscale("log")
    axes[0].legend(fontsize=6)
    save(figure, folder, f"forest_{'-'.join(pair.names)}")


def sliding(pair: Pair, r: pd.DataFrame, misfit: pd.DataFrame, ranks: pd.DataFrame, pieces: dict, folder: Path) -> None:
    figure, axes = panels(2, height=1.9, sharex=True)
    for axis, frame, label in zip(axes[:, 0], (r, misfit), ("r", "rms difference (nT)"), strict=True):
        for quantity, colour in zip(frame, [*COLOURS, "0.55", "0.1"], strict=True):
            axis.plot(pair.time.to_numpy(), frame[quantity].to_numpy(), color=colour, label=quantity)
        axis.set_ylabel(label)
    found = ranks[(ranks["quantity"] == "vector") & ranks["interval"].str.startswith("alfvenic")]
    text = "\n".join(f"{row.interval}: r = {row.r:.2f}, rank {row.rank:.2f}" for row in found.itertuples())
    axes[0, 0].text(0.01, 0.02, text, transform=axes[0, 0].transAxes, fontsize=6.5)
    axes[0, 0].legend(fontsize=6, ncols=5)
    shade(axes[:, 0], pieces)
    names(axes[0, 0], pieces)
    save(figure, folder, f"sliding_{'-'.join(pair.names)}")


def scales(parts: dict[str, Pair], table: pd.DataFrame, pieces: dict, folder: Path) -> None:
    figure, axes = panels(6, height=1.05, sharex=True)
    r, pair = table.set_index(["interval", "quantity", "scale"])["r"], parts["all"]
    for k, axis in enumerate(axes[:, 0]):
        component, scale = k // 2, ("large", "band")[k % 2]
        for values, colour in ((parts[scale].x, "0.1"), (parts[scale].y, "#C0307C")):
            axis.plot(pair.time.to_numpy(), values[:, component], color=colour)
        quantity = list(QUANTITIES)[component]
        shown = [n for n in pair.regions if n in ("ejecta", "quiet") or n.startswith("alfvenic")]
        axis.text(
            0.01,
            0.03,
            "; ".join(f"{n}: r = {r[n, quantity, scale]:.2f}" for n in shown),
            transform=axis.transAxes,
            fontsize=6,
        )
        axis.set_ylabel(f"{quantity} {scale}")
    shade(axes[:, 0], pieces)
    lettered(axes[:, 0])
    save(figure, folder, f"scales_{'-'.join(pair.names)}")


def hodogram(crafts, tables: dict, folder: Path) -> None:
    parts = [(craft, name) for name in ("ejecta", None) for craft in crafts if (name or longest(craft))]
    figure, axes = panels(len(parts), 3, height=2.06)
    numbers = tables["complexity"].set_index(["spacecraft", "interval", "quantity"])
    for line, (craft, name) in zip(axes, parts, strict=True):
        name = name or longest(craft)
        b = craft.data[FIELD][craft.mask(name)].to_numpy()
        values, vectors = minimum_variance(b)
        turned = b @ vectors
        reach = 0.54 * np.nanmax(np.nanmax(turned, axis=0) - np.nanmin(turned, axis=0))
        for axis, (p, q) in zip(line, ((1, 0), (2, 0), (2, 1)), strict=True):
            points = turned[:, [p, q]]
            segments = np.stack([points[:-1], points[1:]], axis=1)
            bar = axis.add_collection(
                LineCollection(segments, array=np.arange(len(segments)) * craft.dt / 3600, lw=0.7)
            )
            axis.plot(*points[0], "o", color="black", mfc="white", ms=4.5)
            axis.plot(*points[-1], "s", color="black", mfc="white", ms=4.5)
            middle = (np.nanmax(points, axis=0) + np.nanmin(points, axis=0)) / 2
            axis.set(
                xlim=(middle[0] - reach, middle[0] + reach), ylim=(middle[1] - reach, middle[1] + reach), aspect="equal"
            )
        rough = numbers.loc[(craft.name, name, "roughness")]
        line[0].set_title(f"{craft.name}, {name}", fontsize=7)
        line[1].set_title(f"{values[0] / values[1]:.3g}, {values[1] / values[2]:.3g}", fontsize=7)
        line[2].set_title(f"roughness {rough['value']:.3g} (p = {rough['surrogate_p']:.2g})", fontsize=7)
        figure.colorbar(bar, ax=list(line), label="Hours")
    lettered(axes.ravel())
    save(figure, folder, f"hodogram_{'-'.join(craft.name for craft in crafts)}")


def coherence(waves, found: tuple, pieces: dict, folder: Path) -> None:
    figure, axes = panels(2, height=2.1, sharex=True)
    squared, phase, threshold = found
    time, step = waves.pair.time.to_numpy(), max(1, int(300 / waves.dt))
    squared, phase, time = squared[:, ::step], phase[:, ::step], time[::step]
    mesh(axes[0, 0], time, waves.periods, squared, "$R^2$", cmap="viridis", vmin=0, vmax=1)
    shown = np.where(squared > threshold, phase, np.nan)
    mesh(axes[1, 0], time, waves.periods, shown, r"$\phi$ (°)", cmap="twilight", vmin=-180, vmax=180)
    for axis in axes[:, 0]:
        axis.contour(
            matplotlib.dates.date2num(time), waves.periods / 60, squared, [threshold], colors="black", linewidths=0.6
        )
        for name in [n for n in pieces if n.startswith("alfvenic")]:
            for edge in pieces[name][0]:
                axis.axvline(edge, color="white", lw=0.9)
    names(axes[0, 0], pieces)
    save(figure, folder, f"coherence_{'-'.join(waves.pair.names)}")
