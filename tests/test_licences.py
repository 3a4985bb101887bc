"""What the project is installed with may be used and passed on by anyone: licences of the locked packages."""

import re
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
OPEN = re.compile(
    r"\b(MIT|[0-9]?-?BSD|Apache|PSF|Python Software Foundation|ISC|MPL|Mozilla Public|Zlib|NASA-1\.3|Public Domain"
    r"|Permission is hereby granted|Redistributions? (of|and use in) source)\b",
    re.IGNORECASE,
)
LOCKED = sorted(set(re.findall(r"^([A-Za-z0-9_.-]+)==", (ROOT / "requirements.lock").read_text("utf-8"), re.MULTILINE)))


def texts(package):
    """What a package says of its licence: its expression, its classifiers, its field, its files, in this order."""
    told = distribution(package).metadata
    yield told.get("License-Expression") or ""
    yield " ".join(c for c in told.get_all("Classifier") or [] if c.startswith("License"))
    yield told.get("License") or ""
    for file in distribution(package).files or ():
        if re.match(r"(LICEN[CS]E|COPYING)", file.name, re.IGNORECASE) and Path(str(file.locate())).is_file():
            yield Path(str(file.locate())).read_text("utf-8", "replace")


def test_the_lock_is_read():
    assert len(LOCKED) > 50
    assert {"numpy", "snakemake", "cdflib"} <= set(LOCKED)


@pytest.mark.parametrize("package", LOCKED)
def test_a_package_has_an_open_licence(package):
    try:
        found = [text for text in texts(package) if text]
    except PackageNotFoundError:
        return  # of another platform
    assert found or package in SILENT, f"{package} does not say what its licence is"
    assert package in SILENT or any(OPEN.search(text) for text in found), f"{package}: {found[0][:200]}"


# Packages whose metadata and files name no licence; their repositories do: MIT, all of the Snakemake project.
SILENT = {
    "conda-inject",
    "snakemake-interface-common",
    "snakemake-interface-logger-plugins",
    "snakemake-interface-report-plugins",
    "snakemake-interface-scheduler-plugins",
    "snakemake-interface-storage-plugins",
}
