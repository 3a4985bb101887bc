"""The workflow as a module of another: rules under a prefix, paths as that one chooses, whatever the folder."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

CONFIG = {
    "events": str(ROOT / "configs" / "events.csv"),
    "results": "study/results",
    "data": "study/data",
    "archive": "https://archive.invalid",
    "diagnostics": {"hodogram": {}},
    "pairs": {"correlation": {}},
}
SNAKEFILE = f"""
module ejecta:
    snakefile:
        "{ROOT}/Snakefile"
    config:
        {CONFIG}


use rule * from ejecta as ejecta_*


rule mine:
    input:
        rules.ejecta_all.input,
    default_target: True
"""


def test_another_workflow_can_use_the_rules_from_any_folder(tmp_path):
    (tmp_path / "Snakefile").write_text(SNAKEFILE)
    command = [sys.executable, "-m", "snakemake", "-n", "--cores", "1"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    for rule, count in (("ejecta_fetch", 4), ("ejecta_diagnose", 4), ("ejecta_lag", 2), ("ejecta_report", 2)):
        assert f"{rule} {count}" in " ".join(done.stdout.split())
    assert "study/results/2003-11-20/report.html" in done.stdout
    assert not (tmp_path / "results").exists()
