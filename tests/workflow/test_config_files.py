"""The files that a run is given as its settings are looked at before anything is made of them."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(("again", "wrong"), [("diagnostics: {walen: {}}", True), ("pairs: {correlation: {}}", False)])
def test_a_key_given_twice_stops_the_run_with_file_line_and_key(tmp_path, again, wrong):
    """Snakemake itself keeps the last block and forgets the first without a word."""
    (tmp_path / "twice.yaml").write_text(
        f"events: {ROOT}/configs/events.csv\ndiagnostics: {{hodogram: {{}}}}\n{again}\n"
    )
    command = [sys.executable, "-m", "snakemake", "-s", str(ROOT / "Snakefile"), "-n", "--configfile", "twice.yaml"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    said = "twice.yaml, line 3: key 'diagnostics' is given twice, first in line 2"
    assert (done.returncode != 0, said in done.stdout + done.stderr) == (wrong, wrong), done.stdout + done.stderr
