"""Nothing lies in the package that only tests use, or nobody."""

import ast
import re
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
USERS = ("pipeline", "workflows", "notebooks", "profiles", "configs")
WORDS = Counter(
    word
    for folder in (*USERS, "Snakefile")
    for path in ([ROOT / folder] if folder == "Snakefile" else (ROOT / folder).rglob("*"))
    if path.is_file()
    and (path.name == "Snakefile" or path.suffix in {".py", ".smk", ".ipynb", ".html", ".yaml", ".mplstyle"})
    for word in re.findall(r"\w+", path.read_text("utf-8"))
)
# For windows of one's own, raced against its peers in tests/benchmarks; what a notebook asks a figure for.
KEPT = {"sliding_minimum_variance", "_repr_png_"}


def named(path: Path):
    """Functions, classes, methods and constants of a module, without those that a decorator hands on."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            used_by_name = {ast.unparse(d) for d in node.decorator_list} <= {
                "property",
                "staticmethod",
                "contextmanager",
            }
            if used_by_name and not node.name.startswith("__"):
                yield node.name
        elif isinstance(node, ast.Module):
            targets = [t for n in node.body if isinstance(n, ast.Assign) for t in n.targets]
            names = [e for t in targets for e in (t.elts if isinstance(t, ast.Tuple) else [t])]
            yield from (name.id for name in names if isinstance(name, ast.Name) and not name.id.startswith("__"))


@pytest.mark.parametrize("path", sorted((ROOT / "pipeline").rglob("*.py")), ids=lambda p: str(p.relative_to(ROOT)))
def test_everything_is_used_somewhere(path):
    unused = {name for name in named(path) if WORDS[name] < 2}
    assert unused <= KEPT, f"{path.name}: only tests use {sorted(unused - KEPT)}, or nobody"


def test_what_is_kept_is_there():
    assert all(WORDS[name] == 1 for name in KEPT)
