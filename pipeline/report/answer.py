"""The answer of an event in sentences and key numbers, each read from a table or a result and from nowhere else."""

import json
import re
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from pipeline.figures.style import display, names_of_kind
from pipeline.report import question
from pipeline.report.numbers import coefficient, moment, number, probability

if TYPE_CHECKING:
    from pipeline.results import EventResults


SIGMA_TABLES = ("alfvenicity", "wavelet")
REGIONS = {"quiet": "rest of the ejecta"}
COMPONENTS = ("b_x", "b_y", "b_z")
LAGS = {
    "vector": "largest vector correlation",
    "b_mag": "largest correlation of |B|",
    "component_mean": "largest mean correlation of the components",
    "convective": "separation along x over the flow",
    "planar_front": "planar front",
    "two_anchor": "both boundaries",
}
QUANTITIES = {"b_x": "B_x", "b_y": "B_y", "b_z": "B_z", "b_mag": "|B|"}


def sentences(results: "EventResults") -> list[str]:
    """What was found, most important first; a value that does not exist is said not to."""
    return [sentence for _, said in groups(results) for sentence in said]


def groups(results: "EventResults") -> list[tuple[str, list[str]]]:
    """The sentences under their headings: the study's question first, then what its answer rests on."""
    asked = [sentence for pair in results.pairs for sentence in _comparison(results, *pair)]
    both = (_lag_sentence, _correlation_sentence, _low_for_want_of_variance)
    agreement = [make(results, *pair) for make in both for pair in results.pairs]
    waves = [make(results, name) for make in (_alfvenicity_sentence, _detected_sentence) for name in results.spacecraft]
    found = (("Waves and agreement", asked), ("Lag and agreement of the ejecta", agreement), ("Waves", waves))
    found = [(title, [sentence for sentence in said if sentence]) for title, said in found]
    return [(title, said) for title, said in found if said]


def _comparison(results, first, second):
    """The study's question where there is a verdict, else the bare differences."""
    asked = question.sentences(results, first, second, lambda name: _region_words(name, first))
    return asked or _contrast_sentences(results, first, second)


def cards(results: "EventResults") -> list[dict[str, str]]:
    """Key numbers: label, value with unit, note."""
    return [
        card
        for make, subjects in ((_pair_cards, results.pairs), (_spacecraft_cards, [(s,) for s in results.spacecraft]))
        for subject in subjects
        for card in make(results, *subject)
    ]


def lag_words(lag_s: float, first: str, second: str) -> str:
    """Lag in words: 32.0 min (1920 s) later at Wind than at ACE."""
    if lag_s == 0:
        return f"at the same time at {display(second)} and {display(first)}"
    side = "later" if lag_s > 0 else "earlier"
    minutes, seconds = f"{abs(lag_s) / 60:.1f}", number(abs(lag_s))
    return f"{minutes} min ({seconds} s) {side} at {display(second)} than at {display(first)}"


def _lag_sentence(results, first, second):
    lag = results.pair("lag", first, second)
    lag_s, predicted = float(lag["lag_s"]), float(lag.get("convective_lag_s", np.nan))
    if not np.isfinite(lag_s):
        reason = str(lag["reason"].item()) if "reason" in lag else ""
        return f"The lag between {display(first)} and {display(second)} could not be measured{_because(reason)}."
    tail = "no convective prediction could be made"
    if np.isfinite(predicted):
        tail = f"the flow and the separation along x predict {coefficient_minutes(predicted)} min"
    return f"The ejecta's field matches best when taken {lag_words(lag_s, first, second)}; {tail}."


def coefficient_minutes(seconds: float) -> str:
    """Minutes with one decimal and a true minus sign."""
    return f"{seconds / 60:.1f}".replace("-", "\N{MINUS SIGN}")


def _correlation_sentence(results, first, second):
    rows = correlation_rows(results, first, second, "ejecta")
    values = ", ".join(f"{coefficient(r.r)} ({QUANTITIES[r.quantity]})" for r in rows.itertuples() if np.isfinite(r.r))
    who = f"{display(first)} and {display(second)}"
    chance = _chance(rows, _surrogates(results, first, second))
    return f"At that lag the correlation of {who} over the ejecta is {values}.{chance}" if values else ""


def _chance(rows, surrogates: float) -> str:
    """How often unrelated fields do as well; nothing where the table does not say."""
    p = pd.to_numeric(rows["p_value"], errors="coerce") if "p_value" in rows else pd.Series(np.nan, rows.index)
    values = [(q, probability(x, surrogates)) for q, x in zip(rows["quantity"], p, strict=True) if np.isfinite(x)]
    if not values:
        return ""
    said = "Unrelated fields of the same spectra, their lag sought as well, reach it by chance with p"
    if len({text for _, text in values}) == 1:
        return f" {said} {values[0][1]} for {'each' if len(values) > 1 else QUANTITIES[values[0][0]]}."
    return f" {said} {', '.join(f'{text} ({QUANTITIES[q]})' for q, text in values)}."


def _surrogates(results, first, second) -> float:
    """Number of surrogates behind the p of r; NaN if the result does not say."""
    return float(_correlation_settings(results, first, second).get("surrogates", np.nan))


def _correlation_settings(results, first, second) -> dict:
    if "correlation" not in results.pair_results(first, second):
        return {}
    return json.loads(results.pair("correlation", first, second).attrs.get("settings", "{}"))


def _low_for_want_of_variance(results, first, second):
    """Says of the component that correlates least that its misfit is no larger, where that is so: it varies less."""
    rows = correlation_rows(results, first, second, "ejecta")
    if "rms_difference" not in rows:
        return ""
    rows = rows[rows["quantity"].isin(COMPONENTS) & np.isfinite(rows["r"])]
    if len(rows) < len(COMPONENTS):
        return ""
    rows = rows.set_index("quantity")
    least = rows["r"].idxmin()
    best, misfit = rows["r"].max(), rows["rms_difference"]
    others = misfit.drop(least).max()
    # The margins are those of the verdict: a tenth in r, a quarter in misfit.
    if best - rows["r"][least] <= 0.1 or not misfit[least] <= 1.25 * others:
        return ""
    return (
        f"That {QUANTITIES[least]} correlates least does not come of a much larger misfit: it is "
        f"{number(misfit[least], 2)} nT, against up to {number(others, 2)} nT of the other components. "
        "Where a component varies little, r is low at the same misfit."
    )


def regions(results: "EventResults", first: str, second: str) -> pd.DataFrame:
    """r of every region (rows) and quantity (columns); a rest of the ejecta only where something was taken from it."""
    if "correlation" not in results.tables:
        return pd.DataFrame()
    table = results.table("correlation")
    names = list(table["interval"].drop_duplicates())
    if not names_of_kind(names, "quiet"):
        names = [name for name in names if name != "quiet"]
    rows = []
    for name in names:
        r = correlation_rows(results, first, second, name)
        rows.append(
            {"region": _region_words(name, first)}
            | {QUANTITIES[q]: v for q, v in zip(r["quantity"], r["r"], strict=True)}
        )
    return pd.DataFrame(rows, columns=["region", *QUANTITIES.values()])


def lags(results: "EventResults", first: str, second: str) -> pd.DataFrame:
    """The lag by every way of timing, with the vector correlation of the ejecta that it would give."""
    ds = results.pair("lag", first, second)
    if "method_lag_s" not in ds or not ds.sizes.get("interval"):
        return pd.DataFrame()
    rows = ds.isel(interval=0)
    return pd.DataFrame(
        {
            "way": [LAGS.get(str(name), str(name)) for name in rows["method"].values],
            "lag (min)": rows["method_lag_s"].values / 60,
            "half width (min)": rows["method_half_width_s"].values / 60,
            "vector r": rows["method_r"].values,
            "why there is none": [str(reason) for reason in rows["method_reason"].values],
        }
    )


LAG_MEANINGS = pd.DataFrame(
    {
        "column": ["half width (min)", "vector r"],
        "meaning": [
            "how far from the best lag r has fallen to half of its maximum, mean of the sides where it does; "
            "blank where it does not within the search, and for ways that look for no maximum",
            "correlation of the field vectors over the ejecta with this lag",
        ],
    }
)


def _region_words(name: str, first: str) -> str:
    """Region in words; an Alfvénic interval found at the second spacecraft carries its name: alfvenic_1_wind."""
    found = re.fullmatch(r"(alfvenic_\d+)_?(\w*)", name)
    return f"{display(found[1])} seen at {display(found[2] or first)}" if found else REGIONS.get(name, display(name))


def correlation_rows(results: "EventResults", first: str, second: str, interval: str) -> pd.DataFrame:
    """Rows of the correlation table of one pair and interval: one per quantity, in the order of QUANTITIES."""
    if "correlation" not in results.tables:
        return pd.DataFrame(columns=["quantity", "r"])
    table = results.table("correlation")
    rows = table[(table["first"] == first) & (table["second"] == second) & (table["interval"] == interval)]
    if "scale" in rows:
        rows = rows[rows["scale"] == rows["scale"].iloc[0]] if len(rows) else rows
    rows = rows[rows["quantity"].isin(list(QUANTITIES))]
    return rows.sort_values("quantity", key=lambda q: q.map(list(QUANTITIES).index))


def _contrast_sentences(results, first, second):
    """Whether the spacecraft agree less in Alfvénic intervals; a difference is one only if its interval excludes 0.

    The misfit stands beside it: where the field turns less, r is lower at the same misfit.
    """
    if "contrast" not in results.tables:
        return
    table = results.table("contrast")
    rows = table[(table["first"] == first) & (table["second"] == second) & table["interval"].str.startswith("alfvenic")]
    rows = rows[(rows["quantity"] == "vector") & (rows["scale"] == "all") & np.isfinite(rows["delta_r"])]
    together = rows[rows["interval"] == "alfvenic"]
    for row in (together if len(together) else rows).itertuples():
        is_all = row.interval == "alfvenic"
        where = "the Alfvénic intervals together have" if is_all else f"{_region_words(row.interval, first)} has"
        r = _verdict(row.delta_r, row.delta_r_ci_low, row.delta_r_ci_high, 0.0)
        misfit = _verdict(row.misfit_ratio, row.misfit_ratio_ci_low, row.misfit_ratio_ci_high, 1.0)
        yield (
            f"Compared with windows as long in the rest of the ejecta, {where} a vector correlation that "
            f"is {r[0]} (difference {r[1]}) and a misfit that is {misfit[0]} (ratio {misfit[1]})."
        )


def _verdict(value, low, high, equal: float) -> tuple[str, str]:
    """What may be said of a value whose interval is low to high, and the numbers behind it."""
    words = "lower" if high < equal else "higher" if low > equal else "not distinguishable"
    return words, f"{coefficient(value)}, interval {coefficient(low)} to {coefficient(high)}"


def alfvenicity_rows(results: "EventResults", spacecraft: str) -> pd.DataFrame:
    """Rows with sigma_c and sigma_r of one spacecraft, one per interval, by the first method of the first table."""
    found = [name for name in SIGMA_TABLES if name in results.tables]
    if not found:
        return pd.DataFrame(columns=["interval", "sigma_c", "sigma_r"])
    table = results.table(found[0])
    rows = table[table["spacecraft"] == spacecraft]
    if "method" in rows and len(rows):
        rows = rows[rows["method"] == rows["method"].iloc[0]]
    return rows


def _alfvenicity_sentence(results, spacecraft):
    rows = alfvenicity_rows(results, spacecraft)
    rows = rows[rows["interval"] == "ejecta"]
    if rows.empty:
        return ""
    row = rows.iloc[0]
    if not np.isfinite(row["sigma_c"]):
        return (
            f"The ejecta's cross helicity at {display(spacecraft)} could not be computed{_because(row.get('reason'))}."
        )
    method = f" ({method_words(row['method'], _window_s(results, spacecraft))})" if "method" in row else ""
    sigma_c, sigma_r = coefficient(row["sigma_c"]), coefficient(row["sigma_r"])
    return (
        f"Fluctuations in the ejecta at {display(spacecraft)} have a cross helicity σ_c of {sigma_c} "
        f"and a residual energy σ_r of {sigma_r}{method}."
    )


def _window_s(results, spacecraft) -> float:
    """Length of the running window, NaN where no result has one."""
    if "alfvenicity" not in results.diagnostics(spacecraft):
        return np.nan
    return float(results.diagnostic("alfvenicity", spacecraft).attrs.get("window_s", np.nan))


def method_words(method: str, window_s: float = np.nan) -> str:
    """Name of a method in words: wavelet:600-3600 becomes wavelet, periods of 10 to 60 min."""
    definitions = {"window": "variance inside windows of", "running_mean": "fluctuations about a running mean of"}
    if method in definitions and np.isfinite(window_s):
        return f"{definitions[method]} {window_s / 60:.0f} min"
    name, *rest = str(method).replace("_", " ").split(":")
    words = []
    for part in rest:
        edges = part.split("-")
        is_band = len(edges) == 2 and all(edge.replace(".", "", 1).isdigit() for edge in edges)
        words.append("periods of {:g} to {:g} min".format(*(float(e) / 60 for e in edges)) if is_band else part)
    return ", ".join([name, *words])


def detected(results: "EventResults", spacecraft: str) -> pd.DataFrame:
    """Alfvénic intervals found at one spacecraft, with both boundaries known."""
    rows = results.intervals
    rows = rows[(rows["spacecraft"] == spacecraft) & rows["interval"].str.startswith("alfvenic_")]
    return rows[rows["start"].notna() & rows["end"].notna()]


def _detected_sentence(results, spacecraft):
    rows = detected(results, spacecraft)
    if rows.empty:
        return f"No Alfvénic interval was detected at {display(spacecraft)}{_judged(results, spacecraft)}."
    spans = [_span(row) for row in rows.to_dict("records")]
    count = f"{len(rows)} Alfvénic interval{'s were' if len(rows) > 1 else ' was'} detected"
    return f"{count} at {display(spacecraft)}: {', '.join(spans)}."


def _judged(results, spacecraft) -> str:
    """How much of the ejecta could be searched at all, where the table of occurrence says so."""
    if "occurrence" not in results.tables:
        return ""
    table = results.table("occurrence")
    rows = table[(table["spacecraft"] == spacecraft) & (table["interval"] == "ejecta")]
    share = pd.to_numeric(rows["judged_fraction"], errors="coerce").dropna()
    return f"; {100 * share.iloc[0]:.0f} % of the ejecta could be searched" if len(share) else ""


def _span(row: dict) -> str:
    """Where a detected interval lies, which way its waves go, and how many of the varied settings find it."""
    hours = number((row["end"] - row["start"]).total_seconds() / 3600, 3)
    words = [f"{moment(row['start'])} to {moment(row['end'])} UTC", f"{hours} h"]
    if isinstance(row.get("direction"), str) and row["direction"]:
        words.append(row["direction"])
    if pd.notna(pd.to_numeric(row.get("support"), errors="coerce")):
        words.append(f"found with {100 * float(row['support']):.0f} % of the varied settings")
    return f"{words[0]} ({', '.join(words[1:])})"


def _pair_cards(results, first, second):
    lag_s = results.lag_s(first, second)
    names = f"{display(second)} after {display(first)}"
    value = f"{coefficient_minutes(lag_s)} min" if np.isfinite(lag_s) else "none"
    yield {"label": f"Lag, {names}", "value": value, "note": "by the vector correlation of the ejecta"}
    level = _level(results, first, second)
    for row in correlation_rows(results, first, second, "ejecta").itertuples():
        note = _interval_note(row, level)
        label = f"r of {QUANTITIES[row.quantity]}, ejecta, {display(first)} and {display(second)}"
        yield {"label": label, "value": coefficient(row.r), "note": note}


def _level(results, first, second) -> float:
    """Level of the intervals of r, from the settings that the result was made with; NaN if it does not say."""
    return float(_correlation_settings(results, first, second).get("level", np.nan))


def _interval_note(row, level: float) -> str:
    """Interval of a row where the table has one, else its samples or why there is no value."""
    low, high = getattr(row, "r_ci_low", np.nan), getattr(row, "r_ci_high", np.nan)
    if np.isfinite(row.r) and np.isfinite(low) and np.isfinite(high):
        name = f"{100 * level:.0f} % interval" if np.isfinite(level) else "interval"
        return f"{name}: {coefficient(low)} to {coefficient(high)}"
    if not np.isfinite(row.r):
        return str(getattr(row, "reason", ""))
    return f"{number(row.n_samples)} samples" if hasattr(row, "n_samples") else ""


def _spacecraft_cards(results, spacecraft):
    rows = alfvenicity_rows(results, spacecraft)
    shown = rows[rows["interval"].isin(["ejecta"]) | rows["interval"].str.startswith("alfvenic_")]
    for row in shown.itertuples():
        for name, symbol in (("sigma_c", "σ_c"), ("sigma_r", "σ_r")):
            value = getattr(row, name)
            note = _ci_note(row, name) if np.isfinite(value) else str(getattr(row, "reason", ""))
            where = f"{display(row.interval)}, {display(spacecraft)}"
            yield {"label": f"{symbol}, {where}", "value": coefficient(value), "note": note}


def _ci_note(row, name: str) -> str:
    low, high = getattr(row, f"{name}_ci_low", np.nan), getattr(row, f"{name}_ci_high", np.nan)
    return f"95 % interval: {coefficient(low)} to {coefficient(high)}" if np.isfinite([low, high]).all() else ""


def _because(reason) -> str:
    return f": {reason}" if isinstance(reason, str) and reason else ""
