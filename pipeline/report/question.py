"""The study's question, answered from the tables of an event and never more strongly than they allow.

Do the two spacecraft agree less where the Alfvénic fluctuations are? Is the hodogram more complex there? Could the
normalisation of r, the separation or the slow field alone explain it? Are these the same waves at another phase? And
what could not have been seen?
"""

import json
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from pipeline.figures.style import display
from pipeline.pairs.verdict import HIGHER, LOWER, NOT_HIGHER, NOT_LOWER, UNKNOWN
from pipeline.report.numbers import coefficient, number, probability

if TYPE_CHECKING:
    from pipeline.results import EventResults


COMPONENTS = {"b_x": "B_x", "b_y": "B_y", "b_z": "B_z"}
SIGNIFICANT = 0.05
ALL = "alfvenic"  # all Alfvénic intervals of either spacecraft together
WITHOUT_WAVES = "ejecta_rear"  # the third where the study saw its waves


def sentences(results: "EventResults", first: str, second: str, where: str) -> list[str]:
    """Answer for the Alfvénic intervals of one pair; `where` gives the words for an interval. Empty without a verdict.

    Without an Alfvénic interval the question is not answered, and the rear third stands in as what was seen there.
    """
    rows = _of_pair(results, "verdict", first, second)
    if rows.empty:
        return []
    found = rows[rows["interval"].str.startswith(ALL)]
    said = []
    if found.empty:
        found = rows[rows["interval"] == WITHOUT_WAVES]
        said = [
            f"No Alfvénic interval was found at {display(first)} or {display(second)}: whether such waves lower the "
            "agreement cannot be asked of this event. What follows is of the rear third of the ejecta."
        ]
    together = found[found["interval"] == ALL]
    for row in (together if len(together) else found).itertuples():
        said += _about(results, first, second, row, where)
    return said


def _words(interval, where):
    special = {ALL: "the Alfvénic intervals of both spacecraft together", WITHOUT_WAVES: "the rear third of the ejecta"}
    return special.get(interval) or where(interval)


def _about(results, first, second, row, where):
    region = _words(row.interval, where)
    if isinstance(row.reason, str) and row.reason:
        return [f"For {region} there is no answer: {row.reason}."]
    parts = [
        _agreement(row, region, where(row.baseline), _margin(results, first, second)),
        _by_component(results, first, second, row),
        _misfit(row),
        _complexity(row, first, second),
        _by_chance_complex(results, first, second, row),
        _separation(row),
        _without_band(results, first, second, row),
        *_waves(results, first, second, row, where),
        _what_was_hidden(row),
    ]
    return [part for part in parts if part]


def _margin(results, first, second) -> str:
    """How large a fall of r is excluded where agreement is called not lower, from the settings of the verdict."""
    if "verdict" not in results.pair_results(first, second):
        return "by a difference of note"
    settings = json.loads(results.pair("verdict", first, second).attrs.get("settings", "{}"))
    return f"by {settings['margin']:g} or more" if "margin" in settings else "by a difference of note"


def _agreement(row, region, baseline, margin):
    meaning = {
        LOWER: f"Agreement is lower in {region}",
        NOT_LOWER: f"Agreement is not lower {margin} in {region}",
        UNKNOWN: f"Whether agreement is lower in {region} cannot be told",
    }[row.agreement]
    return (
        f"{meaning}: the field's vector correlation is {coefficient(row.r)} there, "
        f"and {coefficient(row.r_baseline)} in windows of the same {row.window_h:.1f} h elsewhere "
        f"({baseline}), a difference of {_range(row.delta_r, row.delta_r_ci_low, row.delta_r_ci_high)}, "
        f"p {probability(row.delta_r_p)}."
    )


def _by_component(results, first, second, row):
    table = _of_pair(results, "contrast", first, second)
    if table.empty:
        return ""
    table = table[(table["interval"] == row.interval) & (table["scale"] == "all") & np.isfinite(table["delta_r"])]
    said = [
        f"{COMPONENTS[r.quantity]} {_range(r.delta_r, r.delta_r_ci_low, r.delta_r_ci_high)}, "
        f"p {probability(r.delta_r_p_holm)}"
        for r in table[table["quantity"].isin(list(COMPONENTS))].itertuples()
    ]
    return f"By component, with p corrected for testing three: {'; '.join(said)}." if said else ""


def _misfit(row):
    ratio = _range(row.misfit_ratio, row.misfit_ratio_ci_low, row.misfit_ratio_ci_high)
    text = f"The misfit, in nT, is {ratio} times that elsewhere"
    if row.agreement == LOWER and row.misfit != HIGHER:
        return (
            f"{text}, so the lower r is not shown to be a larger difference of the fields: "
            "where the field turns less, r falls at the same misfit."
        )
    if row.agreement != LOWER and row.misfit == HIGHER:
        return f"{text}: the fields differ more, though r, which is taken relative to their variance, does not say so."
    return f"{text}."


def _complexity(row, first, second):
    if not np.isfinite([row.rank_first, row.rank_second]).all():
        return ""
    meaning = {
        HIGHER: "The hodogram is more complex there at both spacecraft",
        NOT_HIGHER: "The hodogram is not among the more complex ones at either spacecraft",
        UNKNOWN: "The hodogram is among the most complex at one spacecraft only, which decides nothing",
    }[row.complexity]
    ranks = f"{100 * row.rank_first:.0f} % at {display(first)} and {100 * row.rank_second:.0f} % at {display(second)}"
    return f"{meaning}: it is rougher than {ranks} of the windows of that length in the ejecta."


def _by_chance_complex(results, first, second, row):
    """Whether order in time adds to the complexity: a field of the same spectrum and random phases is complex too."""
    p = {name: _surrogate_p(results, name, row.interval) for name in (first, second)}
    known = [value for values in p.values() for value in values]
    if not all(len(values) for values in p.values()) or not np.isfinite(known).all():
        return ""
    said = "; ".join(f"p {', '.join(map(probability, values))} at {display(name)}" for name, values in p.items())
    if max(known) <= SIGNIFICANT:
        return f"It is rougher than fields of the same spectra with random phases ({said})."
    if min(known) <= SIGNIFICANT:
        return f"It is rougher than fields of the same spectra with random phases in one place only ({said})."
    return (
        f"It is not shown to be rougher than fields of the same spectra with random phases ({said}): "
        "the power of the fluctuations is enough to make it so."
    )


def _surrogate_p(results, spacecraft, region) -> list[float]:
    """p of the hodogram's roughness in a spacecraft's own intervals of that kind: its Alfvénic ones, or the region."""
    if "complexity" not in results.tables:
        return []
    table = results.table("complexity")
    names = table["interval"].str.startswith(f"{ALL}_") if region.startswith(ALL) else table["interval"] == region
    return list(table[(table["spacecraft"] == spacecraft) & (table["quantity"] == "roughness") & names]["surrogate_p"])


def _separation(row):
    low, high = row.r_separation_low, row.r_separation_high
    if row.separation == UNKNOWN or not np.isfinite([low, high]).all():
        return "Whether the separation alone lets expect such a correlation cannot be told: a position is missing."
    size = row.separation.replace("lets expect", "alone lets expect")
    return (
        "The separation is the same there and elsewhere, so it alone explains no difference between them. As to its "
        f"size, the correlation there is {size}: 1 \N{MINUS SIGN} d/L, "
        f"with scale lengths published for components of whole ejecta, is {coefficient(low)} to {coefficient(high)}."
    )


def _without_band(results, first, second, row):
    """What remains of the difference when the band is taken out of both fields."""
    if row.agreement != LOWER or not np.isfinite(row.explained):
        return ""
    share = f"{100 * row.explained:.0f} %".replace("-", "\N{MINUS SIGN}")
    table = _of_pair(results, "counterfactual", first, second)
    table = table[(table["interval"] == row.interval) & (table["quantity"] == "vector")] if len(table) else table
    remains = ""
    for r in table[:1].itertuples():
        difference = _range(r.delta_r_without, r.delta_r_without_ci_low, r.delta_r_without_ci_high)
        remains = f"; the difference that remains is {difference}, p {probability(r.delta_r_without_p)}"
    return f"With the Alfvénic band taken out of both fields, {share} of the deficit in r is gone{remains}."


def _waves(results, first, second, row, where):
    """Same waves or not; the numbers behind, of the region or, for all intervals together, of each of them."""
    unknown = row.waves == "cannot tell"
    verdict = "Whether both saw the same waves cannot be told" if unknown else f"The two saw {row.waves}"
    table = _of_pair(results, "phase", first, second)
    if table.empty:
        return [f"{verdict}."]
    of_each = table["interval"].str.startswith(f"{ALL}_") if row.interval == ALL else table["interval"] == row.interval
    found = table[of_each & table["because"].map(lambda words: isinstance(words, str) and bool(words))]
    if row.interval != ALL:
        # The verdict is of the region inside the ejecta; other numbers than its own are not told as its reason.
        reasons = found[found["verdict"] == row.waves]["because"]
        return [f"{verdict}: {reasons.iloc[0]}." if len(reasons) else f"{verdict}."]
    each = [f"{_words(r.interval, where)}: {r.verdict}, {r.because}" for r in found.itertuples()]
    return [f"{verdict}{' of all intervals together' if each else ''}.", *(f"{text}." for text in each)]


def _what_was_hidden(row):
    seen = f"A fall of r by less than about {number(row.detectable, places=2)} would not have been seen here"
    if row.agreement == UNKNOWN:
        return f"{seen}; a longer interval, or other events beside this one, would decide."
    return f"{seen}. Other boundaries, bands or lags may change the answer: the target sensitivity tries them."


def _range(value, low, high):
    return f"{coefficient(value)} ({coefficient(low)} to {coefficient(high)})"


def _of_pair(results, name, first, second):
    if name not in results.tables:
        return pd.DataFrame()
    table = results.table(name)
    return table[(table["first"] == first) & (table["second"] == second)]
