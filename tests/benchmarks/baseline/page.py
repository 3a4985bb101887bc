"""One page with the answer, an interactive figure, pictures and tables, that needs no network."""

import base64
from pathlib import Path

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from baseline.series import FIELD, V

MOST = 6000  # points of a series on a screen


def thinned(values: np.ndarray) -> np.ndarray:
    """Indices of the lowest and highest value of every stretch."""
    size = -(-len(values) * 2 // MOST)
    if size <= 2:
        return np.arange(len(values))
    stretches = np.nan_to_num(values[: len(values) // size * size]).reshape(-1, size)
    first = np.arange(len(stretches)) * size
    return np.unique(np.concatenate([first + stretches.argmin(axis=1), first + stretches.argmax(axis=1)]))


def interactive(crafts, running: dict, grids: dict) -> str:
    """Series of all spacecraft over each other, and their scalograms of sigma_c."""
    shown = ["|B|", *FIELD, "|V|", "n", "temperature", "sigma_c", "sigma_r"]
    rows = len(shown) + len(crafts)
    figure = make_subplots(rows, 1, shared_xaxes=True, vertical_spacing=0.01)
    for number, craft in enumerate(crafts):
        data = craft.data.join(running[craft.name][["sigma_c", "sigma_r"]])
        data["|B|"], data["|V|"] = (np.sqrt((data[c] ** 2).sum(axis=1, min_count=3)) for c in (FIELD, V))
        for row, key in enumerate(shown, start=1):
            values = data[key].to_numpy()
            kept = thinned(values)
            line = {"color": ("#222222", "#C0307C")[number], "width": 1}
            figure.add_scatter(
                x=data.index[kept], y=np.round(values[kept], 4), line=line, name=f"{craft.name} {key}", row=row, col=1
            )
            figure.update_yaxes(title_text=key, row=row, col=1)
        grid = grids[craft.name]
        with np.errstate(invalid="ignore", divide="ignore"):
            sigma = np.where(grid.ok, np.round(grid.h / (grid.e_v + grid.e_b), 2), np.nan)
        image = go.Heatmap(x=grid.time, y=np.log10(grid.periods / 60), z=sigma, colorscale="RdBu", showscale=False)
        figure.add_trace(image, row=len(shown) + 1 + number, col=1)
    figure.update_layout(height=160 * rows, hovermode="x unified")
    return figure.to_html(full_html=False, include_plotlyjs=True)


def write(tables: dict[str, pd.DataFrame], plot: str, folder: Path) -> None:
    sentences = tables["verdict"]["sentence"] if len(tables.get("verdict", ())) else []
    parts = ["<html><head><meta charset='utf-8'></head><body>", *(f"<p>{text}</p>" for text in sentences), plot]
    for path in sorted(folder.glob("*.png")):
        parts.append(
            f"<h2>{path.stem}</h2><img src='data:image/png;base64,{base64.b64encode(path.read_bytes()).decode()}'>"
        )
    for name, frame in tables.items():
        parts.append(f"<h2>{name}</h2>{frame.to_html(index=False, float_format='%.4g')}")
    (folder / "report.html").write_text("\n".join([*parts, "</body></html>"]), "utf-8")
