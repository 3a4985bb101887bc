"""Where the genuine files are, no test that asks for them may be skipped; where they must be, their absence fails."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
TESTS = """
import pytest

def test_runs(shared): assert shared.is_dir()
def test_skips_itself(shared): pytest.skip("no reason")
@pytest.fixture
def indirect(shared): pytest.skip("a fixture that finds no file")
def test_skipped_by_a_fixture(indirect): pass
@pytest.mark.genuine
@pytest.mark.skipif(True, reason="marked")
def test_marked(): pass
@pytest.mark.parametrize("path", [])
def test_of_files_that_are_not_there(shared, path): pass
def test_of_something_else(): pytest.skip("no browser")
"""


@pytest.mark.parametrize(
    ("there", "environment", "expected"),
    [
        (True, {}, {"passed": 1, "failed": 1, "errors": 3, "skipped": 1}),
        (False, {}, {"skipped": 6}),
        (False, {"CI": "1"}, {"skipped": 3, "errors": 3}),
    ],
)
def test_who_may_be_skipped(tmp_path, there, environment, expected):
    tests = tmp_path / "project" / "tests"
    tests.mkdir(parents=True)
    shutil.copy(HERE / "conftest.py", tests)
    (tests / "test_it.py").write_text(TESTS)
    if there:
        (tmp_path / "shared").mkdir()
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", str(tests)]
    without = {key: value for key, value in os.environ.items() if key != "CI" and not key.startswith("PYTEST_")}
    done = subprocess.run(
        command, cwd=tests, env=without | environment, capture_output=True, text=True, timeout=120, check=False
    )
    last = done.stdout.splitlines()[-1]
    assert {what: int(n) for n, what in re.findall(r"(\d+) (passed|failed|skipped|errors)", last)} == expected, (
        done.stdout
    )


def test_every_test_that_is_marked_genuine_asks_for_the_files():
    """The marker alone brings no file; the fixture fails where there is none and there should be."""
    for path in HERE.rglob("test_*.py"):
        for text in path.read_text("utf-8").split("@pytest.mark.genuine\n")[1:]:
            signature = text[text.index("def ") : text.index("):")]
            assert path == Path(__file__) or re.search(r"\b(shared|genuine)\b", signature), f"{path.name}: {signature}"
