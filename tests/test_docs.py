"""What the pages of docs/ and README name exists: modules, functions, files, links."""

import importlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
MODULE = re.compile(r"`((?:physics|stats|pairs|diagnostics|population|detect|resample|frames)(?:\.[a-z_]+)*)`")


def resolves(name):
    """Whether pipeline.{name} is a module, or something that a module holds."""
    parts = ("pipeline", *name.split("."))
    for size in range(len(parts), 1, -1):
        try:
            found = importlib.import_module(".".join(parts[:size]))
        except ModuleNotFoundError:
            continue
        return all(hasattr(found, attribute) for attribute in parts[size:])
    return False


def test_every_module_and_function_that_methods_names_exists():
    names = set(MODULE.findall((ROOT / "docs" / "methods.md").read_text("utf-8")))
    assert len(names) > 20
    assert [name for name in sorted(names) if not resolves(name)] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_links_between_pages_lead_somewhere(page):
    links = re.findall(r"\]\(([^)#:]+)\)", page.read_text("utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_every_stage_and_module_that_can_be_chosen_has_its_settings_documented():
    page = (ROOT / "docs" / "settings.md").read_text("utf-8")
    for folder in ("diagnostics", "pairs"):
        for path in (ROOT / "pipeline" / folder).glob("[a-z]*.py"):
            assert f"## {folder}.{path.stem}" in page
