"""The analyses of an ensemble: the event's own first, one change each, combinations only where they are asked for."""

import pytest
from pydantic import ValidationError

from pipeline.config import Crossing, Event, read_settings
from pipeline.sensitivity import CHOICES, Settings, ensemble

STAGES = ensemble.Stages.of(read_settings({}))
FEW = {
    "start_shift_s": (-1800.0,), "end_shift_s": (), "band_s": ((300.0, 1800.0),), "preset": ("strict", "loose"),
    "db_over_b_min": (), "density": (), "alphas": (), "lag": ("vector", "convective"), "cadence_factor": (2,),
    "detrending": ("none",),
}  # fmt: skip


def changes(choice):
    return {name for name in CHOICES if choice[name] != ensemble.own(STAGES)[name]}


def test_the_first_is_the_events_own_and_every_other_changes_one_thing():
    found = ensemble.specifications(Settings(), STAGES)
    assert found[0]["name"] == ensemble.BASELINE
    assert changes(found[0]) == set()
    assert ensemble.settings_of(found[0], STAGES).verdict == STAGES.verdict
    assert all(len(changes(choice)) == 1 for choice in found[1:])
    assert set().union(*map(changes, found)) == set(CHOICES)
    assert len({choice["name"] for choice in found}) == len(found)
    assert [choice["specification"] for choice in found] == list(range(len(found)))


def test_a_value_that_the_event_has_already_is_no_alternative():
    found = ensemble.specifications(Settings(**FEW), STAGES)
    assert [choice["name"] for choice in found] == [
        "baseline", "start_shift_s=-1800", "band_s=300-1800", "preset=loose", "lag=convective", "cadence_factor=2",
    ]  # fmt: skip
    other = ensemble.Stages.of(read_settings({"detect": {"preset": "loose"}}))
    assert [c["name"] for c in ensemble.specifications(Settings(**FEW), other)][3] == "preset=strict"


def test_a_full_factorial_has_every_combination_once():
    found = ensemble.specifications(Settings(**FEW, design="factorial"), STAGES)
    assert len({tuple(c[name] for name in CHOICES) for c in found}) == len(found) == 2**5


def test_a_full_factorial_beyond_all_measure_is_refused():
    with pytest.raises(ValidationError, match="shorten the lists"):
        Settings(design="factorial")


def test_random_combinations_are_distinct_and_the_same_for_one_seed():
    one, again, other = (
        ensemble.specifications(Settings(design="random", draws=40, seed=seed), STAGES) for seed in (1, 1, 2)
    )
    alone = len(ensemble.specifications(Settings(), STAGES))
    assert one == again
    assert one != other
    assert len(one) == alone + 40
    assert all(len(changes(choice)) > 1 for choice in one[alone:])


def test_random_combinations_end_where_a_small_space_is_exhausted():
    found = ensemble.specifications(Settings(**FEW, design="random", draws=1000), STAGES)
    assert len(found) == 2**5


def test_choices_reach_the_settings_of_their_stages():
    choice = ensemble.own(STAGES) | {"band_s": (300.0, 1800.0), "alphas": "none", "preset": "loose"}
    own = ensemble.Stages.of(read_settings({"detect": {"sigma_c_min": 0.9}}))
    found = ensemble.settings_of(choice, own)
    assert found.detect.band_s == found.verdict.band_s == (300.0, 1800.0)
    assert found.detect.alphas == "none"
    assert found.detect.thresholds == (0.5, 0.5)  # the preset's own


def test_boundaries_move_where_they_are_given_and_may_not_cross():
    times = {"ejecta_start": "2001-01-01T00:00", "ejecta_end": "2001-01-01T02:00"}
    event = Event(name="e", crossings=(Crossing(spacecraft="ace", **times), Crossing(spacecraft="wind")))
    found = ensemble.moved(event, 600.0, -600.0)
    assert [t.isoformat() for t in found.span] == ["2001-01-01T00:10:00", "2001-01-01T01:50:00"]
    assert found.crossings[1] == event.crossings[1]
    with pytest.raises(ValidationError, match="follow each other"):
        ensemble.moved(event, 7200.0, 0.0)


def test_parts_hold_every_specification_once():
    assert [list(part) for part in ensemble.parts(5, 2)] == [[0, 1], [2, 3], [4]]
