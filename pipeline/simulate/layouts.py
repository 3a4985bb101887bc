"""What a file of each product holds: names, types, units, fills, flags and stamps as in the genuine files."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from pipeline.constants import BOLTZMANN, EARTH_RADIUS_KM, KELVIN_PER_EV, PROTON_MASS
from pipeline.simulate.instruments import DENSITIES

WRONG = 9999.0  # what a flagged sample holds: a reader that misses the flag is found out at once
UNIX_EPOCH_MS = 62_167_219_200_000.0  # CDF_EPOCH of 1970-01-01


@dataclass(frozen=True)
class Kind:
    """A CDF data type: its number, the name that attributes of that type go by, its numpy type and the usual fill."""

    number: int
    name: str
    dtype: str
    fill: float


REAL4 = Kind(21, "CDF_REAL4", "f4", -1e31)
FLOAT = Kind(44, "CDF_FLOAT", "f4", -1e31)  # the same four bytes under another name
DOUBLE = Kind(45, "CDF_DOUBLE", "f8", -1e31)
EPOCH = Kind(31, "CDF_EPOCH", "f8", -1e31)
INT1 = Kind(1, "CDF_INT1", "i1", -128)
INT2 = Kind(2, "CDF_INT2", "i2", -32768)
INT4 = Kind(4, "CDF_INT4", "i4", -2147483648)
COUNT = Kind(4, "CDF_INT4", "i4", -1)  # integers of WI_H0_MFI


@dataclass(frozen=True)
class Variable:
    """One CDF variable: records first. `clock` is its DEPEND_0; `text` its CATDESC."""

    name: str
    kind: Kind
    values: np.ndarray
    units: str = " "
    text: str = ""
    clock: str = "Epoch"
    varies: bool = True

    def attributes(self) -> dict:
        """Attributes that readers look for. The fill is that of the type, whatever the values use."""
        role = "data" if self.units.strip() else "support_data"
        attributes = {
            "FIELDNAM": self.name,
            "CATDESC": self.text or self.name,
            "UNITS": self.units,
            "FILLVAL": [self.kind.fill, self.kind.name],
            "VAR_TYPE": "support_data" if self.kind is EPOCH else role,
        }
        return attributes if self.kind is EPOCH else attributes | {"DEPEND_0": self.clock}


@dataclass(frozen=True)
class Layout:
    """One product's files. `described`: its variables carry attributes; those of 3DP do not."""

    source: str
    data_type: str
    descriptor: str
    variables: Callable[..., Iterable[Variable]]
    described: bool = True


def _epoch(part, name="Epoch", text="Time, beginning of interval", centres=None):
    """CDF_EPOCH stamps: the centres, moved to where the product puts its stamps."""
    centres = part["time"].values if centres is None else centres
    ms = centres.astype("datetime64[ns]").astype("int64") / 1e6 + UNIX_EPOCH_MS
    return Variable(name, EPOCH, ms + part.attrs["stamp_s"] * 1e3, "ms", text)


def _filled(part, name, convert=lambda x: x, fill=-1e31):
    """Values (float32) with the fill where the sample is lost and nonsense where it is flagged."""
    values = np.array(convert(part[name].values), "f4")
    values[part["flagged"].values] = WRONG
    lost = part["lost"].values
    if name in DENSITIES or name == "n_alpha":
        lost = lost | part["lost_density"].values
    values[lost] = fill
    return values


def _length(vector):
    return np.linalg.norm(vector, axis=-1)


def _ace_mfi(part):
    yield _epoch(part)
    yield Variable("Magnitude", REAL4, _filled(part, "b", _length), "nT", "B-field magnitude")
    yield Variable("BGSEc", REAL4, _filled(part, "b"), "nT", "Magnetic Field Vector in GSE Cartesian coordinates")
    quality = np.where(part["flagged"], 2, 0).astype("i4")
    yield Variable("Q_FLAG", INT4, quality, " ", "0 = good, 1 = manoeuvre, 2 = bad")
    yield Variable("SC_pos_GSE", REAL4, part["position"].values.astype("f4"), "km", "ACE s/c position, GSE")


def _ace_swe(part):
    yield _epoch(part)
    yield Variable("Np", REAL4, _filled(part, "n"), "#/cc", "Solar Wind Proton Number Density, scalar")
    yield Variable("Vp", REAL4, _filled(part, "v", _length), "km/s", "Solar Wind Proton Speed, scalar")
    yield Variable("Tpr", REAL4, _filled(part, "temperature"), "Kelvin", "Radial component of the proton temperature")
    yield Variable("alpha_ratio", REAL4, _filled(part, "alpha_ratio"), "Na/Np", "Ratio of alphas/protons")
    yield Variable("V_GSE", REAL4, _filled(part, "v"), "km/s", "Solar Wind Velocity in GSE coord., 3 components")
    yield Variable("SC_pos_GSE", REAL4, part["position"].values.astype("f4"), "km", "ACE s/c position in GSE")


def _wind_mfi(part):
    """Three clocks: 3 s, and averages over minutes and hours, which alone tell the mode and the position."""
    b, strength = _filled(part, "b"), _filled(part, "b", _length)
    points = np.where(part["lost"], 0, 32).astype("i4")
    yield _epoch(part, "Epoch3", "Time, Centered (3 sec)")
    yield Variable("NUM3_PTS", COUNT, points, " ", "Number of points in average (3 sec)", "Epoch3")
    yield Variable("B3F1", REAL4, strength, "nT", "Magnetic field magnitude (3 sec)", "Epoch3")
    yield Variable("B3GSE", REAL4, b, "nT", "Magnetic field vector in GSE cartesian coordinates (3 sec)", "Epoch3")
    yield from _wind_averages(part, 60, "Epoch", ("NUM_PTS", "BF1", "BGSE", "DIST", "PGSE"))
    yield from _wind_averages(part, 3600, "Epoch1", ("NUM1_PTS", "B1F1", "B1GSE", "DIST1", "P1GSE"))
    _, first, _ = _spans(part, 60)
    flagged = np.maximum.reduceat(part["flagged"].values, first)
    yield Variable("SPC_MODE", COUNT, np.where(flagged, 3, 1).astype("i4"), " ", "S/C operational mode (1 min)")
    yield Variable("MAG_MODE", COUNT, np.full(first.size, 11, "i4"), " ", "WIND/MFI operational mode (1 min)")
    yield Variable("FLAG_I", COUNT, np.array([4], "i4"), " ", "Sensor Zero Flag (Inner)", varies=False)
    yield Variable("FLAG_O", COUNT, np.array([-1], "i4"), " ", "Sensor Zero Flag (Outer)", varies=False)


def _spans(part, width_s):
    """Centres of the spans of `width_s` that hold samples, index of the first sample of each, and sizes."""
    width = np.timedelta64(width_s, "s").astype("timedelta64[ns]")
    span = part["time"].values.astype("datetime64[ns]").astype("int64") // width.astype("int64")
    number, first, count = np.unique(span, return_index=True, return_counts=True)
    return (number * width.astype("int64")).astype("datetime64[ns]") + width // 2, first, count


def _wind_averages(part, width_s, clock, names):
    """Averages over minutes or hours on a clock of their own."""
    centres, first, count = _spans(part, width_s)
    there = ~part["lost"].values

    def mean(values):
        total = np.add.reduceat(np.where(there.reshape(-1, *[1] * (values.ndim - 1)), values, 0.0), first, axis=0)
        size = np.add.reduceat(there, first, dtype=int).reshape(-1, *[1] * (values.ndim - 1))
        return np.where(size, total / np.maximum(size, 1), -1e31).astype("f4")

    number, strength, vector, distance, position = names
    where = np.add.reduceat(part["position"].values, first, axis=0) / count[:, None] / EARTH_RADIUS_KM
    text = "(1 min)" if width_s == 60 else "(1 hour)"
    yield _epoch(part, clock, f"Time, Centered {text}", centres)
    yield Variable(
        number, COUNT, 32 * np.add.reduceat(there, first, dtype="i4"), " ", f"Number of points {text}", clock
    )
    yield Variable(strength, REAL4, mean(_length(part["b"].values)), "nT", f"Magnetic field magnitude {text}", clock)
    yield Variable(vector, REAL4, mean(part["b"].values), "nT", f"Magnetic field vector in GSE {text}", clock)
    yield Variable(distance, REAL4, _length(where).astype("f4"), "Re", f"Distance, Re = 6378km {text}", clock)
    yield Variable(position, REAL4, where.astype("f4"), "Re", f"Position in GSE, Re = 6378km {text}", clock)


def _with_alphas(part):
    """Records that were measured, with the density of alphas."""
    part = part.isel(time=~part["lost"].values)
    return part.assign(n_alpha=part["alpha_ratio"] * part["n"])


def _wind_pm(part):
    """On-board moments: a record per spin that came down, NaN where a moment is not there, VALID as the only flag."""
    part, missing = _with_alphas(part), np.nan
    size, flagged = part["time"].size, part["flagged"].values
    to_ev = _filled(part, "temperature", lambda t: t / KELVIN_PER_EV, missing)
    isotropic = np.array([1.0, 1.0, 1.0, 0.0, 0.0, 0.0])
    tensor = _filled(part, "temperature", lambda t: np.outer(BOLTZMANN * t / PROTON_MASS * 1e-6, isotropic), missing)
    alpha_ev = np.where(flagged, WRONG, 4 * to_ev).astype("f4")
    yield _epoch(part)
    yield Variable("TIME", DOUBLE, part["time"].values.astype("datetime64[ns]").astype("int64") / 1e9)
    yield Variable("VALID", INT2, np.where(flagged, 0, 1).astype("i2"))
    yield Variable("GAP", INT2, np.zeros(size, "i2"))
    yield Variable("E_RANGE", FLOAT, np.tile(np.array([100.0, 10000.0], "f4"), (size, 1)))
    yield Variable("P_DENS", FLOAT, _filled(part, "n", fill=missing))
    yield Variable("P_VELS", FLOAT, _filled(part, "v", fill=missing))
    yield Variable("P_TENS", FLOAT, tensor)
    yield Variable("P_TEMP", FLOAT, to_ev)
    yield Variable("A_DENS", FLOAT, _filled(part, "n_alpha", fill=missing))
    yield Variable("A_VELS", FLOAT, _filled(part, "v", fill=missing))
    yield Variable("A_TENS", FLOAT, tensor)
    yield Variable("A_TEMP", FLOAT, alpha_ev)


def _wind_swe(part):
    """Fits: missing is 99999.9 and 100000, not the FILLVAL that the files declare; `year` overflows its one byte."""
    part = _with_alphas(part)
    v, w = (lambda name, *convert: _filled(part, name, *convert, fill=99999.9)), _thermal_speed
    stamp = part["time"].values + np.timedelta64(round(part.attrs["stamp_s"] * 1e9), "ns")
    year = stamp.astype("datetime64[Y]").astype(int) + 1970
    yield _epoch(part, text="CDF Epoch time at the beginning of each SWE spectrum")
    yield Variable("fit_flag", INT1, np.where(part["flagged"], 0, 10).astype("i1"), " ", "10: solar wind parameters OK")
    yield Variable("year", INT1, year.astype("i1"), "years", "year")
    days = (stamp - stamp.astype("datetime64[Y]").astype("datetime64[ns]")) / np.timedelta64(1, "D")
    yield Variable("doy", FLOAT, (days + 1).astype("f4"), "day", "Fractional day of year of start of spectrum")
    yield Variable("Proton_V_nonlin", FLOAT, v("v", _length), "km/s", "Proton bulk speed")
    for k, axis in enumerate("XYZ"):
        yield Variable(f"Proton_V{axis}_nonlin", FLOAT, v("v")[:, k], "km/s", f"{axis}_GSE of the proton velocity")
        yield Variable(f"Proton_sigmaV{axis}_nonlin", FLOAT, v("v_error")[:, k], "km/s", "1-sigma uncertainty")
        radii = (part["position"].values[:, k] / EARTH_RADIUS_KM).astype("f4")
        yield Variable(f"{axis.lower()}gse", FLOAT, radii, "earth radii", f"{axis} (GSE) of Wind")
    yield Variable("Proton_W_nonlin", FLOAT, v("temperature", w), "km/s", "Scalar proton thermal speed")
    yield Variable("Proton_Wpar_nonlin", FLOAT, v("temperature_parallel", w), "km/s", "thermal speed along B")
    yield Variable("Proton_Wperp_nonlin", FLOAT, v("temperature_perpendicular", w), "km/s", "thermal speed across B")
    yield Variable("Proton_Np_nonlin", FLOAT, _filled(part, "n", fill=100000.0), "cm^{-3}", "Proton number density")
    yield Variable("Alpha_Na_nonlin", FLOAT, _filled(part, "n_alpha", fill=100000.0), "cm^{-3}", "Alpha number density")


def _thermal_speed(temperature):
    return np.sqrt(2 * BOLTZMANN * temperature / PROTON_MASS) * 1e-3


ACE, WIND = "AC>Advanced Composition Explorer", "WIND>Wind Interplanetary Plasma Laboratory"
LAYOUTS = {
    "AC_H0_MFI": Layout(ACE, "H0>16-Sec Level 2 Data", "MAG>ACE Magnetic Field Instrument", _ace_mfi),
    "AC_H0_SWE": Layout(ACE, "H0>64-Second Level 2 Data", "SWE>ACE Solar Wind Electron Proton Alpha Monitor", _ace_swe),
    "WI_H0_MFI": Layout(
        WIND, "H0>3 sec, 1 min, and hourly Definitive Data", "MFI>Magnetic Fields Investigation", _wind_mfi
    ),
    "WI_PM_3DP": Layout(WIND, "PM>Onboard moments, 3 sec", "3DP>Three-dimensional Plasma", _wind_pm, described=False),
    "WI_H1_SWE": Layout(WIND, "H1>92-sec Solar Wind parameters", "SWE>Solar Wind Experiment", _wind_swe),
}
