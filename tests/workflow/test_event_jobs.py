"""`jobs=event`, all results of an event in two jobs: the same files as by a job per result, and again what changed."""

import shutil
import sys
from pathlib import Path

import pytest
from runs import ROOT, Run, completed

from pipeline import provenance

# Few results: who makes them is the question.
CONFIG = """
archive: archive
events: events.csv
fetch: {margin_h: 1}
lag: {search_s: 3600}
diagnostics: {hodogram: {}}
pairs: {correlation: {}}
figures: {pair: [hodogram]}
"""
REPORT = ("--", "results/virtual-000/report.html")
LEFT_OUT = ("benchmarks", ".provenance", "catalogue")


@pytest.fixture(scope="module")
def world(tmp_path_factory) -> Path:
    """One virtual event of eight hours as an archive and a table."""
    sys.path.insert(0, str(ROOT / "tests" / "cluster"))
    import virtual_catalogue

    folder = tmp_path_factory.mktemp("batch")
    virtual_catalogue.write(folder, 1)
    return folder


@pytest.fixture(scope="module")
def by_event(world) -> Run:
    return completed(run(world, "by_event", "jobs=event"), *REPORT)


def run(world: Path, name: str, *keys: str) -> Run:
    folder = world / name
    folder.mkdir()
    for part in ("archive", "events.csv"):
        (folder / part).symlink_to(world / part)
    (folder / "small.yaml").write_text(CONFIG)
    return Run(folder, ("--configfile", "small.yaml", "--replace-workflow-config", "--config", *keys))


@pytest.fixture(scope="module", autouse=True)
def _fixed_times():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOURCE_DATE_EPOCH", "1700000000")
        patch.setenv("GIT_DIR", "/nowhere")  # results name the commit, which may change meanwhile
        yield


def results(run: Run) -> dict[str, str]:
    """Checksums of an event's results by name."""
    folder = run.results / "virtual-000"
    return {
        path.relative_to(folder).as_posix(): provenance.sha256(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not {*path.relative_to(folder).parts} & {*LEFT_OUT}
    }


def test_both_ways_give_the_same_bytes(world, by_event):
    by_result = completed(run(world, "by_result", "jobs=result"), *REPORT)
    # The page tells the settings of its run, and these differ in the one that is tested.
    one, other = ({k: v for k, v in results(r).items() if k != "report.html"} for r in (by_result, by_event))
    assert one == other
    assert len(one) >= 20


def test_the_records_are_those_of_a_job_per_result(by_event):
    done = by_event.snakemake("--", "verify")
    assert done.returncode == 0, done.stdout + done.stderr
    assert " ok" in done.stdout
    assert "stale" not in done.stdout


def test_another_setting_remakes_what_depends_on_it_alone(world, by_event):
    folder = world / "changed"
    shutil.copytree(by_event.folder, folder, symlinks=True)
    before = {p: p.stat().st_mtime_ns for p in (folder / "results" / "virtual-000").glob("*/*.nc")}
    (folder / "small.yaml").write_text(CONFIG.replace("hodogram: {}", "hodogram: {smooth_s: 1200}"))
    completed(Run(folder, by_event.arguments), *REPORT)
    remade = {p.parent.name + "/" + p.name for p, when in before.items() if p.stat().st_mtime_ns != when}
    assert remade == {"ace/hodogram.nc", "wind/hodogram.nc"}


def test_what_is_no_longer_asked_for_is_not_on_the_page(world, by_event):
    """A pair and a figure are dropped: their files stay, and the page is that of a run which never made them."""
    fewer = CONFIG.replace("{correlation: {}}", "{}").replace("[hodogram]", "[]")
    folder = world / "fewer"
    shutil.copytree(by_event.folder, folder, symlinks=True)
    (folder / "small.yaml").write_text(fewer)
    over_others = completed(Run(folder, by_event.arguments), *REPORT)
    fresh = run(world, "fresh", "jobs=event")
    (fresh.folder / "small.yaml").write_text(fewer)
    completed(fresh, *REPORT)
    assert "ace-wind/correlation.nc" in results(over_others)
    assert "ace-wind/correlation.nc" not in results(fresh)
    assert results(over_others)["report.html"] == results(fresh)["report.html"]


def test_a_result_that_fails_is_told_and_the_others_are_kept(world, by_event):
    folder = world / "broken"
    shutil.copytree(by_event.folder, folder, symlinks=True)
    raw = folder / "results" / "virtual-000" / "wind" / "files.json"
    raw.write_text(raw.read_text().replace('"sha256": "', '"sha256": "0'))
    done = Run(folder, by_event.arguments).snakemake(*REPORT)
    assert done.returncode != 0
    status = (folder / "results" / "catalogue" / "status.csv").read_text()
    assert "virtual-000,failed,load,wind," in status
    assert (folder / "results" / "virtual-000" / "ace" / "raw.nc").is_file()


def test_the_events_that_are_done_are_a_table_whose_catalogue_alone_is_missing(world, by_event):
    folder = world / "done"
    shutil.copytree(by_event.folder, folder, symlinks=True)
    rows = (world / "events.csv").read_text("utf-8")
    (folder / "events.csv").unlink()
    (folder / "events.csv").write_text(f"{rows}later,ace,,2003-11-20T11:00,2003-11-20T18:00,\n")
    completed(Run(folder, by_event.arguments), "--", "done")
    assert (folder / "results" / "catalogue" / "events_done.csv").read_text("utf-8") == rows
    of_those = Run(folder, (*by_event.arguments, "events=results/catalogue/events_done.csv"))
    assert of_those.planned("--", "population") == {"catalogue": 4, "population": 1}
