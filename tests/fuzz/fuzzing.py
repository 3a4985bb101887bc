"""Damage to CDF files and what becomes of it: every damaged file is refused, counted, or read as the whole one is.

The corpus is written by tests/cdf_files.py; genuine files can be given as well, and are never part of the project:

    python tests/fuzz/fuzzing.py 1000 path/to/*.cdf
"""

import argparse
import importlib
import json
import resource
import signal
import struct
import sys
import tempfile
import traceback
import warnings
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from cdf_files import epochs, write_cdf

from pipeline import cdf, cdf_records, provenance
from pipeline.config import Load
from pipeline.load import LoadError, load

DAY = date(2003, 11, 20)
COUNT = 200
LIMIT_S = 10
LIMIT_BYTES = 3 * 2**30
GOOD = ("refused", "equal", "counted")


@dataclass(frozen=True)
class Seed:
    """A whole file: what it is, its bytes, and where in them the values of its variables lie uncompressed."""

    name: str
    spacecraft: str
    product: str
    day: date
    body: bytes

    @property
    def declared(self):
        return importlib.import_module(f"pipeline.missions.{self.spacecraft}").PRODUCTS[self.product]


def variables(product: str) -> dict[str, np.ndarray]:
    """Made-up values of a product."""
    rng = np.random.default_rng(1)
    field, one = rng.normal(0, 5, (COUNT, 3)).astype("f4"), np.ones(COUNT, "f4")
    velocity = rng.normal((-450, 10, -20), 5, (COUNT, 3)).astype("f4")
    stamps = {step: epochs("2003-11-20T06:00", COUNT, step) for step in (3, 16, 60, 64, 92)}
    place = np.tile(np.float32([1.5e6, 1e5, -2e4]), (COUNT, 1))
    swe = {f"Proton_V{c}_nonlin": velocity[:, k] for k, c in enumerate("XYZ")}
    return {
        "AC_H0_MFI": {"Epoch": stamps[16], "BGSEc": field, "SC_pos_GSE": place, "Q_FLAG": np.zeros(COUNT, "i4")},
        "AC_H0_SWE": {"Epoch": stamps[64], "V_GSE": velocity, "Np": 5 * one, "Tpr": 1e5 * one},
        "WI_H0_MFI": {
            "Epoch3": stamps[3], "B3GSE": field, "Epoch": stamps[60], "PGSE": place / np.float32(6378),
            "SPC_MODE": np.ones(COUNT, "i4"),
        },
        "WI_H1_SWE": {"Epoch": stamps[92], **swe, "Proton_Np_nonlin": 5 * one, "Proton_W_nonlin": 40 * one,
                      "fit_flag": np.full(COUNT, 10, "i1")},
    }[product]  # fmt: skip


def corpus(folder: Path) -> list[Seed]:
    """Seeds that differ in what a reader has to follow: values plain or compressed, file compressed, checksum."""
    kinds = {
        "plain": ("ace", "AC_H0_MFI", {}),
        "compressed values": ("ace", "AC_H0_SWE", {"compress": 6}),
        "two clocks": ("wind", "WI_H0_MFI", {}),
        "compressed file": ("wind", "WI_H0_MFI", {"compress_file": 6}),
        "checksum": ("wind", "WI_H1_SWE", {"checksum": True}),
    }
    seeds = []
    for number, (name, (spacecraft, product, options)) in enumerate(kinds.items()):
        path = write_cdf(folder / f"{number}.cdf", variables(product), **options)
        seeds.append(Seed(name, spacecraft, product, DAY, path.read_bytes()))
    return seeds


def genuine(path: Path) -> Seed:
    """A file of an archive, by its name."""
    spacecraft = "ace" if path.name.startswith("ac_") else "wind"
    products = importlib.import_module(f"pipeline.missions.{spacecraft}").PRODUCTS
    stem, _, rest = path.name.rpartition("_v")[0].rpartition("_")
    name = next(p.name for p in products.values() if p.path.rpartition("/")[2].startswith(f"{stem}_%"))
    return Seed(path.name, spacecraft, name, datetime.strptime(rest, "%Y%m%d").date(), path.read_bytes())


def value_bytes(seed: Seed, folder: Path) -> np.ndarray:
    """True for each byte of the file that is a value, not structure: no reader can tell a small change of it."""
    path = folder / "whole.cdf"
    path.write_bytes(seed.body)
    records, values = cdf_records.opened(path), np.zeros(len(seed.body), bool)
    if seed.body[4:8].hex() == cdf_records.COMPRESSED:
        return values
    for variable in cdf_records.variables(records).values():
        if variable.last >= 0:
            for _, _, at, size, kind in cdf_records.blocks(records, variable.index, set()):
                if kind == cdf_records.VVR:
                    values[at + records.width("oi") : at + size] = True
    return values


class Hang(BaseException):
    """A file took longer than LIMIT_S."""


@contextmanager
def bounded():
    """No more than LIMIT_S seconds and LIMIT_BYTES of memory."""

    def strike(signum, frame):
        raise Hang

    before, limits = signal.signal(signal.SIGALRM, strike), resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (LIMIT_BYTES, limits[1]))
    signal.alarm(LIMIT_S)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
        resource.setrlimit(resource.RLIMIT_AS, limits)


def read(seed: Seed, body: bytes, folder: Path):
    """What load makes of a file with these bytes, verified as a download is."""
    path = folder / f"{seed.spacecraft}.cdf"
    path.write_bytes(body)
    cdf.verify(path, seed.declared, seed.day)
    nothing = {"product": None, "reason": "not asked for", "files": []}
    manifest = {"field": nothing, "plasma": nothing}
    file = {"path": path.name, "sha256": provenance.sha256(path)}
    manifest[seed.declared.kind] = {"product": seed.product, "reason": "", "files": [file]}
    return load(manifest, folder, "fuzz", seed.spacecraft, Load(), seed.day, seed.day + timedelta(days=1))


def outcome(seed: Seed, body: bytes, whole, folder: Path) -> tuple[str, str]:
    """refused (one sentence that names the file), equal, counted, or one of the bad ends; and the text of it."""
    try:
        with bounded(), warnings.catch_warnings(action="error", category=RuntimeWarning):
            found = read(seed, body, folder)
    except (cdf.CdfError, LoadError) as error:
        return ("refused" if f"{seed.spacecraft}.cdf" in str(error) else "no context"), str(error)
    except Hang:
        return "hang", ""
    except BaseException as error:  # whatever else ends the reading is what this looks for
        return type(error).__name__, traceback.format_exc()
    return compare(found, whole), ""


def compare(found, whole) -> str:
    """equal; counted: differs only where something is missing or a count says so; silent: numbers differ, no word."""
    if found.equals(whole):
        return "equal"
    counts = [json.loads(ds.attrs["removed"]) for ds in (found, whole)]
    reasons = [(ds.attrs["reason_field"], ds.attrs["reason_plasma"]) for ds in (found, whole)]
    return "counted" if counts[0] != counts[1] or reasons[0] != reasons[1] else "silent"


def flipped(body: bytes, rng: np.random.Generator) -> tuple[bytes, np.ndarray]:
    """One to four random bytes replaced, half of the time by a single flipped bit; and which."""
    changed = bytearray(body)
    places = rng.integers(0, len(body), rng.choice([1, 1, 2, 4]))
    for at in places:
        changed[at] = changed[at] ^ (1 << rng.integers(8)) if rng.random() < 0.5 else rng.integers(256)
    return bytes(changed), places


def struck(body: bytes, values: np.ndarray, rng: np.random.Generator) -> tuple[bytes, np.ndarray]:
    """As `flipped`, among the bytes of structure alone, of which a large file has few; or an extreme number there."""
    places = np.flatnonzero(~values)
    at = int(rng.choice(places))
    changed = bytearray(body)
    if rng.random() < 0.5:
        changed[at] ^= 1 << rng.integers(8)
    else:
        extreme = struct.pack(">i", int(rng.choice([0, -1, 1, 2**31 - 1, -(2**31), 2**16, 2**28, at])))
        changed[at : at + 4] = extreme
    return bytes(changed[: len(body)]), np.array([at])


def campaign(seed: Seed, number: int, folder: Path, start: int = 0) -> tuple[Counter, list[str]]:
    """Outcomes of `number` damaged files (half anywhere, half in the structure), and the story of each bad one."""
    whole, values = read(seed, seed.body, folder), value_bytes(seed, folder)
    counts, stories = Counter(), []
    for k in range(start, start + number):
        rng = np.random.default_rng([k, len(seed.body)])
        body, places = flipped(seed.body, rng) if k % 2 or values.all() else struck(seed.body, values, rng)
        end, text = outcome(seed, body, whole, folder)
        if end == "silent" and values[places[places < len(values)]].any():
            end = "another plausible value"
        counts[end] += 1
        if end not in (*GOOD, "another plausible value"):
            stories.append(f"{seed.name}, {k}: {end} at bytes {places}\n{text}")
    return counts, stories


def truncations(seed: Seed, folder: Path, parts: int = 100) -> tuple[Counter, list[str]]:
    """Outcomes of the file cut at every 1/`parts` of its length."""
    whole, counts, stories = read(seed, seed.body, folder), Counter(), []
    for k in range(parts):
        end, text = outcome(seed, seed.body[: len(seed.body) * k // parts], whole, folder)
        counts[end] += 1
        if end != "refused":
            stories.append(f"{seed.name}, cut at {k}/{parts}: {end}\n{text}")
    return counts, stories


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("number", type=int, help="damaged files per seed")
    parser.add_argument("files", type=Path, nargs="*", help="genuine files, besides the corpus")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for seed in [*corpus(folder), *map(genuine, asked.files)]:
            for what, (counts, stories) in {
                "flips": campaign(seed, asked.number, folder),
                "cuts": truncations(seed, folder),
            }.items():
                print(f"{seed.name}: {what}: {dict(counts)}", *stories, sep="\n", flush=True)


if __name__ == "__main__":
    main()
