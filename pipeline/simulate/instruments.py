"""What instruments make of the true fields: averages over their accumulations, noise, gaps, flags."""

from dataclasses import dataclass

import numpy as np
import xarray as xr

from pipeline import schema
from pipeline.resample import windowed_means
from pipeline.simulate.event import Realisation
from pipeline.stats.seeds import generator


@dataclass(frozen=True)
class Instrument:
    """Accumulation and period of the samples (s), what is measured, and where the stamp lies."""

    accumulation_s: float
    step_s: float
    stamp_s: float  # stamp minus centre
    quantities: tuple[str, ...]


PLASMA = ("v", "n", "temperature", "alpha_ratio")
INSTRUMENTS = {
    "AC_H0_MFI": Instrument(16.0, 16.0, -8.0, ("b", "position")),
    "AC_H0_SWE": Instrument(64.0, 64.0, -32.0, (*PLASMA, "position")),
    "WI_H0_MFI": Instrument(3.0, 3.0, 0.0, ("b", "position")),
    "WI_PM_3DP": Instrument(3.0, 3.0, 0.0, PLASMA),
    "WI_H1_SWE": Instrument(92.0, 92.0, -46.0, (*PLASMA, "position")),
}


def measure(realisation: Realisation, spacecraft: str, product: str) -> xr.Dataset:
    """One product's samples at the centres of its accumulations: the quantities with their noise, and how each fared.

    `lost` (time): no sample at all, a fill in the file; `flagged` (time): a wrong value that a flag marks.
    """
    settings, truth = realisation.settings, realisation.series[spacecraft]
    instrument = INSTRUMENTS[product]
    rng = generator(settings.event, "instruments", settings.seed, spacecraft, product)
    time = _centres(truth["time"].values, instrument, rng)
    ds = xr.Dataset(coords={"time": time, "component": truth["component"]})
    for name in instrument.quantities:
        values = _averaged(truth, name, time, instrument, settings.sampling_s)
        ds[name] = truth[name].dims, values + _noise(rng, name, values, settings.instruments)
    ds["lost"] = "time", _lost(rng, time, instrument, settings.instruments)
    ds["flagged"] = "time", ~ds["lost"].values & (rng.random(time.size) < settings.instruments.flagged)
    return ds.assign_attrs(product=product, stamp_s=instrument.stamp_s)


def _centres(true_time, instrument, rng):
    """Sample centres that begin at a phase of the instrument's own."""
    step, first = np.timedelta64(round(instrument.step_s * 1e9), "ns"), true_time[0]
    phase = np.timedelta64(
        round((0.5 * instrument.accumulation_s + rng.integers(0, int(instrument.step_s))) * 1e9), "ns"
    )
    return np.arange(first + phase, true_time[-1], step)


def _averaged(truth, name, time, instrument, sampling_s):
    values = truth[name].values
    if name == "position" or instrument.accumulation_s <= sampling_s:
        at = (time - truth["time"].values[0]) / np.timedelta64(1, "ns")
        knots = (truth["time"].values - truth["time"].values[0]) / np.timedelta64(1, "ns")
        columns = values.reshape(len(values), -1).T
        return np.stack([np.interp(at, knots, x) for x in columns], axis=1).reshape(len(time), *values.shape[1:])
    half = np.timedelta64(round(instrument.accumulation_s * 5e8), "ns")
    return windowed_means(values, truth["time"].values, sampling_s, time - half, time + half)[0]


def _noise(rng, name, values, settings):
    relative = {"n": settings.n_noise, "temperature": settings.n_noise, "alpha_ratio": settings.n_noise}
    absolute = {"b": settings.b_noise_nt, "v": settings.v_noise_km_s}
    scale = relative[name] * np.abs(values) if name in relative else absolute.get(name, 0.0)
    return rng.normal(size=values.shape) * scale


def _lost(rng, time, instrument, settings):
    """Single samples lost at random, and a few long gaps."""
    lost = rng.random(time.size) < settings.gaps
    length = max(1, round(settings.long_gap_s / instrument.step_s))
    for start in rng.integers(0, time.size, settings.long_gaps if settings.long_gap_s else 0):
        lost[start : start + length] = True
    return lost


def observe(realisation: Realisation, spacecraft: str) -> xr.Dataset:
    """The spacecraft's data as the pipeline's raw data: field and the first plasma product, lost and flagged missing."""
    names = realisation.settings.products[spacecraft]
    field, plasma = (measure(realisation, spacecraft, name) for name in names[:2])
    ds = xr.Dataset(coords={"component": list(schema.COMPONENTS)})
    for clock, measured in (("mag", field), ("plasma", plasma)):
        ds.coords[f"time_{clock}"] = measured["time"].values
        for name in ("b", *PLASMA):
            if name in measured:
                ds[name] = (f"time_{clock}", *measured[name].dims[1:]), _kept(measured, name)
    ds.coords["time_orbit"] = field["time"].values[::100]
    ds["position"] = ("time_orbit", "component"), field["position"].values[::100]
    for name in ds.data_vars:
        vector = {"frame": "GSE"} if "component" in ds[name].dims else {}
        ds[name].attrs = {**schema.attributes(name), **vector}
    accumulation = [INSTRUMENTS[name].accumulation_s for name in names[:2]]
    return ds.assign_attrs(
        event=realisation.settings.event,
        spacecraft=spacecraft,
        product_field=names[0],
        product_plasma=names[1],
        accumulation_mag_s=accumulation[0],
        accumulation_plasma_s=accumulation[1],
        removed="{}",
    )


def _kept(measured, name):
    missing = measured["lost"].values | measured["flagged"].values
    values = measured[name].values.copy()
    values[missing] = np.nan
    return values
