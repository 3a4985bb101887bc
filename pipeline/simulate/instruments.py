"""What instruments make of the true fields: averages over their accumulations, noise, gaps, flags."""

import numpy as np
import xarray as xr

from pipeline import schema
from pipeline.resample import windowed_means
from pipeline.simulate import sampling
from pipeline.simulate.event import Realisation
from pipeline.stats.seeds import generator

DENSITIES = ("n", "alpha_ratio")  # lost now and then although the velocity is there


def measure(realisation: Realisation, spacecraft: str, product: str) -> xr.Dataset:
    """One product's samples at the centres of its accumulations: the quantities with their noise, and how each fared.

    `lost` (time): no sample; `lost_density` (time): no density and alphas; `flagged` (time): a flag marks the sample,
    whose value is to be taken for wrong. Attributes: the product's name and where its stamps lie.
    """
    settings, truth = realisation.settings, realisation.series[spacecraft]
    chosen, made = settings.instruments_at(product), sampling.TABLE[product]
    rng = generator(settings.event, "instruments", settings.seed, spacecraft, product)
    time = _centres(truth["time"].values, made, rng)
    ds = xr.Dataset(coords={"time": time, "component": truth["component"]})
    for name in made.quantities:
        if name in truth:
            values = _averaged(truth, name, time, made, settings.sampling_s)
            ds[name] = truth[name].dims, values + _noise(rng, name, values, chosen)
    if "v_error" in made.quantities:
        ds = ds.assign(_fitted(ds, chosen))
    for name, mask in _fates(rng, time, made, chosen).items():
        ds[name] = "time", mask
    late = np.timedelta64(round(chosen.clock_error_s * 1e9), "ns")
    return ds.assign_coords(time=time + late).assign_attrs(product=product, stamp_s=made.stamp_s)


def _centres(true_time, made, rng):
    """Sample centres that begin at a phase of the instrument's own, in whole seconds of stamps."""
    step = np.timedelta64(round(made.accumulation_s * 1e9), "ns")
    phase_s = 0.5 * made.accumulation_s + rng.integers(0, int(made.accumulation_s))
    return np.arange(true_time[0] + np.timedelta64(round(phase_s * 1e9), "ns"), true_time[-1], step)


def _averaged(truth, name, time, made, sampling_s):
    values, true_time = truth[name].values, truth["time"].values
    if name == "position" or made.accumulation_s <= sampling_s:
        at, knots = ((t - true_time[0]) / np.timedelta64(1, "s") for t in (time, true_time))
        columns = values.reshape(len(values), -1).T
        return np.stack([np.interp(at, knots, x) for x in columns], axis=1).reshape(len(time), *values.shape[1:])
    half = np.timedelta64(round(made.accumulation_s * 5e8), "ns")
    return windowed_means(values, true_time, sampling_s, time - half, time + half)[0]


def _noise(rng, name, values, chosen):
    absolute = {"b": chosen.b_noise_nt, "v": chosen.v_noise_km_s, "position": 0.0}
    scale = absolute[name] if name in absolute else chosen.n_noise * np.abs(values)
    return rng.normal(size=values.shape) * scale


def _fitted(ds, chosen):
    """What a fit gives beside the moments: its error, and temperatures along and across B, here the same."""
    return {
        "v_error": (("time", "component"), np.full(ds["v"].shape, chosen.v_noise_km_s)),
        "temperature_parallel": ds["temperature"],
        "temperature_perpendicular": ds["temperature"],
    }


def _fates(rng, time, made, chosen):
    """Masks (time): lost one by one, in long gaps, or to a search for the beam; without density; flagged."""
    lost = rng.random(time.size) < chosen.gaps
    length = max(1, round(chosen.long_gap_s / made.accumulation_s))
    for start in rng.integers(0, time.size, chosen.long_gaps if chosen.long_gap_s else 0):
        lost[start : start + length] = True
    if made.searches and chosen.search_s:
        into_cycle_s = ((time - time[0]) / np.timedelta64(1, "s") + rng.uniform(0, chosen.search_every_s)) % (
            chosen.search_every_s
        )
        lost |= into_cycle_s < chosen.search_s
    lost_density = (rng.random(time.size) < chosen.density_gaps) & (made.kind == "plasma")
    flagged = _flagged(rng, time, made.flag_s or made.accumulation_s, chosen.flagged)
    if made.flag_s is None:  # where nothing can be flagged, what is wrong is not delivered
        lost, flagged = lost | flagged, np.zeros_like(flagged)
    return {"lost": lost, "lost_density": lost_density & ~lost, "flagged": flagged}


def _flagged(rng, time, flag_s, share):
    """Boolean (time): all samples of a share of the spans of `flag_s`, which begin at whole multiples since 1970."""
    span = time.astype("datetime64[ns]").astype("int64") // round(flag_s * 1e9)
    first, members = np.unique(span, return_inverse=True)
    return (rng.random(first.size) < share)[members]


def observe(realisation: Realisation, spacecraft: str) -> xr.Dataset:
    """The spacecraft's data as raw data of the pipeline, from its first field and plasma product; lost is NaN."""
    names = realisation.settings.products_of(spacecraft)
    field, plasma = (next(n for n in names if sampling.TABLE[n].kind == kind) for kind in ("field", "plasma"))
    measured = {"mag": measure(realisation, spacecraft, field), "plasma": measure(realisation, spacecraft, plasma)}
    ds = xr.Dataset(coords={"component": list(schema.COMPONENTS)})
    for clock, each in measured.items():
        ds.coords[f"time_{clock}"] = each["time"].values
        for name in ("b", *sampling.PLASMA, *sampling.FIT):
            if name not in each:
                continue
            ds[name] = (f"time_{clock}", *each[name].dims[1:]), _kept(each, name)
    ds.coords["time_orbit"] = measured["mag"]["time"].values[::100]
    ds["position"] = ("time_orbit", "component"), measured["mag"]["position"].values[::100]
    for name in ds.data_vars:
        frame = {"frame": "GSE"} if "component" in ds[name].dims else {}
        ds[name].attrs = schema.attributes(name) | frame
    return ds.assign_attrs(
        event=realisation.settings.event,
        spacecraft=spacecraft,
        product_field=field,
        product_plasma=plasma,
        accumulation_mag_s=sampling.TABLE[field].accumulation_s,
        accumulation_plasma_s=sampling.TABLE[plasma].accumulation_s,
        removed="{}",
    )


def _kept(each, name):
    missing = each["lost"].values | each["flagged"].values
    if name in DENSITIES:
        missing = missing | each["lost_density"].values
    values = each[name].values.copy()
    values[missing] = np.nan
    return values
