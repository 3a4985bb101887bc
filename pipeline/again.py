"""One result of an event again with other settings, in memory, as its table: nothing is written, nothing else runs.

    from pipeline import again
    again.diagnostic(event, "alfvenicity", "ace", window_s=1800)

What a whole run would change with the same setting (tables, figures, the verdict) is not touched: for that, give it to
the workflow.
"""

from importlib import import_module
from typing import Any

import pandas as pd

from pipeline import intervals, tables
from pipeline.results import EventResults


def diagnostic(results: EventResults, name: str, spacecraft: str, **settings: Any) -> pd.DataFrame:
    """Table of pipeline/diagnostics/{name}.py for one spacecraft."""
    module = import_module(f"pipeline.diagnostics.{name}")
    rows = intervals.of(results.intervals, spacecraft)
    found = module.compute(results.uniform(spacecraft), rows, module.Settings(**settings))
    return tables.tidy([found.assign_attrs(event=results.event, spacecraft=spacecraft)])


def pair(results: EventResults, name: str, first: str, second: str, **settings: Any) -> pd.DataFrame:
    """Table of pipeline/pairs/{name}.py for two spacecraft, at the lag of the event."""
    module = import_module(f"pipeline.pairs.{name}")
    lag_s = results.lag_s(first, second)
    rows = intervals.of_pair(results.intervals, first, second, lag_s)
    data = results.uniform(first), results.uniform(second)
    found = module.compute(*data, rows, lag_s, module.Settings(**settings))
    return tables.tidy([found.assign_attrs(event=results.event, first=first, second=second)])


def beside(before: pd.DataFrame, after: pd.DataFrame, columns: list[str], by: str = "interval") -> pd.DataFrame:
    """`columns` of two tables side by side, a row per `by`, the first row of each."""
    chosen = {name: frame.drop_duplicates(by).set_index(by)[columns] for name, frame in _named(before, after)}
    return pd.concat(chosen, axis=1).swaplevel(axis=1)[columns]


def _named(before, after):
    return ("before", before), ("after", after)
