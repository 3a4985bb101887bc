"""What a stage's result depends on in this package: the modules it imports, and a digest of what they say.

Snakemake sees a changed input or parameter, not a changed module. Rules therefore carry `digest(module)` as a
parameter: it follows the imports inside the package and ignores comments, layout and docstrings, so that an edit
reruns exactly the jobs whose numbers it can change.

Every job of a cluster reads the workflow again, and reading a hundred modules takes longer than all else in it: what
they say is kept from call to call (`keep`), by the bytes of the files, so that it cannot be out of date.
"""

import ast
import functools
import hashlib
import json
import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

PACKAGE = Path(__file__).parent
# Templates and styles belong to the folder they lie in.
TEXT = {".html", ".css", ".js", ".mplstyle"}
KEPT = Path(".snakemake", "pipeline_sources.json")  # in the working folder, beside what Snakemake keeps


@functools.cache
def digest(*modules: str) -> str:
    """Hex digest (16 digits) of the named modules ("pipeline.load") and of all modules of the package they import."""
    files = sorted(set().union(*(files_of(module) for module in modules)))
    lines = (f"{path.relative_to(PACKAGE)} {_facts(path)[0]}" for path in files)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def files_of(module: str) -> frozenset[Path]:
    """Files of `module` and of everything in the package that it imports, however deep."""
    found, waiting = set(), [module]
    while waiting:
        path = _path(waiting.pop())
        if path is None or path in found:
            continue
        found.add(path)
        waiting += _facts(path)[1]
        if path.name == "__init__.py" and path.parent != PACKAGE:
            found |= {p for p in path.parent.rglob("*") if p.suffix in TEXT}
    return frozenset(found)


def _path(module: str) -> Path | None:
    path = PACKAGE.joinpath(*module.split(".")[1:])
    candidates = (path.with_suffix(".py"), path / "__init__.py")
    return next((p for p in candidates if p.is_file()), None)


@functools.cache
def _facts(path: Path) -> list:
    """[fingerprint of a file, modules of the package that it imports]."""
    content = path.read_bytes()
    own = hashlib.sha256(content).hexdigest()
    if path.suffix != ".py":
        return [own, []]
    kept = _kept()
    if own not in kept:
        tree = ast.parse(content)
        kept[own] = [_fingerprint(tree), _imports(tree)]
    return kept[own]


def _imports(tree):
    """Modules of the package that a file imports, at its top or inside functions."""
    names = []
    for node in _statements(tree):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return [name for name in names if name.startswith(PACKAGE.name + ".")]


def _fingerprint(tree):
    """Digest of what the file does; takes the docstrings out of the tree."""
    for node in (tree, *_statements(tree)):
        body = getattr(node, "body", None)
        if body and _is_text(body[0]):
            body[0].value.value = ""
    return hashlib.sha256(ast.dump(tree).encode()).hexdigest()


def _statements(node) -> Iterator[ast.AST]:
    """All statements inside a node, however deep, past their expressions: a tenth of what ast.walk goes through."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.stmt | ast.excepthandler | ast.match_case):
            yield child
            yield from _statements(child)


def _is_text(node) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


@functools.cache
def _kept() -> dict[str, list]:
    """Facts by the digest of a file's bytes: those that an earlier call has kept, and what is found in this one."""
    return _read()


def _read():
    try:
        kept = json.loads(KEPT.read_text("utf-8"))
        return dict(kept["facts"]) if kept["by"] == _reader() else {}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def _reader():
    """Who read the files: this module in this Python, whose syntax trees differ from those of others."""
    return f"{sys.version_info[:2]} {hashlib.sha256(Path(__file__).read_bytes()).hexdigest()}"


def keep() -> None:
    """Keep what was found for the next call, where Snakemake keeps its own; where that cannot be, it is found again."""
    if not KEPT.parent.is_dir() or _kept() == _read():
        return
    part = KEPT.with_name(f"{KEPT.name}.{os.getpid()}")
    try:
        part.write_text(json.dumps({"by": _reader(), "facts": _kept()}), "utf-8")
        part.replace(KEPT)
    except OSError:
        with suppress(OSError):  # a disk that can only be read refuses that too
            part.unlink()
