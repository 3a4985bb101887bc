"""The answer to the study's question says what the tables say, and no more."""

import pandas as pd
import pytest
import xarray as xr
from results_factory import write_results

from pipeline import provenance, tables
from pipeline.pairs.verdict import BY_SPECTRUM, HIGHER, LOWER, NOT_HIGHER, NOT_LOWER, UNKNOWN
from pipeline.report import answer
from pipeline.results import EventResults

ROW = {
    **{"event": "made-up", "first": "ace", "second": "wind", "interval": "alfvenic_1", "baseline": "quiet"},
    **{"agreement": LOWER, "misfit": HIGHER, "complexity": HIGHER, "waves": "different waves", "reason": ""},
    **{"separation": "worse than the separation lets expect", "window_h": 6.0, "r": 0.41, "r_baseline": 0.93},
    **{"delta_r": -0.52, "delta_r_ci_low": -0.8, "delta_r_ci_high": -0.2, "delta_r_p": 0.012, "detectable": 0.3},
    **{"misfit_ratio": 2.5, "misfit_ratio_ci_low": 1.6, "misfit_ratio_ci_high": 3.9, "explained": 0.64},
    **{"rank_first": 0.97, "rank_second": 0.95, "r_separation_low": 0.82, "r_separation_high": 0.91},
    **{"surrogate_p_first": 0.005, "surrogate_p_second": 0.02, "n_surrogates": 199, "r_ejecta": 0.7},
    **{"r_band": 0.12, "r_baseline_band": 0.81, "delta_r_band": -0.69, "delta_r_band_p": 0.0002},
    **{"delta_r_band_ci_low": -0.9, "delta_r_band_ci_high": -0.4},
}


@pytest.fixture
def say(tmp_path):
    """Text of the answer for a verdict with some values changed."""
    event = EventResults(write_results(tmp_path))

    def text(**changed):
        tables.write(pd.DataFrame([ROW | changed]), event.folder / "tables" / "verdict.csv")
        return " ".join(answer.sentences(event))

    return text


def test_numbers_are_those_of_the_table(say):
    text = say()
    assert "is 0.41 there, and 0.93 in" in text
    assert "−0.52 (−0.80 to −0.20), p = 0.012" in text
    assert "2.50 (1.60 to 3.90) times" in text
    assert "97 % at ACE and 95 % at Wind" in text
    assert "0.70 in their mean, of half-hour averages, against 1 − d/L of 0.82 to 0.91" in text
    assert "p ≤ 0.005 (199 surrogates) at ACE and p = 0.02 at Wind" in text
    assert "r is 0.12 there and 0.81 elsewhere, a difference of −0.69 (−0.90 to −0.40), p < 0.001" in text
    assert "64 % of the deficit" in text
    assert "less than about 0.30" in text


@pytest.mark.parametrize(
    ("changed", "said", "unsaid"),
    [
        ({}, "Agreement is lower in", "cannot be told:"),
        ({"agreement": UNKNOWN}, "Whether agreement is lower in", "Agreement is lower in"),
        ({"agreement": NOT_LOWER}, "Agreement is not lower by", "of the deficit"),
        ({"misfit": UNKNOWN}, "r falls at the same misfit", "the fields differ more"),
        ({"agreement": NOT_LOWER}, "the fields differ more", "r falls at the same misfit"),
        (
            {"complexity": UNKNOWN},
            "Whether the hodogram is more complex there cannot be told",
            "more complex there at both",
        ),
        ({"complexity": BY_SPECTRUM}, "but not shown to be more so than a random field", "more complex there at both"),
        ({}, "is less alike there", "not shown to be less alike"),
        (
            {"delta_r_band_ci_high": 0.1},
            "not shown to be less alike there than elsewhere. Yet r of all",
            "is less alike there",
        ),
        (
            {"delta_r_band_ci_low": 0.1, "delta_r_band_ci_high": 0.3},
            "is more alike there than elsewhere",
            "shown to be less",
        ),
        (
            {"delta_r_band_ci_high": 0.1, "agreement": UNKNOWN},
            "not shown to be less alike there",
            "Yet r of all periods",
        ),
        ({"separation": UNKNOWN}, "What it lets expect of the whole ejecta cannot be told", "half-hour"),
        ({"complexity": NOT_HIGHER}, "not among the more complex", "more complex there at both"),
        ({"waves": "cannot tell"}, "same waves cannot be told", "The two saw"),
        ({"reason": "no lag"}, "there is no answer: no lag", "Agreement is"),
        ({"interval": "ejecta_rear"}, "No Alfvénic interval was found at ACE or Wind", "alfvenic"),
    ],
)
def test_words_are_never_stronger_than_the_verdict(say, changed, said, unsaid):
    text = say(**changed)
    assert said in text
    assert unsaid not in text


@pytest.fixture
def say_with(tmp_path):
    """Text of the answer with more tables: name of the table and its rows, each completed by event and pair."""
    event = EventResults(write_results(tmp_path))
    pair = {"event": "made-up", "first": "ace", "second": "wind"}

    def text(verdict, settings=None, **more):
        if settings:
            provenance.write(xr.Dataset(), event.folder / "ace-wind" / "correlation.nc", "correlation", {}, settings)
        tables.write(pd.DataFrame([ROW | verdict]), event.folder / "tables" / "verdict.csv")
        for name, rows in more.items():
            tables.write(pd.DataFrame([pair | row for row in rows]), event.folder / "tables" / f"{name}.csv")
        return " ".join(answer.sentences(event))

    return text


def test_not_lower_is_said_with_the_difference_it_excludes(say, tmp_path):
    assert "not lower by a difference of note in" in say(agreement=NOT_LOWER)
    path = tmp_path / "2001-01-01" / "ace-wind" / "verdict.nc"
    provenance.write(xr.Dataset(), path, "verdict", {}, {"margin": 0.1})
    assert "not lower by 0.1 or more in" in say(agreement=NOT_LOWER)


def test_rule_of_complexity_is_told_with_the_settings(say, tmp_path):
    path = tmp_path / "2001-01-01" / "ace-wind" / "verdict.nc"
    provenance.write(xr.Dataset(), path, "verdict", {}, {"high_rank": 0.9})
    assert "both spacecraft show a rank of 90 % or more and p of at most 0.05." in say()
    assert "random fields" not in say(surrogate_p_first=float("nan"))


def test_misfit_of_the_band_stands_beside_its_correlation(say_with):
    row = {"interval": "alfvenic_1", "quantity": "vector", "scale": "band", "misfit_ratio": 19.5, "delta_r": 0.1}
    changed = {"delta_r_band_ci_high": 0.1}
    assert "whose r is lower; its misfit, in nT, is 20 times that elsewhere" in say_with(changed, contrast=[row])


def test_what_remains_without_the_band_has_its_interval(say_with):
    row = {"interval": "alfvenic_1", "quantity": "vector", "delta_r_without": -0.001, "delta_r_without_p": 0.3}
    row |= {"delta_r_without_ci_low": -0.07, "delta_r_without_ci_high": 0.002}
    row |= {"roughness_first": 4.13, "roughness_first_without": 1.62}
    row |= {"roughness_second": 3.9, "roughness_second_without": float("nan")}
    text = say_with({}, counterfactual=[row])
    assert "64 % of the deficit in r is gone; the difference that remains is 0.00 (−0.07 to 0.00), p = 0.3" in text
    assert "and the hodogram's length over its extent goes from 4.1 to 1.6 at ACE." in text


PHASE = {"interval": "alfvenic_1", "verdict": "different waves", "because": "both have 0.10 in common"}


def test_numbers_of_another_verdict_are_not_its_reason(say_with):
    assert "The two saw different waves: both have 0.10 in common." in say_with({}, phase=[PHASE])
    text = say_with({"waves": "cannot tell"}, phase=[PHASE])
    assert "Whether both saw the same waves cannot be told." in text
    assert "0.10 in common" not in text


def test_all_intervals_together_name_each_of_them(say_with):
    second = PHASE | {"interval": "alfvenic_1_wind", "verdict": "cannot tell", "because": "both have 0.40 in common"}
    text = say_with({"interval": "alfvenic", "waves": "cannot tell"}, phase=[PHASE, second])
    assert "Alfvénic 1 seen at ACE: different waves, both have 0.10 in common." in text
    assert "Alfvénic 1 seen at Wind: cannot tell, both have 0.40 in common." in text


def agreement_rows(**changed):
    r, misfit = {"b_x": 0.57, "b_y": 0.99, "b_z": 0.97}, {"b_x": 6.1, "b_y": 5.8, "b_z": 4.1} | changed
    common = {"interval": "ejecta", "p_value": 0.13, "reason": ""}
    return [common | {"quantity": q, "r": r[q], "rms_difference": misfit[q]} for q in r]


def test_low_correlation_at_equal_misfit_is_explained(say_with):
    text = say_with({}, correlation=agreement_rows())
    assert "That B_x correlates least does not come of a much larger misfit: it is 6.1 nT, against up to 5.8 nT" in text
    assert "by chance with p = 0.13 for each." in text
    floor = say_with({}, correlation=[row | {"p_value": 1 / 201} for row in agreement_rows()])
    assert "p = 0.005 for each" in floor  # nothing tells how many surrogates there were
    rows = [row | {"p_value": p} for row, p in zip(agreement_rows(), (1 / 201, 0.3, 0.3), strict=True)]
    assert "with p ≤ 0.005 (200 surrogates) (B_x), = 0.3 (B_y)" in say_with(
        {}, settings={"surrogates": 200}, correlation=rows
    )
    assert "larger misfit" not in say_with({}, correlation=agreement_rows(b_x=9.0))


ENSEMBLE = {
    **{"event": "made-up", "first": "ace", "second": "wind", "conclusion_on": "vector", "conclusion": LOWER},
    **{"n_alternatives": 23, "n_answered": 22, "n_kept": 20, "delta_r": -0.52, "delta_r_min": -0.6},
    **{"delta_r_max": 0.02, "lost_by": "lag=two_anchor; detrending=running_mean; preset=loose band_s=300-1800"},
}


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({}, "Of 23 analyses with other choices"),
        ({}, "20 keep this answer on agreement, 1 give no answer; their differences of r go from −0.60 to 0.02."),
        ({}, "Not kept with: lag two anchor, detrending running mean, preset loose band s 300-1800."),
        ({"lost_by": "; ".join("abcdefgh")}, "Not kept with: a, b, c, d, e, f and 2 more."),
        ({"delta_r": -0.3}, "the target sensitivity makes it anew"),
        ({"conclusion": ""}, "has no answer to keep"),
        (None, "the target sensitivity tries them"),
    ],
)
def test_other_choices_are_counted_where_they_were_made(say, tmp_path, changed, said):
    if changed is not None:
        folder = tmp_path / "2001-01-01" / "sensitivity"
        folder.mkdir()
        tables.write(pd.DataFrame([ENSEMBLE | changed]), folder / "sensitivity.csv")
    assert said in say()
