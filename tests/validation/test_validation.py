"""A small run of the study, held to the study's targets with the room that its size needs; and its own arithmetic."""

import numpy as np
import pandas as pd
import pytest

from pipeline import validation
from pipeline.validation import events, figure, pairs, summary

EVENTS = {"alfvenic": 9, "any": 8, "none": 2, "independent": 2}
PAIRS = {"no effect": 5, "independent waves": 5, "shifted phase": 2, "same waves": 2, "lag": 4}


@pytest.fixture(scope="module")
def rows():
    def study(name, counts):
        return pd.concat([validation.run(name, kind, range(n), 1) for kind, n in counts.items()], ignore_index=True)

    return {"events": study("events", EVENTS), "pairs": study("pairs", PAIRS)}


@pytest.fixture(scope="module")
def found(rows):
    return summary.tables(rows)


def value(found, table, measure, group):
    rows = found[table]
    (number,) = rows.loc[(rows["measure"] == measure) & (rows["group"] == group), "value"]
    return number


@pytest.mark.parametrize("name", ["sigma_c", "sigma_r"])
def test_wavelet_values_are_unbiased_and_their_intervals_hold_the_truth(found, name):
    for measure in (f"{name}, mean error", f"{name}, mean error towards larger |{name}|"):
        table = found["bias"]
        (row,) = table[(table["measure"] == measure) & (table["group"] == "wavelet")].itertuples()
        # the study's target, and twice the error of so few: one event of slow waves with gaps may be 0.2 off
        assert abs(row.value) < 0.02 + 2 * row.standard_error
        assert row.standard_error < 0.02
    assert value(found, "coverage", name, "wavelet") >= 0.8  # fewer than 14 of 17: 1 in 100 at 95 %


def test_alfvenic_intervals_are_found_where_they_are_and_nowhere_else(found):
    assert value(found, "detection", "intervals found", "alfvenic") >= 8 / 9
    for edge in ("start", "end"):
        assert (
            value(found, "detection", f"{edge}, median |error| (s)", "alfvenic") < 1470
        )  # one mean period of the band
    assert value(found, "detection", "false Alfvénic time", "none") < 0.01
    assert value(found, "detection", "false Alfvénic time", "independent") < 0.02


def test_lag_is_right_within_one_bin_at_many_gaps(found):
    assert value(found, "pairs", "lag, median |error| (s)", "20 % gaps") <= 64


def test_intervals_of_r_and_of_its_difference_hold_the_truth(found):
    table = found["coverage"]
    for kind in ("no effect", "independent waves"):
        for measure in ("r, alfvenic_1", "r, quiet", "delta r"):
            chosen = table[(table["measure"] == measure) & table["group"].str.startswith(kind)]
            assert chosen["value"].mean() >= 0.8  # 10 pairs of 2 scales, the quantities of a pair are alike


def test_the_difference_is_found_where_the_waves_differ_and_not_where_they_do_not(found):
    assert value(found, "pairs", "power, delta_r", "independent waves, band") >= 0.8
    assert value(found, "pairs", "false alarms, delta_r", "no effect, all") <= 0.25  # 3 of 15
    assert value(found, "pairs", "true delta r", "independent waves, band") < -0.5


@pytest.mark.parametrize("kind", ["same waves", "shifted phase", "independent waves"])
def test_the_phase_hypothesis_is_judged_right(found, kind):
    assert value(found, "pairs", "verdict wrong", kind) == 0
    assert value(found, "pairs", "verdict right", kind) >= 0.6


def test_the_same_waves_in_quadrature_do_not_correlate_in_the_band(rows):
    compared = rows["pairs"][rows["pairs"]["kind"] != "lag"]
    true = summary.true_correlations(compared)["alfvenic_1"]
    # cos 90 degrees = 0 for the waves; the turbulence in the band, shared by 0.9, has a tenth of their power
    assert true["shifted phase", "vector", "band"] == pytest.approx(0.09, abs=0.15)
    assert true["same waves", "vector", "band"] > 0.95
    assert true["no effect", "vector", "all"] == pytest.approx(0.9, abs=0.1)


def test_figure_shows_every_event_and_pair(rows, found):
    drawn = figure.draw(rows, found)
    assert len(drawn.axes) == 6
    values = rows["events"][rows["events"].get("method") == "wavelet"]
    line = drawn.axes[0].lines[0]
    assert len(line.get_xdata()) == len(values)
    assert drawn.axes[1].get_xlabel() == "true $σ_{r}$"


def test_a_part_is_the_same_in_any_study():
    one = validation.run("events", "none", range(1, 2), 1)
    assert one.equals(validation.run("events", "none", range(0, 2), 1).iloc[1:].reset_index(drop=True))
    assert events.drawn("any", 3, 1) != events.drawn("any", 3, 2)


def test_parts_hold_every_event_once():
    parts = validation.parts(validation.Settings(events=47, pairs=30, power=5, part=20))
    numbers = {}
    for _, (study, kind, part) in parts.items():
        numbers.setdefault((study, kind), []).extend(part)
    assert numbers["events", "alfvenic"] == list(range(24))
    assert numbers["events", "any"] == list(range(23))
    assert numbers["pairs", "lag"] == list(range(30))
    assert numbers["pairs", "power 0.1 2 h"] == list(range(5))
    assert not any(" " in name for name in parts)


@pytest.mark.parametrize(
    "kind", ["no effect", "separation", "same waves", "shifted phase", "independent waves", "power 0.2 4 h"]
)
def test_kinds_of_pairs_differ_in_their_waves_alone(kind):
    event = pairs.drawn(kind, 0, 1)
    assert (event.waves.db_over_b == 0) == (kind in ("no effect", "separation"))
    assert event.second.lag_s == 30 * 64
    if kind.startswith("power"):
        assert (event.waves.db_over_b, event.waves.duration_h) == (0.2, 4.0)


def test_ensemble_values_by_hand():
    """dB/B = 0.2 and turbulence of 0.1 in each of v and b with a band that holds all of it: sigma_c / 1.25."""
    event = events.drawn("any", 0, 1)
    waves = event.waves.model_copy(
        update={"sigma_c": 0.8, "sigma_r": 0.0, "db_over_b": 0.2, "periods_s": (8.0, 7200.0)}
    )
    turbulence = event.turbulence.model_copy(update={"ejecta": 0.1, "longest_period_s": 7200.0})
    chosen = event.model_copy(update={"waves": waves, "turbulence": turbulence, "sampling_s": 2.0})
    assert events.expected(chosen) == pytest.approx({"sigma_c": 0.8 / 1.25, "sigma_r": 0.0})


def test_share_of_a_band_in_a_spectrum_by_numerical_integration():
    f = np.linspace(1 / 7200, 1 / 60, 400_000)
    power = f ** (-5 / 3)
    inside = (f >= 1 / 3600) & (f <= 1 / 600)
    assert events._share((600.0, 3600.0), (60.0, 7200.0)) == pytest.approx(power[inside].sum() / power.sum(), rel=1e-3)


def test_held_and_judged_by_hand():
    part = pd.DataFrame({"r_low": [0.1, 0.5, np.nan], "r_high": [0.3, 0.6, np.nan]})
    np.testing.assert_equal(summary.held(part, "r", pd.Series([0.2, 0.7, 0.1])), [1, 0, np.nan])
    row = summary._row("m", "g", [1, 0, np.nan], (0.92, 0.98))
    assert (row["n"], row["value"], row["met"]) == (2, 0.5, False)
    assert summary._row("m", "g", [1.0, 3.0])["standard_error"] == pytest.approx(1.0)
    assert summary._row("m", "g", np.zeros(16))["standard_error"] == pytest.approx(np.sqrt(0.1 * 0.9 / 20))


def test_text_names_what_was_missed():
    bad = pd.DataFrame([summary._row("m", "g", [0.5, 0.5, 0.6], (0.92, 0.98)), summary._row("free", "g", [1.0])])
    text = summary.text({"coverage": bad})
    assert "MISSED" in text
    assert "free" not in text
