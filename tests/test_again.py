"""One result again in memory: with the same settings what its module computes, with others another; nothing written."""

import numpy as np
import pytest
from results_factory import EVENT, write_results

from pipeline import again, intervals, sensitivity, sources
from pipeline.diagnostics import hodogram
from pipeline.results import EventResults


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    root = tmp_path_factory.mktemp("again")
    write_results(root)
    return EventResults(root / EVENT)


def test_a_diagnostic_again_is_what_its_module_computes_and_another_setting_shows(results):
    files = {path: path.stat().st_mtime_ns for path in results.folder.rglob("*")}
    found = again.diagnostic(results, "hodogram", "ace")
    direct = hodogram.compute(results.uniform("ace"), intervals.of(results.intervals, "ace"), hodogram.Settings())
    np.testing.assert_array_equal(found["eigenvalue_max"], direct["eigenvalue"].values[:, 0])
    other = again.diagnostic(results, "hodogram", "ace", smooth_s=3600.0)
    both = again.beside(found, other, ["turning_deg"])
    assert list(both.columns) == [("turning_deg", "before"), ("turning_deg", "after")]
    ejecta = both["turning_deg"].loc["ejecta"]
    assert ejecta["after"] < ejecta["before"]  # smoothing takes turns away
    assert {path: path.stat().st_mtime_ns for path in results.folder.rglob("*")} == files


def test_a_pair_again_is_taken_at_the_lag_of_the_event(results):
    found = again.pair(results, "correlation", "ace", "wind", surrogates=0)
    assert set(found["event"]) == {EVENT}
    assert found["lag_s"].unique() == pytest.approx([results.lag_s("ace", "wind")])


def test_an_ensemble_counts_when_all_of_it_is_there(tmp_path):
    (tmp_path / "sensitivity").mkdir()
    for name in sensitivity.SHOWN:
        assert sensitivity.made(tmp_path) == ""
        (tmp_path / "sensitivity" / name).write_text(name)
    first = sensitivity.made(tmp_path)
    (tmp_path / "sensitivity" / sensitivity.SHOWN[0]).write_text("another")
    assert first
    assert sensitivity.made(tmp_path) not in ("", first)


def test_templates_belong_to_what_a_page_depends_on():
    assert any(path.suffix == ".html" for path in sources.files_of("pipeline.report"))
    assert len(sources.digest("pipeline.report")) == 16
