"""What a stage's result depends on in this package: the modules it imports, and a digest of what they say.

Snakemake sees a changed input or parameter, not a changed module. Rules therefore carry `digest(module)` as a
parameter: it follows the imports inside the package and ignores comments, layout and docstrings, so that an edit
reruns exactly the jobs whose numbers it can change.
"""

import ast
import functools
import hashlib
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).parent
TEXT = {
    ".html",
    ".css",
    ".js",
    ".mplstyle",
}  # templates and styles belong to the folder they lie in


@functools.cache
def digest(*modules: str) -> str:
    """Hex digest (16 digits) of the named modules ("pipeline.load") and of all modules of the package they import."""
    files = sorted(set().union(*(files_of(module) for module in modules)))
    lines = (f"{path.relative_to(PACKAGE)} {_fingerprint(path)}" for path in files)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def files_of(module: str) -> frozenset[Path]:
    """Files of `module` and of everything in the package that it imports, however deep."""
    found, waiting = set(), [module]
    while waiting:
        path = _path(waiting.pop())
        if path is None or path in found:
            continue
        found.add(path)
        waiting += _imports(path)
        if path.name == "__init__.py" and path.parent != PACKAGE:
            found |= {p for p in path.parent.rglob("*") if p.suffix in TEXT}
    return frozenset(found)


def _path(module: str) -> Path | None:
    path = PACKAGE.joinpath(*module.split(".")[1:])
    candidates = (path.with_suffix(".py"), path / "__init__.py")
    return next((p for p in candidates if p.is_file()), None)


@functools.cache
def _imports(path: Path) -> tuple[str, ...]:
    """Modules of the package that a file imports, at its top or inside functions."""
    names = []
    for node in _statements(_tree(path, path.stat().st_mtime_ns)):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return tuple(name for name in names if name.startswith(PACKAGE.name + "."))


@functools.cache
def _tree(path: Path, written_ns: int) -> ast.Module:
    """A file's syntax, parsed once: the workflow is read again by every job of a cluster."""
    return ast.parse(path.read_text("utf-8"))


def _statements(node: ast.AST) -> Iterator[ast.AST]:
    """All statements inside a node, however deep, past their expressions: a tenth of what ast.walk goes through."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.stmt | ast.excepthandler | ast.match_case):
            yield child
            yield from _statements(child)


@functools.cache
def _fingerprint(path: Path) -> str:
    if path.suffix != ".py":
        return hashlib.sha256(path.read_bytes()).hexdigest()
    tree = _tree(path, path.stat().st_mtime_ns)
    for node in (tree, *_statements(tree)):
        body = getattr(node, "body", None)
        if body and _is_text(body[0]):
            body[0].value.value = ""
    return hashlib.sha256(ast.dump(tree).encode()).hexdigest()


def _is_text(node) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
