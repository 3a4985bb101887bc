"""The phase hypothesis on simulated waves: the right verdict, the right phase, the predicted delay."""

import numpy as np
import pytest
from simulated_pairs import STEP_S, red_noise, rows, spacecraft
from test_coherence import N, turned, waves

from pipeline.constants import ALFVEN_FACTOR
from pipeline.pairs import phase

TABLE = rows(("one", "alfvenic_1", 10, 16), ("one", "short", 10, 10.5), ("one", "nowhere", None, None))
QUICK = phase.Settings(surrogates=40)


def with_plasma(name, b, velocity=(-400.0, 0.0, 0.0), position=(1.5e6, 0.0, 0.0), dv=None):
    ds = spacecraft(name, b, velocity, position)
    ds["n"] = "time", np.full(len(b), 5.0)
    ds["alpha_ratio"] = "time", np.zeros(len(b))
    if dv is not None:
        ds["v"] = ds["v"] + dv
    return ds


def pair(rng, case, snr):
    """Shared slow field, waves by `case`, and noise of the band's own spectrum, 1/snr of the waves, at each."""
    slow, w = 5 * red_noise(rng, (3, N), 3.0).T, waves(rng, N + 60)
    first = w[30:-30]
    second = {
        "same": first,
        "quarter period": turned(first, np.pi / 2),
        "ten minutes": w[20:-40],
        "other": waves(rng),
    }[case]
    b = [slow + a + waves(rng) / snr for a in (first, second)]
    return with_plasma("one", b[0]), with_plasma("two", b[1])


@pytest.mark.parametrize(
    ("case", "snr", "right"),
    [
        ("same", 3, {phase.SAME_PHASE}),
        ("quarter period", 3, {phase.OTHER_PHASE}),
        ("quarter period", 2, {phase.OTHER_PHASE}),
        ("ten minutes", 3, {phase.OTHER_PHASE}),
        ("other", 3, {phase.OTHER_WAVES}),
        ("same", 1, {phase.UNKNOWN, phase.OTHER_WAVES}),  # half of the variance is shared: the border itself
    ],
)
def test_verdict_is_right_in_nine_of_ten(case, snr, right):
    rng = np.random.default_rng(1)
    found = [phase.compute(*pair(rng, case, snr), TABLE[:1], 0.0, QUICK) for _ in range(10)]
    verdicts = [str(ds["verdict"].values[0]) for ds in found]
    assert sum(verdict in right for verdict in verdicts) >= 9, verdicts
    shared = np.median([float(ds["shared"][0]) for ds in found])
    truth = 0.0 if case == "other" else snr**2 / (1 + snr**2)
    assert shared == pytest.approx(truth, abs=0.15 if case == "other" else 0.06)
    delays = np.array([float(ds["delay_s"][0]) for ds in found])
    if case in ("same", "ten minutes"):
        assert np.median(np.abs(delays - (600 if case == "ten minutes" else 0))) <= 240  # two steps of the search
    if case == "quarter period":
        errors = [float(ds["phase_deg"][0]) - 90 for ds in found]
        assert np.median(np.abs(errors)) < 6
    inside = [ds["amplitude_ratio_ci"].values[0] for ds in found]
    assert sum(low < 1 < high for low, high in inside) >= 8


def test_delay_of_an_oblique_wave_is_predicted_from_its_normal_and_the_plasma():
    """Circular waves transverse to k, moving against B through the flow: (dr . k) / ((V - v_A) . k), by hand."""
    rng = np.random.default_rng(2)
    k = np.array([np.cos(0.4), np.sin(0.4), 0.0])
    sides = np.array([[-np.sin(0.4), np.cos(0.4), 0.0], [0.0, 0.0, 1.0]])
    w = waves(rng, N + 60)[:, 0]
    transverse = np.stack([w, turned(w[:, None], np.pi / 2)[:, 0]], axis=1) @ sides
    factor = ALFVEN_FACTOR / np.sqrt(5.0)
    mean_field = np.array([8.0, 0.0, 0.0])
    flow = np.array([-400.0, 0.0, 0.0])
    separation = np.array([-3e5, 6e5, 0.0])
    speed = (flow - factor * mean_field) @ k
    delay_s = separation @ k / speed
    steps = round(delay_s / STEP_S)
    at_one, at_two = transverse[30:-30], transverse[30 - steps : 30 - steps + N]
    noise = [0.1 * waves(rng) for _ in range(2)]
    one = with_plasma("one", mean_field + at_one + noise[0], flow, dv=factor * at_one)
    two = with_plasma(
        "two", mean_field + at_two + noise[1], flow, one["position"].values[0] + separation, dv=factor * at_two
    )
    found = phase.compute(one, two, TABLE[:1], 0.0, QUICK).isel(interval=0)
    assert abs(found["wave_normal"].values @ k) > np.cos(np.radians(3))
    assert float(found["predicted_delay_s"]) == pytest.approx(delay_s, abs=80)  # 26 s per degree of the normal
    assert float(found["delay_s"]) == pytest.approx(delay_s, abs=150)  # a step of the search
    assert float(found["mean_period_s"]) == pytest.approx(1500, abs=500)
    lagged = phase.compute(one, two, TABLE[:1], 5 * STEP_S, QUICK).isel(interval=0)
    assert float(lagged["predicted_delay_s"]) == pytest.approx(delay_s - 300, abs=80)


def test_what_cannot_be_told_says_why():
    rng = np.random.default_rng(3)
    one, two = pair(rng, "same", 3)
    found = phase.compute(one, two, TABLE, 0.0, QUICK)
    assert list(found["verdict"].values[1:]) == [phase.UNKNOWN] * 2
    assert found["reason"].values[1] == "shorter than the band's longest period"
    assert found["reason"].values[2] == "the interval has no times on the grid"
    unknown = phase.compute(one, two, TABLE, np.nan, QUICK)
    assert (unknown["verdict"] == phase.UNKNOWN).all()
    assert (unknown["because"] == "no lag").all()
    for ds in (one, two):
        ds["v"][:] = np.nan  # no plasma: phases yes, prediction no
    found = phase.compute(one, two, TABLE[:1], 0.0, QUICK)
    assert str(found["verdict"].values[0]) == phase.SAME_PHASE
    assert np.isnan(found["predicted_delay_s"]).all()
