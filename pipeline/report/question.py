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
from pipeline.pairs.verdict import BY_SPECTRUM, HIGHER, LOWER, NOT_HIGHER, NOT_LOWER, SIGNIFICANT, UNKNOWN
from pipeline.report.numbers import coefficient, number, probability

if TYPE_CHECKING:
    from pipeline.results import EventResults


COMPONENTS = {"b_x": "B_x", "b_y": "B_y", "b_z": "B_z"}
ALL = "alfvenic"  # all Alfvénic intervals of either spacecraft together
NAMED = 6  # choices that do not keep the answer
SAME = 1e-4  # up to which two differences of r are one
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
    settings = _settings(results, first, second)
    parts = [
        _agreement(row, region, where(row.baseline), _margin(settings)),
        _by_component(results, first, second, row),
        _misfit(row),
        _in_the_band(results, first, second, row),
        _complexity(row, first, second, settings),
        _separation(row),
        _without_band(results, first, second, row),
        *_waves(results, first, second, row, where),
        _what_was_hidden(row),
        _other_choices(results, first, second, row),
    ]
    return [part for part in parts if part]


def _settings(results, first, second) -> dict:
    """Settings that the verdict was made with; empty where it does not say."""
    if "verdict" not in results.pair_results(first, second):
        return {}
    return json.loads(results.pair("verdict", first, second).attrs.get("settings", "{}"))


def _margin(settings) -> str:
    """How large a fall of r is excluded where agreement is called not lower."""
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


def _in_the_band(results, first, second, row):
    """Whether the waves themselves agree less: r of the band there and elsewhere, and what that means for r of all."""
    low, high = (getattr(row, f"delta_r_band_ci_{bound}", np.nan) for bound in ("low", "high"))
    if not np.isfinite([low, high]).all():
        return ""
    said = (
        f"In the Alfvénic band alone r is {coefficient(row.r_band)} there and {coefficient(row.r_baseline_band)} "
        f"elsewhere, a difference of {_range(row.delta_r_band, low, high)}, p {probability(row.delta_r_band_p)}: "
    )
    if high < 0:
        return f"{said}what both see of these periods is less alike there."
    weight = _weight_of_the_band(results, first, second, row)
    alike = "more alike there than" if low > 0 else "not shown to be less alike there than"
    said += f"what both see of these periods is {alike} elsewhere"
    if row.agreement == LOWER and row.r_band < row.r:
        return (
            f"{said}. Yet r of all periods falls, because more of the field is in the band, whose r is lower{weight}."
        )
    return f"{said}{weight}."


def _weight_of_the_band(results, first, second, row):
    """Misfit in the band against elsewhere, in words."""
    table = _of_pair(results, "contrast", first, second)
    if table.empty:
        return ""
    here = (table["interval"] == row.interval) & (table["quantity"] == "vector") & (table["scale"] == "band")
    ratio = table[here]["misfit_ratio"]
    return f"; its misfit, in nT, is {number(ratio.iloc[0], 2)} times that elsewhere" if len(ratio) else ""


def _complexity(row, first, second, settings):
    """The hodogram among other windows and against random fields of its spectrum, in one sentence, with the rule."""
    if not np.isfinite([row.rank_first, row.rank_second]).all():
        return ""
    meaning = {
        HIGHER: "The hodogram is more complex there at both spacecraft, and by more than its spectrum makes it",
        BY_SPECTRUM: "The hodogram is more complex there than in other windows of the same length, but not shown to be "
        "more so than a random field with the same spectrum",
        NOT_HIGHER: "The hodogram is not among the more complex ones at either spacecraft",
        UNKNOWN: "Whether the hodogram is more complex there cannot be told",
    }[row.complexity]
    ranks = f"{100 * row.rank_first:.0f} % at {display(first)} and {100 * row.rank_second:.0f} % at {display(second)}"
    said = f"{meaning}: it is rougher than {ranks} of the windows of that length in the ejecta"
    p = [getattr(row, f"surrogate_p_{place}", np.nan) for place in ("first", "second")]
    if not np.isfinite(p).all():
        return f"{said}."
    count = getattr(row, "n_surrogates", np.nan)
    chance = " and ".join(
        f"p {probability(value, count)} at {display(name)}" for name, value in zip((first, second), p, strict=True)
    )
    rank = f"a rank of {100 * settings['high_rank']:.0f} % or more" if "high_rank" in settings else "a high rank"
    return (
        f"{said}; random fields with its spectrum are as rough with {chance}. It is called more complex where both "
        f"spacecraft show {rank} and p of at most {SIGNIFICANT:g}."
    )


def _separation(row):
    """What the separation lets expect of the whole ejecta, which is what the published scale lengths are of."""
    low, high = row.r_separation_low, row.r_separation_high
    same = "The separation is the same there and elsewhere, so it alone explains no difference between them."
    if row.separation == UNKNOWN or not np.isfinite([low, high]).all():
        return f"{same} What it lets expect of the whole ejecta cannot be told: a position or the lag is missing."
    size = {"expected from the separation": "as the separation lets expect"}.get(row.separation, row.separation)
    return (
        f"{same} Over the whole ejecta the components correlate {size}: {coefficient(row.r_ejecta)} in their mean, of "
        f"half-hour averages, against 1 \N{MINUS SIGN} d/L of {coefficient(low)} to {coefficient(high)} with the "
        "published scale lengths L. Of shorter windows nothing is published to compare with."
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
        remains += _smoother(r, first, second)
    return f"With the Alfvénic band taken out of both fields, {share} of the deficit in r is gone{remains}."


def _smoother(row, first, second):
    """What is left of the hodogram's roughness without the band, at both spacecraft."""
    said = [
        f"from {number(before, 2)} to {number(after, 2)} at {display(name)}"
        for place, name in (("first", first), ("second", second))
        for before, after in [(getattr(row, f"roughness_{place}{end}", np.nan) for end in ("", "_without"))]
        if np.isfinite([before, after]).all()
    ]
    return f", and the hodogram's length over its extent goes {' and '.join(said)}" if said else ""


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
    return f"{seen}."


def _other_choices(results, first, second, row):
    """How many other analyses keep the answer on agreement, where an ensemble was run; else how to run it."""
    path = results.folder / "sensitivity" / "sensitivity.csv"
    if not path.is_file():
        return "Other boundaries, bands or lags may change the answer: the target sensitivity tries them."
    table = pd.read_csv(path, keep_default_na=False, na_values=[""])
    table = table[(table["first"] == first) & (table["second"] == second) & (table["conclusion_on"] == "vector")]
    if table.empty or not isinstance(table["conclusion"].iloc[0], str):
        return "With the event's own settings the ensemble of other choices has no answer to keep."
    found = table.iloc[0]
    if found["conclusion"] != row.agreement or not abs(found["delta_r"] - row.delta_r) < SAME:
        return (
            "The ensemble of other choices was made for another region or before these results: "
            "the target sensitivity makes it anew."
        )
    without = int(found["n_alternatives"] - found["n_answered"])
    silent = f", {without} give no answer" if without else ""
    return (
        f"Of {found['n_alternatives']:.0f} analyses with other choices (boundaries, band, thresholds, density, lag, "
        f"bins, trend) {found['n_kept']:.0f} keep this answer on agreement{silent}; their differences of r go from "
        f"{coefficient(found['delta_r_min'])} to {coefficient(found['delta_r_max'])}.{_lost(found['lost_by'])}"
    )


def _lost(names) -> str:
    """The choices that do not keep the answer, as far as they can be read at once."""
    lost = (
        [name.replace("_", " ").replace("=", " ") for name in str(names).split("; ")] if isinstance(names, str) else []
    )
    more = f" and {len(lost) - NAMED} more" if len(lost) > NAMED else ""
    return f" Not kept with: {', '.join(lost[:NAMED])}{more}." if lost else ""


def _range(value, low, high):
    return f"{coefficient(value)} ({coefficient(low)} to {coefficient(high)})"


def _of_pair(results, name, first, second):
    if name not in results.tables:
        return pd.DataFrame()
    table = results.table(name)
    return table[(table["first"] == first) & (table["second"] == second)]
