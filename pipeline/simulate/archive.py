"""The virtual event as CDF files: genuine products, names, units, fills, flags and stamps, in the archive's layout."""

from importlib import import_module
from pathlib import Path

import numpy as np

from pipeline import provenance
from pipeline.constants import BOLTZMANN, EARTH_RADIUS_KM, KELVIN_PER_EV, PROTON_MASS
from pipeline.simulate.event import Realisation
from pipeline.simulate.instruments import measure

FILL = -1e31
WRONG = 9999.0  # what a flagged sample holds: a reader that misses the flag is found out at once
UNIX_EPOCH_MS = 62_167_219_200_000.0  # CDF_EPOCH of 1970-01-01
REAL4, DOUBLE, INT2, INT4, EPOCH = 44, 45, 2, 4, 31


def write_archive(realisation: Realisation, root: str | Path) -> list[Path]:
    """Write a file per product and UTC day below `root`, and return their paths."""
    paths = []
    for spacecraft in realisation.settings.spacecraft:
        products = import_module(f"pipeline.missions.{spacecraft}").PRODUCTS
        for name in realisation.settings.products[spacecraft]:
            measured = measure(realisation, spacecraft, name)
            for day, part in measured.groupby(measured["time"].dt.floor("D")):
                pattern = products[name].pattern(day.astype("datetime64[D]").item())
                path = Path(root) / pattern.replace("??", "01")
                _write(path, name, VARIABLES[name](part))
                paths.append(path)
    return paths


def _write(path, product, variables):
    import cdflib.cdfwrite

    with provenance.whole_file(path) as part:
        part.unlink()
        name = part.with_suffix(".cdf")  # the writer insists on the ending
        cdf = cdflib.cdfwrite.CDF(str(name), cdf_spec={"Majority": "row_major", "Compressed": False})
        cdf.write_globalattrs({"Logical_source": {0: product.lower()}, "TITLE": {0: "virtual event"}})
        for variable, (kind, values, attrs) in variables.items():
            values = np.asarray(values)
            spec = {
                "Variable": variable,
                "Data_Type": kind,
                "Num_Elements": 1,
                "Rec_Vary": True,
                "Dim_Sizes": list(values.shape[1:]),
                "Compress": 1,
            }
            cdf.write_var(spec, var_attrs=attrs, var_data=values)
        cdf.close()
        name.rename(part)


def _epoch(part, clock=None):
    """CDF_EPOCH stamps: the centres moved to where the product puts its stamps."""
    time = part["time"].values if clock is None else clock
    ms = time.astype("datetime64[ns]").astype("int64") / 1e6 + UNIX_EPOCH_MS
    return EPOCH, ms + part.attrs["stamp_s"] * 1e3, {"UNITS": "ms", "VAR_TYPE": "support_data", "FILLVAL": FILL}


def _filled(part, name, convert=lambda x: x, fill=FILL, wrong=True):
    """Values with the fill where the sample is lost and nonsense where it is flagged."""
    values = convert(part[name].values)
    if wrong:
        values = np.where(_along(part["flagged"].values, values), WRONG, values)
    return np.where(_along(part["lost"].values, values), fill, values).astype("f4")


def _along(mask, values):
    return mask.reshape(-1, *[1] * (values.ndim - 1))


def _data(values, units, kind=REAL4, fill=FILL, clock="Epoch"):
    return kind, values, {"UNITS": units, "FILLVAL": fill, "DEPEND_0": clock, "VAR_TYPE": "data"}


def _ace_mfi(part):
    return {
        "Epoch": _epoch(part),
        "BGSEc": _data(_filled(part, "b"), "nT"),
        "Magnitude": _data(_filled(part, "b", lambda b: np.linalg.norm(b, axis=1)), "nT"),
        "Q_FLAG": _data(np.where(part["flagged"], 2, 0).astype("i4"), " ", INT4, -2147483648),
        "SC_pos_GSE": _data(part["position"].values.astype("f4"), "km"),
    }


def _ace_swe(part):
    # SWEPAM has no flag: what would be flagged is a fill
    part = part.assign(lost=part["lost"] | part["flagged"])
    return {
        "Epoch": _epoch(part),
        "Np": _data(_filled(part, "n"), "#/cc"),
        "Vp": _data(_filled(part, "v", lambda v: np.linalg.norm(v, axis=1)), "km/s"),
        "Tpr": _data(_filled(part, "temperature"), "Kelvin"),
        "alpha_ratio": _data(_filled(part, "alpha_ratio"), "Na/Np"),
        "V_GSE": _data(_filled(part, "v"), "km/s"),
        "SC_pos_GSE": _data(part["position"].values.astype("f4"), "km"),
    }


def _wind_mfi(part):
    # spacecraft mode and position come once a minute: a flagged minute is in mode 3
    minutes = part["flagged"].groupby(part["time"].dt.floor("min"))
    clock = np.array(list(minutes.groups)) + np.timedelta64(30, "s")
    mode = np.where(minutes.max().values, 3, 1).astype("i4")
    position = part["position"].groupby(part["time"].dt.floor("min")).mean().values / EARTH_RADIUS_KM
    return {
        "Epoch3": _epoch(part),
        "Epoch": _epoch(part, clock),
        "B3GSE": _data(_filled(part, "b"), "nT", clock="Epoch3"),
        "B3F1": _data(_filled(part, "b", lambda b: np.linalg.norm(b, axis=1)), "nT", clock="Epoch3"),
        "PGSE": _data(position.astype("f4"), "Re"),
        "SPC_MODE": _data(mode, " ", INT4, -1),
    }


def _wind_pm(part):
    alphas = (part["alpha_ratio"] * part["n"]).values
    valid = np.where(part["flagged"] | part["lost"], 0, 1).astype("i2")
    part = part.assign(alphas=("time", alphas))
    return {
        "Epoch": _epoch(part),
        "P_DENS": _data(_filled(part, "n"), "#/cc"),
        "P_VELS": _data(_filled(part, "v"), "km/s"),
        "P_TEMP": _data(_filled(part, "temperature", lambda t: t / KELVIN_PER_EV), "eV"),
        "A_DENS": _data(_filled(part, "alphas"), "#/cc"),
        "VALID": _data(valid, " ", INT2, -32768),
    }


def _wind_swe(part):
    fill = {"V": 99999.9, "N": 100000.0}

    def width(temperature):
        return np.sqrt(2 * BOLTZMANN * temperature / PROTON_MASS) * 1e-3

    part = part.assign(alphas=("time", (part["alpha_ratio"] * part["n"]).values))
    velocity = _filled(part, "v", fill=fill["V"])
    radii = (part["position"].values / EARTH_RADIUS_KM).astype("f4")
    variables = {
        "Epoch": _epoch(part),
        "Proton_Np_nonlin": _data(_filled(part, "n", fill=fill["N"]), "n/cc"),
        "Proton_W_nonlin": _data(_filled(part, "temperature", width, fill["V"]), "km/s"),
        "Alpha_Na_nonlin": _data(_filled(part, "alphas", fill=fill["N"]), "n/cc"),
        "fit_flag": _data(np.where(part["flagged"] | part["lost"], 0, 10).astype("i2"), " ", INT2, -32768),
    }
    for k, axis in enumerate("XYZ"):
        variables[f"Proton_V{axis}_nonlin"] = _data(velocity[:, k], "km/s")
        variables[f"{axis.lower()}gse"] = _data(radii[:, k], "Re")
    return variables


VARIABLES = {
    "AC_H0_MFI": _ace_mfi,
    "AC_H0_SWE": _ace_swe,
    "WI_H0_MFI": _wind_mfi,
    "WI_PM_3DP": _wind_pm,
    "WI_H1_SWE": _wind_swe,
}
