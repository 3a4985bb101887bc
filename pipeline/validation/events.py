"""One spacecraft: virtual events with random waves, gaps and products through resample, detect and the diagnostics.

Kinds: alfvenic, waves that meet the strict thresholds; any, waves anywhere in the plane of sigma_c and sigma_r; none,
nothing but weak turbulence in the ejecta; independent, strong red v and b that know nothing of each other.
"""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from pipeline import detect, simulate
from pipeline import intervals as table_of
from pipeline.diagnostics import alfvenicity, wavelet
from pipeline.resample import cadence, grid_edges, resample
from pipeline.simulate import Settings as Event
from pipeline.stats.seeds import generator

if TYPE_CHECKING:
    import xarray as xr

    from pipeline.simulate.event import Realisation


BANDS_S = ((300.0, 1800.0), (600.0, 3600.0), (1800.0, 7200.0))
PRODUCTS = (
    {"spacecraft": ("ace",)},
    {"spacecraft": ("wind",)},
    {"spacecraft": ("wind",), "products": {"wind": ("WI_H0_MFI", "WI_H1_SWE")}},
)
SLOWEST_S = 64.0  # a pair with ACE is on this grid or a coarser one
STEP_S = 4.0
METHODS = {"window": "window", "running mean": "running_mean"}


def drawn(kind: str, number: int, seed: int) -> Event:
    """Settings of one event of a kind."""
    rng = generator("validation", "events", seed, kind, number)
    waves = {"duration_h": 0.0, "db_over_b": 0.0}
    if kind in ("alfvenic", "any"):
        duration_h = rng.uniform(4, 8)
        waves = {
            "periods_s": BANDS_S[rng.integers(len(BANDS_S))],
            "db_over_b": rng.uniform(0.15, 0.5),
            "duration_h": duration_h,
            "before_end_h": rng.uniform(1.5, 17 - duration_h),
        } | _sigmas(kind, rng)
    turbulence = {"ejecta": 0.3 if kind == "independent" else 0.02}
    noise = {"gaps": rng.uniform(0, 0.15), "long_gaps": int(rng.integers(0, 5)), "long_gap_s": rng.uniform(300, 2400)}
    noise |= {"v_noise_km_s": rng.uniform(0.5, 2.0)}
    rope = {"alpha_ratio": rng.uniform(0.02, 0.12), "n_cm3": rng.uniform(3, 10), "impact": rng.uniform(-0.5, 0.5)}
    made = PRODUCTS[rng.integers(len(PRODUCTS))]
    names = {"event": f"validation-{kind}-{seed}", "seed": number, "sampling_s": STEP_S}
    return Event(**names, **made, waves=waves, turbulence=turbulence, instruments=noise, rope=rope)


def _sigmas(kind, rng):
    sign = rng.choice([-1.0, 1.0])
    if kind == "alfvenic":
        return {"sigma_c": sign * rng.uniform(0.8, 0.95), "sigma_r": rng.uniform(-0.2, 0.2)}
    radius, angle = 0.95 * np.sqrt(rng.random()), rng.uniform(0, 2 * np.pi)
    return {"sigma_c": radius * np.cos(angle), "sigma_r": radius * np.sin(angle)}


def rows(kind: str, number: int, seed: int) -> list[dict]:
    """What was true and what was found of one event: a row per method, and one for detection."""
    realisation = simulate.realise(drawn(kind, number, seed))
    (spacecraft,) = realisation.settings.spacecraft
    ds = observed(realisation, spacecraft)
    true = true_intervals(realisation, spacecraft)
    about = {"kind": kind, "number": number, "product": ds.attrs["product_plasma"]}
    return [about | row for row in _values(realisation, ds, true)] + [about | _detection(realisation, ds, true)]


def observed(realisation: "Realisation", spacecraft: str) -> "xr.Dataset":
    """Uniform data of one spacecraft, on the grid that a pair with ACE would have."""
    raw = simulate.observe(realisation, spacecraft)
    time = realisation.series[spacecraft]["time"].values
    return resample(raw, grid_edges(time[0], time[-1], max(SLOWEST_S, cadence([raw], "auto"))), 0.5)


def true_intervals(realisation: "Realisation", spacecraft: str) -> pd.DataFrame:
    """Table of intervals from the truth: sheath, ejecta, and alfvenic_1 where there are waves."""
    at = {name: pd.Timestamp(t) for name, t in realisation.truth["boundaries"][spacecraft].items()}
    spans = [("sheath", "sheath_start", "ejecta_start"), ("ejecta", "ejecta_start", "ejecta_end")]
    spans.append(("alfvenic_1", "alfvenic_start", "alfvenic_end"))
    found = [(spacecraft, name, at[a], at[b], "given") for name, a, b in spans if a in at]
    return pd.DataFrame(found, columns=table_of.COLUMNS).astype({"start": "M8[ns]", "end": "M8[ns]"})


def expected(event: Event) -> dict[str, float]:
    """sigma_c and sigma_r of the ensemble: waves, and the turbulence that lies in their band and knows of no wave."""
    waves, turbulence = event.waves, event.turbulence
    e_b = waves.db_over_b**2
    e_v = e_b * (1 + waves.sigma_r) / (1 - waves.sigma_r)
    share = _share(waves.periods_s, (4 * event.sampling_s, turbulence.longest_period_s))
    total = e_v + e_b + 2 * turbulence.ejecta**2 * share
    return {"sigma_c": waves.sigma_c * (e_v + e_b) / total, "sigma_r": (e_v - e_b) / total}


def _share(band_s, whole_s):
    """Share of the variance of f^-5/3 between the periods `whole_s` that lies in `band_s`."""
    slow, fast = (np.asarray(periods) ** (2 / 3) for periods in (whole_s, band_s))
    return (min(fast[1], slow[1]) - max(fast[0], slow[0])) / (slow[1] - slow[0])


def _values(realisation, ds, true):
    """A row per method with the true and the found sigma_c and sigma_r of the true Alfvénic interval."""
    rows = true[true["interval"] == "alfvenic_1"]
    if rows.empty:
        return
    event = realisation.settings
    realised, nominal = realisation.truth["realised"][ds.attrs["spacecraft"]], expected(event)
    band = wavelet.Settings(bands_s=(event.waves.periods_s,))
    waves = wavelet.compute(ds, rows, band)
    found = {"wavelet": _cell(waves, str(waves["method"].values[0]))}
    running = alfvenicity.compute(ds, rows, alfvenicity.Settings())
    found |= {name: _cell(running, method) for name, method in METHODS.items()}
    about = {"row": "value", "band_s": event.waves.periods_s[0], "db_over_b": event.waves.db_over_b}
    for method, cell in found.items():
        truths = {f"{k}_{t}": v[k] for t, v in (("realised", realised), ("nominal", nominal)) for k in nominal}
        yield about | {"method": method} | truths | cell


def _cell(result, method):
    here = result.sel({"interval": "alfvenic_1", "method": method})
    out = {name: float(here[name]) for name in ("sigma_c", "sigma_r", "n_effective", "coverage")}
    for name in ("sigma_c", "sigma_r"):
        out |= {f"{name}_{bound}": float(here[f"{name}_ci"].sel(bound=bound)) for bound in ("low", "high")}
    return out | {"reason": str(here["reason"].values)}


def _detection(realisation, ds, true):
    """Errors of the edges (s, positive: too late), and hours found outside the true interval."""
    found = detect.alfvenic(detect.detect(ds, true[true["interval"] != "alfvenic_1"], detect.Settings()))
    spans = [(row.start, row.end) for row in found.itertuples()]
    where = true[true["interval"].isin(("sheath", "ejecta"))]
    out = {"row": "detection", "searched_h": float((where["end"] - where["start"]).dt.total_seconds().sum() / 3600)}
    out |= {"found_h": sum(_hours(*span) for span in spans), "pieces": len(spans)}
    chosen = true[true["interval"] == "alfvenic_1"]
    if chosen.empty:
        return out | {"false_h": out["found_h"]}
    start, end = chosen["start"].iloc[0], chosen["end"].iloc[0]
    touching = [span for span in spans if span[0] < end and span[1] > start]
    inside_h = sum(_hours(max(a, start), min(b, end)) for a, b in touching)
    out |= {"true_h": _hours(start, end), "inside_h": inside_h, "false_h": out["found_h"] - inside_h}
    out |= {"band_s": realisation.settings.waves.periods_s[0], "db_over_b": realisation.settings.waves.db_over_b}
    if touching:
        first, last = min(a for a, _ in touching), max(b for _, b in touching)
        out |= {"start_error_s": (first - start).total_seconds(), "end_error_s": (last - end).total_seconds()}
    return out


def _hours(start, end):
    return (end - start).total_seconds() / 3600
