"""Imports flow one way, so that the science can be used without the workflow and read without the figures."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "pipeline"
GROUND = {"constants", "schema", "config", "product", "sources"}
TOP = {"again", "figures", "report", "results", "tables", "validation", "sensitivity"}


def layer(module: str) -> int:
    room = module.split(".")[1]
    return 0 if room in GROUND else 2 if room in TOP else 1


def imports(path):
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from ([f"pipeline.{a.name}" for a in node.names] if node.module == "pipeline" else [node.module])


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_no_module_imports_from_a_layer_above(path):
    name = "pipeline." + ".".join(path.relative_to(PACKAGE).with_suffix("").parts)
    for imported in imports(path):
        assert not imported.startswith(("workflows", "snakemake")), f"{name} imports {imported}"
        if imported.startswith("pipeline.") and name != "pipeline.__init__":
            if imported == "pipeline.__version__":
                continue
            assert layer(imported) <= layer(name), f"{name} imports {imported} from a layer above"


@pytest.mark.parametrize("path", sorted((PACKAGE / "physics").glob("*.py")), ids=lambda p: p.stem)
def test_physics_knows_only_arrays(path):
    allowed = ("pipeline.physics", "pipeline.constants")
    for imported in imports(path):
        if imported.startswith("pipeline."):
            assert imported.startswith(allowed), f"{path.stem} imports {imported}"
        assert imported.split(".")[0] not in {"xarray", "pandas", "matplotlib", "pydantic"}
