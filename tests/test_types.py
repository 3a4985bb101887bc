"""Public functions say what they take and what they give. Of the latter the linter sees to (ANN201)."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "pipeline"


def public(body):
    """Public functions of a module, and public methods of its public classes."""
    for node in body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield from public(node.body)
        elif isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            yield node


def untyped(function):
    given = function.args
    everything = [*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg, given.kwarg]
    return [a.arg for a in everything if a and a.annotation is None and a.arg not in ("self", "cls")]


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_public_functions_have_typed_parameters(path):
    found = {f.name: untyped(f) for f in public(ast.parse(path.read_text("utf-8")).body)}
    assert not any(found.values()), f"{path.name}: no type of { ({name: a for name, a in found.items() if a}) }"
