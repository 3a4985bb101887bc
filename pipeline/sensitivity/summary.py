"""What the ensemble says: which analyses keep the conclusion of the event's own settings, and their share."""

from pathlib import Path

import pandas as pd

from pipeline.aligned import QUANTITIES
from pipeline.sensitivity import CHOICES
from pipeline.sensitivity.run import ANSWERS

CONCLUSIONS = {f"agreement_{quantity}": quantity for quantity in QUANTITIES} | {
    name: name for name in (*ANSWERS, "detection") if name != "agreement"
}


def judged(rows: pd.DataFrame) -> pd.DataFrame:
    """`rows` of all specifications with a column kept_{conclusion}: True where it is the baseline's.

    An analysis without an answer does not keep a conclusion.
    """
    out = rows.assign(**{f"kept_{name}": False for name in CONCLUSIONS.values()})
    for _, group in out.groupby(["first", "second"], sort=False):
        baseline = group[group["specification"] == 0].iloc[0]
        for column, name in CONCLUSIONS.items():
            kept = (group[column] == baseline[column]) & (group[column] != "")
            out.loc[group.index, f"kept_{name}"] = kept
    return out


def summary(judged_rows: pd.DataFrame) -> pd.DataFrame:
    """One row per pair and conclusion: the baseline's, how many alternatives keep it, and the range of delta r.

    The baseline itself is not counted among the alternatives. `lost_by` names the analyses that do not keep it.
    """
    rows = []
    for (event, first, second), group in judged_rows.groupby(["event", "first", "second"], sort=False):
        baseline, others = group[group["specification"] == 0].iloc[0], group[group["specification"] != 0]
        for column, name in CONCLUSIONS.items():
            about = {"event": event, "first": first, "second": second, "conclusion_on": name}
            rows.append(about | _counted(baseline, others, column, name) | _range(baseline, others, name))
    return pd.DataFrame(rows)


def _counted(baseline, others, column, name):
    kept = others[f"kept_{name}"].astype(bool)
    n, answered = len(others), int((others[column] != "").sum())
    known = baseline[column] != ""
    return {
        "conclusion": baseline[column],
        "n_alternatives": n,
        "n_answered": answered,
        "n_kept": int(kept.sum()),
        "share_kept": kept.sum() / n if n and known else float("nan"),
        "share_kept_of_answered": kept.sum() / answered if answered and known else float("nan"),
        "lost_by": "; ".join(others["name"][~kept]) if known else "",
    }


def _range(baseline, others, name):
    column = f"delta_r_{name}"
    if column not in others:
        return {}
    values = others[column]
    known = values.notna().sum()
    return {
        "delta_r": baseline[column],
        "delta_r_min": values.min(),
        "delta_r_median": values.median(),
        "delta_r_max": values.max(),
        "share_negative": (values < 0).sum() / known if known else float("nan"),
    }


def sentence(row: pd.Series) -> str:
    """One row of the summary in words."""
    who = f"{row['event']}, {row['first']}-{row['second']}, {row['conclusion_on']}"
    if not row["conclusion"]:
        return f"{who}: the event's own settings give no answer"
    share = f"{row['n_kept']} of {row['n_alternatives']} alternatives keep it"
    without = row["n_alternatives"] - row["n_answered"]
    return f"{who}: {row['conclusion']}; {share}" + (f" ({without} give no answer)" if without else "")


def text(found: pd.DataFrame) -> str:
    """The summary in lines, a pair's differences of r first."""
    return "\n".join(sentence(row) for row in found.to_dict("records"))


def read(path: str | Path) -> pd.DataFrame:
    """A table of specifications: texts without missing values, choices as texts."""
    texts = ["event", "name", "first", "second", *CHOICES, "region", "baseline", *CONCLUSIONS, "reason"]
    table = pd.read_csv(path, dtype=dict.fromkeys(texts, str), keep_default_na=False, na_values=[""])
    return table.assign(**table[texts].fillna(""))
