"""Every result tells where it comes from: parents with checksums, settings, versions; written whole or not at all."""

import dataclasses
import functools
import hashlib
import json
import os
import platform
import subprocess
import tempfile
import threading
import time
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from importlib.metadata import distributions, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from pipeline import __version__, netcdf

if TYPE_CHECKING:  # a download loads no xarray
    import xarray as xr

CONVENTIONS = "CF-1.11, ISTP-1.0"
PART = ".part"  # ends the name of a file that is being written
RECORDS = ".provenance"  # folder of the records, beside what they describe
# What turns inputs into numbers and figures.
PACKAGES = ("numpy", "scipy", "pandas", "xarray", "h5netcdf", "cdflib", "pyspedas", "pydantic", "matplotlib")
STALE_S = 3600.0  # nothing takes that long to write
KEPT, KEPT_BYTES = 64, 2**28  # Datasets to keep in memory at most, and their size

_latest: "OrderedDict[tuple, xr.Dataset]" = OrderedDict()
_alone = threading.Lock()  # one thread at a time looks at what is kept


def sha256(path: str | Path) -> str:
    """Hex SHA-256 of a file."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def now() -> str:
    """UTC time for the records; SOURCE_DATE_EPOCH fixes it, so that a run can be repeated byte for byte."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    time = datetime.fromtimestamp(int(epoch), UTC) if epoch else datetime.now(UTC)
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


@functools.cache
def commit() -> str:
    """Commit of the package's repository, with '+' where files differ from it; empty outside a repository."""
    root = Path(__file__).resolve().parent.parent
    if not (root / ".git").exists():
        return ""

    def git(*words):
        return subprocess.run(("git", "-C", root, *words), capture_output=True, text=True, check=False).stdout.strip()

    return git("rev-parse", "--short=12", "HEAD") + ("+" if git("status", "--porcelain", "-uno") else "")


def versions(*packages: str) -> dict[str, str]:
    """Versions of this package and of the named ones."""
    return {"pipeline": __version__} | {name: _version(name) for name in packages}


_version = functools.cache(version)  # an environment does not change while a process runs


@contextmanager
def whole_file(path: str | Path) -> Iterator[Path]:
    """Yield a temporary name beside `path`; on success it becomes `path` in one step, on failure it is removed."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=PART)
    os.close(handle)
    try:
        yield Path(name)
        with open(name, "rb") as file:
            os.fsync(file.fileno())  # a rename may reach the disk before the bytes do
        os.chmod(name, 0o666 & ~_umask())
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def sweep(root: str | Path) -> None:
    """Remove temporary files of `whole_file` below `root` that processes killed more than an hour ago left there."""
    for part in Path(root).rglob(f".*{PART}"):
        with suppress(FileNotFoundError):  # another run swept it
            if time.time() - part.stat().st_mtime > STALE_S:
                part.unlink()


@functools.cache
def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def write_json(value: Any, path: str | Path) -> None:
    """`value` as indented, sorted UTF-8 JSON; pydantic models and paths are written as plain values."""
    with whole_file(path) as part:
        part.write_text(json.dumps(value, indent=1, sort_keys=True, default=plain, ensure_ascii=False) + "\n", "utf-8")


def plain(value: Any) -> Any:
    """A JSON-able form of settings blocks, paths and times."""
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if dataclasses.is_dataclass(value):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, Path):
        return str(value)
    return value.isoformat()


def record_of(path: str | Path) -> Path:
    """Where the record of a result lies: .provenance/{name}.json in its folder."""
    path = Path(path)
    return path.parent / RECORDS / f"{path.name}.json"


def account(
    outputs: Iterable, stage: str, inputs: Iterable, params: Mapping | Iterable, wildcards: Mapping | Iterable = ()
) -> None:
    """Write beside every output what it takes to check it and to make it again: the record of one job.

    The record holds the output's own sha256, the sha256 of every input (paths relative to the output's folder, so
    that a results folder can be moved), the stage with its wildcards and parameters, and the versions. `params` and
    `wildcards` are mappings; "code" is the digest of the stage's modules and "seen" what stands in params anyway.
    """
    code, params = code_and_params(params)
    sums = {path: sha256(path) for path in sorted(set(map(str, inputs)))}
    about = {
        "stage": stage,
        "wildcards": dict(wildcards),
        "code": code,
        "params": params,
        "versions": {"python": platform.python_version(), **versions(*installed())},
        "commit": commit(),
        "written": now(),
    }
    for path in map(Path, outputs):
        parents = {beside(parent, path): digest for parent, digest in sums.items()}
        own = {"sha256": sha256(path), "bytes": path.stat().st_size, "parents": parents}
        write_json(about | own, record_of(path))


def code_and_params(params: Mapping | Iterable) -> tuple[str, dict]:
    """What a record keeps of a rule's params: the digest of its code, and all else but "seen", which only repeats."""
    kept = dict(params)
    kept.pop("seen", None)
    return kept.pop("code", ""), kept


def beside(parent: str | Path, path: str | Path) -> str:
    """How the record of `path` names a parent: relative to its folder, so that a results folder can be moved."""
    return os.path.relpath(parent, Path(path).parent)


@functools.cache
def installed() -> list[str]:
    """Those of PACKAGES that are there."""
    return [name for name in PACKAGES if next(distributions(name=name), None)]


def record(stage: str, parents: dict[str, str | Path], settings: Any = None) -> dict[str, str]:
    """Global attributes that say how a file came to be. `parents`: role -> file."""
    attrs = {
        "Conventions": CONVENTIONS,
        "history": f"{now()} {stage} (pipeline {__version__}{' ' + commit() if commit() else ''})",
        "software_version": __version__,
        "software_commit": commit(),
        "parents": json.dumps({role: {"name": Path(p).name, "sha256": sha256(p)} for role, p in parents.items()}),
    }
    if settings is not None:
        attrs["settings"] = json.dumps(settings, default=plain, sort_keys=True)
    return attrs


def write(ds: "xr.Dataset", path: str | Path, stage: str, parents: dict[str, str | Path], settings: Any = None) -> None:
    """Write a Dataset as netCDF-4 with its record; times as int64 nanoseconds, so that nothing is rounded."""
    ds = ds.assign_attrs({**ds.attrs, **record(stage, parents, settings)})
    stored = {name: encoding(ds[name]) for name in ds.variables}
    content = ds.to_netcdf(engine="h5netcdf", encoding=stored)  # in memory: HDF5 dies of a full disk without a word
    with whole_file(path) as part:
        part.write_bytes(content)


def encoding(variable: "xr.DataArray") -> dict:
    """How a variable is stored: times exactly, series compressed a little."""
    if variable.dtype.kind == "M":
        return {"units": "nanoseconds since 1970-01-01", "dtype": "int64", "calendar": "proleptic_gregorian"}
    if variable.dtype.kind == "f" and variable.size > 1000:
        return {"zlib": True, "complevel": 1, "shuffle": True}
    return {}


def attributes(path: str | Path) -> "xr.Dataset":
    """A result file's global attributes alone, as a Dataset without variables: no data are read."""
    import xarray as xr

    return xr.Dataset(attrs=netcdf.attributes(path))


def read(path: str | Path) -> "xr.Dataset":
    """A result file as a Dataset in memory, with the file closed; the caller's own.

    The latest are kept until their files change: the results of an event are wanted by many others.
    """
    about = os.stat(path)
    key = os.path.abspath(path), about.st_ino, about.st_mtime_ns, about.st_ctime_ns, about.st_size
    with _alone:
        ds = _latest.get(key)
        if ds is None:
            ds = _latest[key] = _opened(path)
            while len(_latest) > KEPT or sum(each.nbytes for each in _latest.values()) > KEPT_BYTES:
                _latest.popitem(last=False)
    return ds.copy(deep=True)


def _opened(path):
    try:
        return netcdf.dataset(path)
    except netcdf.Unfamiliar:  # written by another hand
        import xarray as xr

        with xr.open_dataset(path, engine="h5netcdf") as ds:
            return ds.load()
