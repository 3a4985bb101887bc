"""All events on one page: how far each came, a picture, key numbers and a link for each, a table to sort."""

import base64
import io
import os
from pathlib import Path

import numpy as np
import pandas as pd

from pipeline.figures.style import display
from pipeline.report import answer, page
from pipeline.report.numbers import coefficient
from pipeline.results import EventResults, ResultsError

PICTURES = ("pair", "overview")  # whose figure stands for an event, in this order
PICTURE_WIDTH = 300  # pixels
ROOM_FOR_PICTURES = 7_000_000  # bytes of the page; events beyond have no picture
COLUMNS = {
    "event": ("", "name; the link leads to its report"),
    "status": ("", "done; partial: data are missing; no data; failed; not run"),
    "spacecraft": ("", "reference first"),
    "ejecta start": ("", "UTC, at the reference"),
    "ejecta end": ("", "UTC, at the reference"),
    "lag": ("min", "of the other spacecraft behind the reference; positive: later"),
    **{f"r {symbol}": ("1", "correlation over the ejecta at that lag") for symbol in answer.QUANTITIES.values()},
    "σ_c": ("1", "normalised cross helicity of the ejecta at the reference"),
    "σ_r": ("1", "normalised residual energy of the ejecta at the reference"),
    "Alfvénic": ("h", "time in Alfvénic intervals at the reference"),
}


def content(root: Path, statuses: pd.DataFrame, folder: Path) -> dict:
    """Everything that the template shows of the events of `statuses` (status.table); links are relative to `folder`."""
    room, items, rows = ROOM_FOR_PICTURES, [], []
    for status in statuses.itertuples():
        item, numbers = _event(root / status.event, status, room > 0)
        room -= len(item["picture"])
        path = root / status.event / "report.html"
        item["link"] = Path(os.path.relpath(path, folder)).as_posix() if path.is_file() else ""
        items.append(item)
        rows.append({"event": status.event, "status": status.status} | numbers)
    about = pd.DataFrame([{"column": c, "units": u, "meaning": m} for c, (u, m) in COLUMNS.items()])
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    table = page.table("events", frame, about, frame.to_csv(index=False).encode(), gather=False, title="Key numbers")
    links = {item["name"]: item["link"] for item in items if item["link"]}
    return {"items": items, "table": table, "links": links}


def _event(folder: Path, status, picture: bool) -> tuple[dict, dict]:
    """Entry and key numbers of an event; of one that broke off on its way, its status and why."""
    item = {"name": status.event, "status": status.status, "reason": _reason(status), "picture": "", "lines": []}
    try:
        results = EventResults(folder)
        numbers = summary(results)
    except ResultsError:
        return item, {}
    return item | {"picture": thumbnail(results) if picture else "", "lines": _lines(results, numbers)}, numbers


def _reason(status) -> str:
    place = f"{status.stage}{', ' + status.where if status.where else ''}: " if status.stage else ""
    return f"{place}{status.reason}" if status.reason else ""


def summary(results: EventResults) -> dict:
    """Key numbers of an event by the names of COLUMNS; of the first pair where there are several."""
    reference = results.spacecraft[0]
    ejecta = results.intervals.query("spacecraft == @reference and interval == 'ejecta'")
    row = {"event": results.event, "spacecraft": ", ".join(map(display, results.spacecraft))}
    if len(ejecta):
        row |= {"ejecta start": ejecta["start"].iloc[0], "ejecta end": ejecta["end"].iloc[0]}
    for first, second in results.pairs[:1]:
        row["lag"] = results.lag_s(first, second) / 60
        found = answer.correlation_rows(results, first, second, "ejecta")
        row |= {f"r {answer.QUANTITIES[r.quantity]}": r.r for r in found.itertuples()}
    waves = answer.alfvenicity_rows(results, reference)
    for r in waves[waves["interval"] == "ejecta"].itertuples():
        row |= {"σ_c": r.sigma_c, "σ_r": r.sigma_r}
    found = answer.detected(results, reference)
    return row | {"Alfvénic": float((found["end"] - found["start"]).dt.total_seconds().sum() / 3600)}


def _lines(results, numbers: dict) -> list[str]:
    lines = [numbers["spacecraft"]]
    if np.isfinite(numbers.get("lag", np.nan)):
        lines.append(f"lag {numbers['lag']:.1f} min".replace("-", "\N{MINUS SIGN}"))
    r = [f"{k[2:]} {coefficient(v)}" for k, v in numbers.items() if k.startswith("r ") and np.isfinite(v)]
    return [*lines, *([f"r, ejecta: {', '.join(r)}"] if r else [])]


def thumbnail(results: EventResults) -> str:
    """A small JPEG of the event's main figure in base64, empty where there is none."""
    from PIL import Image

    for kind in PICTURES:
        for name in results.figures:
            if name.split("_")[0] == kind:
                image = Image.open(results.figure(name)).convert("RGB")
                image.thumbnail((PICTURE_WIDTH, 4 * PICTURE_WIDTH))
                buffer = io.BytesIO()
                image.save(buffer, "JPEG", quality=60, optimize=True)
                return base64.b64encode(buffer.getvalue()).decode()
    return ""
