"""The one table of names: every variable of every file, with its dimensions, units and meaning.

`check(ds, kind)` runs at the doors (when a file is written and when it is read), nowhere else.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import xarray as xr


COMPONENTS = ("x", "y", "z")
AXES = ("max", "int", "min")

# Dimensions that become rows of a table; any other dimension becomes a suffix of the column name.
ROW_DIMS = ("interval", "method", "quantity", "scale")


@dataclass(frozen=True)
class Variable:
    """Units (UDUNITS spelling), what the quantity is, its axis label, and the dimensions it must have."""

    units: str
    long_name: str
    label: str
    dims: tuple[str, ...] = ()


RAW = {
    "b": Variable("nT", "magnetic field", "B", ("time_mag", "component")),
    "v": Variable("km s-1", "proton bulk velocity", "V", ("time_plasma", "component")),
    "n": Variable("cm-3", "proton number density", "n", ("time_plasma",)),
    "temperature": Variable("K", "proton temperature", "T", ("time_plasma",)),
    "alpha_ratio": Variable("1", "alpha to proton number density ratio", "n_α/n_p", ("time_plasma",)),
    "position": Variable("km", "spacecraft position from the Earth", "position", ("time_orbit", "component")),
}
RAW_OPTIONAL = {
    "temperature_parallel": Variable("K", "proton temperature along B", "T∥", ("time_plasma",)),
    "temperature_perpendicular": Variable("K", "proton temperature across B", "T⊥", ("time_plasma",)),
    "v_error": Variable("km s-1", "one-sigma error of the proton velocity", "δV", ("time_plasma", "component")),
}
UNIFORM = {
    "b": Variable("nT", "magnetic field", "B", ("time", "component")),
    "b_mag": Variable("nT", "magnetic field strength, mean of |B| in the bin", "|B|", ("time",)),
    "b_matched": Variable("nT", "magnetic field averaged over the plasma accumulations", "B", ("time", "component")),
    "v": Variable("km s-1", "proton bulk velocity", "V", ("time", "component")),
    "n": Variable("cm-3", "proton number density", "n", ("time",)),
    "temperature": Variable("K", "proton temperature", "T", ("time",)),
    "alpha_ratio": Variable("1", "alpha to proton number density ratio", "n_α/n_p", ("time",)),
    "position": Variable("km", "spacecraft position from the Earth", "position", ("time", "component")),
    "coverage_b": Variable("1", "filled fraction of the bin, magnetic field", "coverage B", ("time",)),
    "coverage_v": Variable("1", "filled fraction of the bin, velocity", "coverage V", ("time",)),
    "coverage_n": Variable("1", "filled fraction of the bin, density", "coverage n", ("time",)),
}
UNIFORM_OPTIONAL = {
    name: Variable(v.units, v.long_name, v.label, ("time", *v.dims[1:])) for name, v in RAW_OPTIONAL.items()
}
KINDS = {"raw": (RAW, RAW_OPTIONAL), "uniform": (UNIFORM, UNIFORM_OPTIONAL)}

# Columns of tables that are not variables of a result file: units, meaning.
COLUMNS = {
    "event": ("", "event name"),
    "spacecraft": ("", "spacecraft"),
    "first": ("", "reference spacecraft of the pair"),
    "second": ("", "other spacecraft of the pair"),
    "interval": ("", "named interval"),
    "start": ("", "first moment of the interval, UTC"),
    "end": ("", "moment after the interval, UTC"),
    "duration_h": ("h", "time inside the interval"),
    "origin": ("", "given: event table; carried: by the lag; detected: Alfvénic interval; unknown: no boundary"),
    "b_mean": ("nT", "mean of |B|"),
    "b_max": ("nT", "maximum of |B|, bin means"),
    "b_z_min": ("nT", "minimum of B_z (GSE), bin means"),
    "speed_mean": ("km s-1", "mean proton speed"),
    "n_mean": ("cm-3", "mean proton number density"),
    "temperature_mean": ("K", "mean proton temperature"),
    "beta_mean": ("1", "mean proton plasma beta"),
    "coverage_b": ("1", "valid fraction of the interval, magnetic field"),
    "coverage_v": ("1", "valid fraction of the interval, velocity"),
    "start_low": ("", "earliest start over the ensemble of thresholds, bands and densities, UTC"),
    "start_high": ("", "latest start over the ensemble, UTC"),
    "end_low": ("", "earliest end over the ensemble, UTC"),
    "end_high": ("", "latest end over the ensemble, UTC"),
    "support": ("1", "share of the ensemble that finds the interval"),
    "direction": ("", "of the waves: antisunward, sunward or ambiguous"),
    "region": ("", "structure that the interval lies in"),
    "alfvenic_fraction": ("1", "share of the structure in Alfvénic intervals"),
    "extended": ("", "alfvenic_fraction reaches the threshold of extended fluctuations"),
    "small_flux_rope_fraction": ("1", "share of the structure in small flux ropes"),
    "discontinuities": ("1", "number of single discontinuities that meet the thresholds"),
    "judged_fraction": ("1", "share of the structure that could be judged"),
    "sigma_c": ("1", "normalised cross helicity, z_plus = v + b, not rectified"),
    "sigma_r": ("1", "normalised residual energy"),
    "sigma_m": ("1", "normalised magnetic helicity, positive for curl B = +k B"),
    "db_over_b": ("1", "rms of the field fluctuation over the mean field strength"),
    "table": ("", "table that has the column"),
    "column": ("", "name of the column"),
    "units": ("", "units of the column"),
    "meaning": ("", "what the column holds"),
    "method": ("", "how the value was made"),
    "quantity": ("", "compared quantity"),
    "scale": ("", "part of the fluctuations"),
}


class SchemaError(ValueError):
    """A Dataset does not follow the schema."""


def check(ds: "xr.Dataset", kind: str, who: str = "") -> None:
    """Raise SchemaError unless every variable of `kind` ("raw", "uniform") is there with its dims and units.

    `who` names event and spacecraft in the message. Unknown variables are refused too.
    """
    required, optional = KINDS[kind]
    where = f"{who}: " if who else ""
    for name in required:
        if name not in ds:
            raise SchemaError(f"{where}{name} is missing from the {kind} data, found {', '.join(sorted(ds))}")
    for name in ds.data_vars:
        variable = required.get(name) or optional.get(name)
        if variable is None:
            if name.startswith("coverage_") and kind == "uniform":
                continue
            raise SchemaError(f"{where}{name} is not a variable of {kind} data")
        found = ds[name]
        if found.dims != variable.dims:
            raise SchemaError(f"{where}{name} has dimensions {found.dims}, expected {variable.dims}")
        if found.attrs.get("units") != variable.units:
            raise SchemaError(f"{where}{name} has units {found.attrs.get('units')!r}, expected {variable.units!r}")
        if "component" in found.dims and "frame" not in found.attrs:
            raise SchemaError(f"{where}{name} is a vector without a frame")


def attributes(name: str) -> dict:
    """Attributes that every file carries for `name`: CF (units, long_name) with the ISTP ones beside."""
    for table in (UNIFORM, UNIFORM_OPTIONAL):
        if name in table:
            variable = table[name]
            return {
                "units": variable.units,
                "long_name": variable.long_name,
                "label": variable.label,
                "CATDESC": variable.long_name,
                "FIELDNAM": name,
                "LABLAXIS": variable.label,
                "UNITS": variable.units,
                "VAR_TYPE": "data",
            }
    raise SchemaError(f"{name} is not in the schema")
