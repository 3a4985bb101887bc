"""What ordinary events never reach: one sample, no instrument, a band that no data hold, nothing known at all."""

from types import SimpleNamespace

import numpy as np
import pytest
from test_bad_physics import BINS, USUAL, put, rows, settings_of, still, uniform

from pipeline import detect, fluctuations, load, resample
from pipeline.pairs import coherence, hodograms
from pipeline.records import scales
from pipeline.sensitivity import run as sensitivity


def test_the_step_of_a_single_bin_is_that_of_its_file_or_unknown():
    one = uniform("ace").isel(time=[0])
    assert fluctuations.cadence_s(one) == 60.0
    del one.attrs["cadence_s"]
    assert np.isnan(fluctuations.cadence_s(one))


def test_no_record_covers_anything():
    time = np.array(["2001-01-01"], "datetime64[ns]")
    assert not load.covering(time[:0], 16.0, time)[1].any()
    assert load.covering(time, 16.0, time)[1].all()


def test_a_record_without_any_value_is_bridged_by_nothing():
    filled, missing = scales.bridged(np.full((5, 3), np.nan), 60.0, 3600.0)
    assert missing.all()
    assert not filled.any()


def test_no_instrument_anywhere_gives_no_grid():
    attrs = {"event": "e", "spacecraft": "ace", "product_field": "", "product_plasma": ""}
    attrs |= {"accumulation_mag_s": np.nan, "accumulation_plasma_s": np.nan}
    with pytest.raises(resample.ResampleError, match="e: no instrument of any spacecraft has data"):
        resample.cadence([SimpleNamespace(attrs=attrs)], "auto")


def test_a_line_without_two_values_is_taken_for_none():
    """The field outside the ejecta stays as it is where inside nothing is known of it."""
    ds, table = uniform("ace"), rows("ace", USUAL)
    gone = ds["b"].copy()
    gone[150:421] = np.nan
    stages = SimpleNamespace(verdict=SimpleNamespace(band_s=(300.0, 1800.0)))
    found = sensitivity.detrended(ds.assign(b=gone), table, "linear", stages)
    np.testing.assert_array_equal(found["b"], gone)
    taken = sensitivity.detrended(ds, table, "linear", stages)["b"].values[150:420]
    slopes = np.polyfit(np.arange(len(taken)), taken, 1)[0]
    assert np.abs(slopes).max() < 1e-9  # nT per bin: rounding


def test_a_band_that_no_data_hold_is_no_member_of_the_ensemble():
    """Of three bands one is finer than two bins of a minute: intervals and their spread are those of the other two."""
    usable = ((600.0, 3600.0), (1800.0, 7200.0))
    table = rows("ace", USUAL)
    found = [
        detect.detect(uniform("ace"), table, detect.Settings(ensemble_bands_s=bands))
        for bands in (usable, ((10.0, 40.0), *usable))
    ]
    assert len(found[0])
    np.testing.assert_array_equal(found[0].to_csv(), found[1].to_csv())


def test_what_overlaps_is_cut_and_what_is_then_too_short_dropped():
    assert detect._without_overlap([(0, 10), (8, 30), (28, 33)], 5) == [(0, 10), (10, 30)]


def test_a_hodogram_without_surrogates_has_its_likeness_and_no_p():
    settings = hodograms.Settings(surrogates=0)
    first, second = uniform("ace", 1), uniform("wind", 1)
    found = hodograms.compute(first, second, rows("ace", USUAL), 0.0, settings).sel(interval="ejecta")
    assert float(found["disparity"]) == pytest.approx(0.0, abs=1e-9)  # the same curve
    assert np.isnan(float(found["disparity_p"]))
    assert np.isnan(float(found["frechet_p"]))


def test_a_map_without_a_period_in_the_band_says_so():
    settings = settings_of(coherence).model_copy(update={"band_s": (61.0, 61.5)})
    found = coherence.compute(uniform("ace", 1), uniform("wind", 2), rows("ace", USUAL), 0.0, settings)
    assert set(found["reason"].values.ravel()) == {"no period of the map lies in the band"}
    assert np.isnan(found["coherency"].values).all()


def test_a_position_that_is_nowhere_known_is_unknown_everywhere():
    """As tests/test_resample.py, by its own raw data."""
    raw = {"time_orbit": np.array(["2001-01-01"], "datetime64[ns]"), "position": np.full((1, 3), np.nan)}
    raw = {name: SimpleNamespace(values=values) for name, values in raw.items()}
    assert np.isnan(resample._interpolated_position(raw, np.arange(BINS))).all()


def test_a_span_without_increments_is_no_jump():
    data = SimpleNamespace(samples=lambda seconds: 10, band_s=(600.0, 3600.0))
    data.v = data.b = np.zeros((200, 3))
    assert not detect.one_jump(data, (0, 200))  # nothing varies
    assert not detect.one_jump(data, (0, 25))  # too short to tell one place from all
    step = np.repeat([[0.0] * 3, [1.0] * 3], 100, axis=0)
    data.v = data.b = step
    assert detect.one_jump(data, (0, 200))


def test_nothing_that_varies_has_no_interval():
    assert not len(detect.detect(put(still(uniform("ace")), 0.0, "b_mag"), rows("ace", USUAL), detect.Settings()))


def test_what_does_not_hold_as_a_whole_is_no_interval(monkeypatch):
    """Neither the widened interval nor its longest core: then none, however good the samples are one by one."""
    table = rows("ace", USUAL)
    assert len(detect.detect(uniform("ace"), table, detect.Settings()))
    monkeypatch.setattr(detect, "as_a_whole", lambda *_: False)
    assert not len(detect.detect(uniform("ace"), table, detect.Settings()))


def test_a_change_of_energy_is_found_at_its_place_and_none_where_nothing_is_known():
    noise = np.random.default_rng(3).normal(size=(2, 200, 3))
    noise[:, 120:] *= 6
    data = SimpleNamespace(v=noise[0], b=noise[1])
    # log-likelihood per sample changes by some ten units at a change of 36 in energy: one or two samples tell the place
    assert detect.change_point(data, 0, 200, 10) == pytest.approx(120, abs=2)
    assert detect.change_point(data, 40, 200, 10) == pytest.approx(120, abs=2)
    data.v = np.full_like(noise[0], np.nan)
    assert detect.change_point(data, 0, 200, 10) is None
