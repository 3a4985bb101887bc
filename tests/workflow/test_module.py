"""The workflow as a module of another: rules under a prefix, paths as that one chooses, whatever the folder."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

CONFIG = {
    "events": str(ROOT / "configs" / "events.csv"),
    "results": "study/results",
    "data": "study/data",
    "archive": "https://archive.invalid",
    "diagnostics": {"hodogram": {}},
    "pairs": {"correlation": {}},
}


def snakefile(config: dict) -> str:
    return f"""
module ejecta:
    snakefile:
        "{ROOT}/Snakefile"
    config:
        {config}


use rule * from ejecta as ejecta_*


rule mine:
    input:
        rules.ejecta_all.input,
    default_target: True
"""


def snakemake(folder: Path, *more: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "snakemake", "--cores", "2", *more]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300)


def test_another_workflow_can_use_the_rules_from_any_folder(tmp_path):
    (tmp_path / "Snakefile").write_text(snakefile(CONFIG))
    done = snakemake(tmp_path, "-n")
    assert done.returncode == 0, done.stdout + done.stderr
    for rule, count in (("ejecta_fetch", 4), ("ejecta_diagnose", 4), ("ejecta_lag", 2), ("ejecta_report", 2)):
        assert f"{rule} {count}" in " ".join(done.stdout.split())
    assert "study/results/2003-11-20/report.html" in done.stdout
    assert not (tmp_path / "results").exists()


@pytest.fixture(scope="module")
def ran(tmp_path_factory) -> Path:
    """Tables of a virtual event of one spacecraft, made as a module's, all numbers in one job."""
    sys.path.insert(0, str(ROOT / "tests" / "cluster"))
    import virtual_catalogue

    folder = tmp_path_factory.mktemp("module")
    table = virtual_catalogue.write(folder, 1)
    table.write_text("".join(table.read_text("utf-8").splitlines(keepends=True)[:2]), "utf-8")
    here = {"events": str(table), "archive": str(folder / "archive"), "jobs": "event", "fetch": {"margin_h": 1}}
    (folder / "Snakefile").write_text(snakefile(CONFIG | here))
    done = snakemake(folder, "study/results/virtual-000/tables/intervals.csv")
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def test_its_results_are_verified_from_there(ran):
    done = snakemake(ran, "ejecta_verify")
    assert done.returncode == 0, done.stdout + done.stderr
    (counted,) = (line for line in (done.stdout + done.stderr).splitlines() if " files: " in line)
    files, _, found = counted.partition(" files: ")
    assert found == f"{files} ok"
    assert int(files) >= 10


def test_an_altered_result_and_one_of_a_rule_that_is_not_there_are_told(ran):
    folder = ran / "study" / "results" / "virtual-000"
    (folder / "intervals.csv").write_text("edited")
    record = folder / "ace" / ".provenance" / "raw.nc.json"
    record.write_text(json.dumps(json.loads(record.read_text("utf-8")) | {"stage": "ejecta_divine"}))
    done = snakemake(ran, "ejecta_verify")
    said = done.stdout + done.stderr
    assert done.returncode != 0
    assert "altered: virtual-000/intervals.csv: its sha256 is not the recorded one" in said
    assert "unverifiable: virtual-000/ace/raw.nc: with these settings a run makes no such result (ejecta_d" in said
