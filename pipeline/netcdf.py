"""Reading our own netCDF-4 files straight from HDF5: what xarray.open_dataset gives, at a tenth of its cost.

An event's figures, tables and report open about a hundred small files of some twenty variables each. xarray's decoding
machinery costs more there than all that is computed from them. Only what `provenance.write` writes is decoded here;
for anything else `dataset` says so by Unfamiliar, and the reader falls back on xarray.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import xarray as xr


# Bookkeeping of HDF5 and netCDF-4, no attributes of the data.
INTERNAL = {"CLASS", "NAME", "REFERENCE_LIST", "DIMENSION_LIST", "DIMENSION_LABELS"}
INTERNAL |= {"_Netcdf4Dimid", "_Netcdf4Coordinates", "_nc3_strict", "_NCProperties"}
BARE = "This is a netCDF dimension but not a netCDF variable"
TIME_UNITS = "nanoseconds since 1970-01-01"
PLAIN = "fiuO"  # kinds of numbers and texts


class Unfamiliar(ValueError):
    """The file holds something that `provenance.write` does not write."""


def dataset(path: str | Path) -> "xr.Dataset":
    """The xarray.Dataset in a netCDF-4 file, in memory. Raises Unfamiliar where it needs xarray's own decoding."""
    import h5py
    import xarray as xr

    variables = {}
    with h5py.File(path, "r") as file:
        attrs, listed = _attributes(file)
        coordinates = set(listed)
        for name, node in file.items():
            if not isinstance(node, h5py.Dataset):
                raise Unfamiliar(f"{path}: {name} is a group")
            if not _is_bare(node):
                variables[name], listed = _variable(file, name, node)
                coordinates |= set(listed)
    coords = {name: v for name, v in variables.items() if name in coordinates or v.dims == (name,)}
    data = {name: v for name, v in variables.items() if name not in coords}
    return xr.Dataset(data, coords, attrs)


def attributes(path: str | Path) -> dict:
    """Global attributes alone."""
    import h5py

    with h5py.File(path, "r") as file:
        return _attributes(file)[0]


def _attributes(node) -> tuple[dict, list[str]]:
    """Attributes as xarray gives them, and the names that the attribute `coordinates` lists."""
    found = {name: _plain(node.attrs[name]) for name in node.attrs if name not in INTERNAL}
    return found, str(found.pop("coordinates", "")).split()


def _plain(value):
    import h5py

    if isinstance(value, h5py.Empty):
        return ""
    if isinstance(value, bytes):
        return value.decode("utf-8")
    if isinstance(value, np.ndarray) and value.dtype.kind == "O":
        texts = [text.decode("utf-8") if isinstance(text, bytes) else text for text in value.ravel()]
        return texts[0] if len(texts) == 1 else texts
    return value[0] if isinstance(value, np.ndarray) and value.shape == (1,) else value


def _is_bare(node) -> bool:
    return _plain(node.attrs.get("NAME", b"")).startswith(BARE)


def _variable(file, name, node):
    """xarray.Variable and the names of its coordinates."""
    import xarray as xr

    attrs, coordinates = _attributes(node)
    return xr.Variable(_dims(file, node, name), _values(node, attrs, f"{file.filename}: {name}"), attrs), coordinates


def _dims(file, node, name):
    if "DIMENSION_LIST" in node.attrs:
        return tuple(file[reference[0]].name.lstrip("/") for reference in node.attrs["DIMENSION_LIST"])
    return (name,) if node.shape else ()


def _values(node, attrs, where):
    """Values in memory; times from int64 nanoseconds, texts as numpy strings. Takes what it decodes out of `attrs`."""
    fill = attrs.pop("_FillValue", None)
    values = np.asarray(node.asstr()[()]).astype(str) if node.dtype.kind == "O" else node[()]
    known = node.dtype.kind in PLAIN and not {"scale_factor", "add_offset", "missing_value", "dtype"} & set(attrs)
    if not known or (fill is not None and not (node.dtype.kind == "f" and np.isnan(fill))):
        raise Unfamiliar(f"{where} is encoded in another way")
    units = str(attrs.get("units", ""))
    if units != TIME_UNITS:
        if " since " in units:
            raise Unfamiliar(f"{where} counts time in {units!r}")
        return values if node.shape else np.asarray(values)
    attrs.pop("units"), attrs.pop("calendar", None)
    return np.asarray(values, dtype="int64").view("datetime64[ns]")
