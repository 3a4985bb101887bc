"""The answer to the study's question says what the tables say, and no more."""

import pandas as pd
import pytest
import xarray as xr
from results_factory import write_results

from pipeline import provenance, tables
from pipeline.pairs.verdict import HIGHER, LOWER, NOT_HIGHER, NOT_LOWER, UNKNOWN
from pipeline.report import answer
from pipeline.results import EventResults

ROW = {
    **{"event": "made-up", "first": "ace", "second": "wind", "interval": "alfvenic_1", "baseline": "quiet"},
    **{"agreement": LOWER, "misfit": HIGHER, "complexity": HIGHER, "waves": "different waves", "reason": ""},
    **{"separation": "worse than the separation lets expect", "window_h": 6.0, "r": 0.41, "r_baseline": 0.93},
    **{"delta_r": -0.52, "delta_r_ci_low": -0.8, "delta_r_ci_high": -0.2, "delta_r_p": 0.012, "detectable": 0.3},
    **{"misfit_ratio": 2.5, "misfit_ratio_ci_low": 1.6, "misfit_ratio_ci_high": 3.9, "explained": 0.64},
    **{"rank_first": 0.97, "rank_second": 0.95, "r_separation_low": 0.82, "r_separation_high": 0.91},
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
    assert "0.82 to 0.91" in text
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
        ({"complexity": UNKNOWN}, "at one spacecraft only", "more complex there at both"),
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

    def text(verdict, **more):
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


def roughness(ace, wind, interval="alfvenic_1"):
    common = {"interval": interval, "quantity": "roughness"}
    return [common | {"spacecraft": "ace", "surrogate_p": ace}, common | {"spacecraft": "wind", "surrogate_p": wind}]


@pytest.mark.parametrize(
    ("p", "said"),
    [
        ((0.01, 0.02), "It is rougher than fields of the same spectra with random phases (p = 0.01 at ACE; p = 0.02"),
        ((0.01, 0.4), "in one place only"),
        ((0.3, 0.4), "not shown to be rougher than fields of the same spectra"),
    ],
)
def test_roughness_is_set_against_random_phases(say_with, p, said):
    assert said in say_with({}, complexity=roughness(*p))


def test_no_surrogates_no_sentence(say_with):
    assert "random phases" not in say_with({}, complexity=roughness(0.01, float("nan")))
    assert "random phases" not in say_with({}, complexity=roughness(0.01, 0.01, interval="sheath"))


def test_what_remains_without_the_band_has_its_interval(say_with):
    row = {"interval": "alfvenic_1", "quantity": "vector", "delta_r_without": -0.001, "delta_r_without_p": 0.3}
    row |= {"delta_r_without_ci_low": -0.07, "delta_r_without_ci_high": 0.002}
    text = say_with({}, counterfactual=[row])
    assert "64 % of the deficit in r is gone; the difference that remains is 0.00 (−0.07 to 0.00), p = 0.3" in text


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
    assert "by chance with p of 0.13 (B_x), 0.13 (B_y)" in text
    assert "larger misfit" not in say_with({}, correlation=agreement_rows(b_x=9.0))
