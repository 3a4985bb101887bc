"""The answer to the study's question says what the tables say, and no more."""

import pandas as pd
import pytest
from results_factory import write_results

from pipeline import tables
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
        ({"agreement": NOT_LOWER}, "Agreement is not lower in", "of the deficit"),
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
