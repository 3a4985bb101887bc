"""The pages docs/settings.md and docs/columns.md, from the settings classes, the schema and the tables of a run.

    python -m pipeline.reference docs demo/results/demo/tables/columns.csv

The tests fail where a committed page is not what this makes.
"""

import importlib
import re
import sys
import typing
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import pandas as pd
from pydantic import BaseModel

from pipeline import schema
from pipeline.config import Settings

PACKAGE = Path(__file__).parent
TYPED = ("detect", "simulate", "validation", "sensitivity", "records")  # blocks of the module of their name
FOLDERS = ("diagnostics", "pairs")
SHARED = {  # settings that mean the same in every block
    "density": "density in Alfvén units: mean over density_window_s, of each moment, mean over the interval",
    "density_window_s": "window of the mean density",
    "alphas": "mass of the alphas: measured where they are and assumed elsewhere, assumed everywhere, or left out",
    "assumed_alpha_ratio": "alpha to proton number density ratio where none is measured",
    "ensemble_density": "densities varied for the spread",
    "seed": "of the random numbers",
}
MOST_NAMES = 6  # of columns that differ by a suffix alone; beyond, first and last
MADE = "<!-- made by python -m pipeline.reference: edit the descriptions in the code, not this page -->"


def settings_page() -> str:
    """Every setting with its type, default and meaning, as Markdown."""
    lines = [
        "# Settings",
        "",
        MADE,
        "",
        "What a run can be told, in a settings file or as `--config block={key: value}`.",
    ]
    lines += [
        "A blank default means none. Units end the names: `_s` seconds, `_h` hours, `_au` astronomical units.",
        "",
    ]
    for title, about, model in blocks():
        lines += [f"## {title}", "", *([about, ""] if about else []), *_table(_rows(model, f"{title}."))]
    return "\n".join(lines).rstrip() + "\n"


def blocks() -> Iterator[tuple[str, str, type[BaseModel]]]:
    """(name, sentence, settings class) of every block: the top, the stages, the modules."""
    yield "Top level", "", Settings
    for name, field in Settings.model_fields.items():
        if _is_model(field.annotation):
            yield name, _first_sentence(field.annotation.__doc__), field.annotation
    for name in TYPED:
        module = importlib.import_module(f"pipeline.{name}")
        yield name, _first_sentence(module.__doc__), module.Settings
    for folder in FOLDERS:
        for path in sorted((PACKAGE / folder).glob("[a-z]*.py")):
            module = importlib.import_module(f"pipeline.{folder}.{path.stem}")
            yield f"{folder}.{path.stem}", _first_sentence(module.__doc__), module.Settings


def _rows(model, block: str, prefix: str = ""):
    for name, field in model.model_fields.items():
        if _is_model(field.annotation) and model is not Settings:
            yield from _rows(field.annotation, block, f"{prefix}{name}.")
        else:
            about = _description(model, name) or ("its own block below" if model is Settings else "")
            yield f"`{prefix}{name}`", _type(field.annotation), _default(field), about


def _description(model, name: str) -> str:
    told = model.model_fields[name].description or SHARED.get(name, "")
    return " ".join(told.split()) or ("" if model is Settings else name.replace("_", " "))


def _is_model(annotation) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _type(annotation) -> str:
    """A type in words that a settings file needs: one of its choices, a number, a list."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        return _type(arguments[0])
    if origin is typing.Literal:
        return ", ".join(map(str, arguments))
    if origin in (typing.Union, type(int | None)):
        return " or ".join("none" if each is type(None) else _type(each) for each in arguments)
    if origin is tuple:
        inner = arguments[:1] if arguments[-1] is Ellipsis else arguments
        return f"list of {_type(inner[0])}" if len(set(inner)) == 1 else ", ".join(map(_type, inner))
    if origin is dict or annotation is typing.Any or _is_model(annotation):
        return "block"
    return {float: "number", int: "whole number", str: "text", bool: "true or false"}.get(
        annotation, annotation.__name__
    )


def _default(field) -> str:
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True)
    return "" if value is None or isinstance(value, BaseModel) or value in ({}, ()) else f"`{_plain(value)}`"


def _plain(value) -> str:
    if isinstance(value, tuple | list):
        return "[" + ", ".join(map(_plain, value)) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)


def columns_page(columns: pd.DataFrame) -> str:
    """Every variable of raw.nc and uniform.nc and every column of every table (`columns`: columns.csv), as Markdown."""
    lines = [
        "# Variables and columns",
        "",
        MADE,
        "",
        "Missing is NaN in files and empty in tables. Vectors are GSE.",
        "",
    ]
    for kind, (required, optional) in schema.KINDS.items():
        lines += [f"## {kind}.nc", "", *_variables(required | optional)]
    for table, rows in columns.groupby("table", sort=True):
        known = _gathered(rows.to_dict("records"))
        lines += [f"## tables/{table}.csv", "", *_table(known, ("column", "units", "meaning"))]
    return "\n".join(lines).rstrip() + "\n"


def _variables(variables: dict) -> list[str]:
    rows = ((f"`{name}`", ", ".join(v.dims), v.units, v.long_name) for name, v in variables.items())
    return _table(rows, ("variable", "dimensions", "units", "meaning"))


def _gathered(rows: list[dict]):
    """Rows of a table; columns that differ by a suffix alone (v_ht_x, v_ht_y, v_ht_z) share one."""
    for (units, meaning, _), group in groupby(rows, key=lambda row: (row["units"], *_stem(row))):
        names = [f"`{row['column']}`" for row in group]
        yield ", ".join(names if len(names) <= MOST_NAMES else [names[0], "...", names[-1]]), units, meaning


def _stem(row: dict) -> tuple[str, str]:
    """Meaning and name without the suffix that a dimension gave them."""
    meaning, _, suffix = row["meaning"].rpartition(", ")
    if meaning and row["column"].endswith(f"_{suffix}"):
        return meaning, row["column"].removesuffix(f"_{suffix}")
    return row["meaning"], row["column"]


def _table(rows, heads=("setting", "value", "default", "meaning")) -> list[str]:
    cells = [[cell.replace("|", "\\|") for cell in row] for row in rows]
    return ["| " + " | ".join(row) + " |" for row in (heads, ["---"] * len(heads), *cells)] + [""]


def _first_sentence(text: str | None) -> str:
    words = " ".join((text or "").partition("\n\n")[0].split())
    return re.split(r"(?<=[.?])\s", words)[0]


def read_columns(path: str | Path) -> pd.DataFrame:
    return pd.read_csv(path, keep_default_na=False)


if __name__ == "__main__":
    folder, table = Path(sys.argv[1]), sys.argv[2]
    (folder / "settings.md").write_text(settings_page(), "utf-8")
    (folder / "columns.md").write_text(columns_page(read_columns(table)), "utf-8")
