"""Tables of a page: cells to read, values to sort by, headings with units, files to download."""

import base64
from typing import Any

import numpy as np
import pandas as pd

from pipeline.report.numbers import decimals, moment, number, units

TITLES = {
    "intervals": "Intervals",
    "occurrence": "Alfvénic share of each structure",
    "correlation": "Correlation of the two spacecraft",
    "contrast": "Alfvénic intervals and ejecta thirds against the rest",
    "scales": "Correlation by scale",
    "alfvenicity": "Alfvénicity",
    "wavelet": "Alfvénicity by wavelet band",
    "hodogram": "Minimum variance analysis",
    "hodograms": "Hodograms of the two spacecraft compared",
    "complexity": "Complexity of hodograms",
    "coherence": "Wavelet coherence of the two spacecraft",
    "phase": "Phase between the two spacecraft",
    "counterfactual": "Agreement without the Alfvénic band",
    "rope": "Type of rope",
    "spectra": "Power spectra",
    "walen": "Walén relation",
}
LONG_TEXT = 40
MANY_ROWS = 5  # from here on a column that never changes is told once, below the table


def table(
    name: str, frame: pd.DataFrame, columns: pd.DataFrame, csv: bytes | None = None, gather: bool = True, **more: Any
) -> dict:
    """What the template needs to show `frame`; `columns` holds names, units and meanings (tables/columns.csv).

    `gather`: a column that is the same in all of many rows is told once, below the table.
    """
    known = {row["column"]: row for row in columns.to_dict("records")} if len(columns) else {}
    empty = [c for c in frame if _is_empty(frame[c]) and len(frame)]
    constant = [c for c in frame if gather and c not in empty and len(frame) >= MANY_ROWS and _is_constant(frame[c])]
    shown = [c for c in frame if c not in empty and c not in constant]
    headings = [_heading(c, frame[c], known) for c in shown]
    return {
        "name": name,
        "text": "",
        "none": "",
        "title": TITLES.get(name, name.replace("_", " ").capitalize()),
        "file": f"{name}.csv",
        "csv": base64.b64encode(csv).decode() if csv else "",
        "columns": headings,
        "rows": _rows(frame[shown]),
        "empty": empty,
        "constant": [f"{c} {_with_unit(frame[c].iloc[0], known.get(c, {}).get('units', ''))}" for c in constant],
        "meanings": [h for h in (_heading(c, frame[c], known) for c in frame) if h["meaning"]],
        "sortable": len(frame) > 1,
    } | more


def _rows(frame: pd.DataFrame) -> list[list[dict]]:
    """Cells by row; the numbers of a column have one number of decimals, so that their points stand in line."""
    return [list(row) for row in zip(*(_column(frame[c]) for c in frame), strict=True)]


def _column(values: pd.Series) -> list[dict]:
    places = decimals(values)
    return [_cell(value, places) for value in values]


def _is_empty(column: pd.Series) -> bool:
    return bool((column.isna() | (column == "")).all())


def _is_constant(column: pd.Series) -> bool:
    return column.nunique(dropna=False) == 1


def _heading(name: str, column: pd.Series, known: dict) -> dict:
    about = known.get(name, {})
    return {
        "name": name,
        "unit": units(about.get("units", "")),
        "meaning": about.get("meaning", ""),
        "text": not pd.api.types.is_numeric_dtype(column),
    }


def _cell(value, places: int | None = None) -> dict:
    if isinstance(value, pd.Timestamp) or value is pd.NaT:
        return _text(moment(value), "" if value is pd.NaT else value.isoformat())
    if isinstance(value, bool | np.bool_):
        return _text("yes" if value else "no", int(value))
    if isinstance(value, int | float | np.number):
        return _text(number(float(value), places=places), repr(float(value)) if np.isfinite(value) else "")
    text = "" if value is None else str(value)
    return _text(text, text)


def _text(text: str, sort) -> dict:
    return {"text": text, "sort": sort, "long": len(text) > LONG_TEXT}


def _with_unit(value, unit: str) -> str:
    return f"= {_cell(value)['text']} {units(unit)}".strip()
