"""Writes a results folder by the schema, with known numbers, for tests of what reads results."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from pipeline import provenance, tables
from pipeline.intervals import write as write_intervals
from pipeline.schema import UNIFORM, attributes

LAG_S = 1920.0
CADENCE_S = 64.0
EVENT = "2001-01-01"
START = np.datetime64("2001-01-01T00:00:32", "ns")
SHEATH, EJECTA, END = (np.datetime64(t, "ns") for t in ("2001-01-01T06:00", "2001-01-01T12:00", "2001-01-02T06:00"))
WAVES = (np.datetime64("2001-01-02T00:00", "ns"), np.datetime64("2001-01-02T05:00", "ns"))
NAMES = ("ejecta_front", "ejecta_middle", "ejecta_rear")
CORRELATION = {
    "sheath": 0.55, "ejecta": 0.97, "ejecta_front": 0.985, "ejecta_middle": 0.9, "ejecta_rear": np.nan,
    "alfvenic_1": 0.35, "quiet": 0.99,
}  # fmt: skip
PACKAGE = Path(tables.__file__).parent
MODULES = sorted(p.stem for room in ("diagnostics", "pairs") for p in (PACKAGE / room).glob("[a-z]*.py"))


def seconds(value: float) -> np.timedelta64:
    return np.timedelta64(round(value * 1e9), "ns")


def time_grid(n: int = 2400) -> np.ndarray:
    return START + np.arange(n) * seconds(CADENCE_S)


def rope(time: np.ndarray, lag_s: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Field (nT) and velocity (km s-1), (time, component): a field turning by 180 degrees, waves in its rear, noise."""
    rng = np.random.default_rng(seed)
    hours = (time - EJECTA - seconds(lag_s)) / seconds(3600.0)
    inside = (hours >= 0) & (hours < 18)
    angle = np.pi * np.clip(hours / 18, 0, 1) - np.pi / 2
    strength = np.where(inside, 17 - 3 * (hours / 9 - 1) ** 2, np.where((hours >= -6) & (hours < 0), 11, 6))
    b = strength[:, None] * np.column_stack([0.15 * np.ones_like(angle), np.cos(angle), np.sin(angle)])
    b += rng.normal(0, np.where(inside, 0.3, 1.5)[:, None], b.shape)
    wave = np.where((hours >= 12) & (hours < 17), 3.0, 0.0)[:, None] * np.sin(
        2 * np.pi * hours[:, None] / np.array([0.5, 0.7, 0.6]) + seed
    )
    v = np.column_stack([-420 + 2 * np.clip(hours, 0, 18), np.zeros_like(hours), np.zeros_like(hours)])
    return b + wave, v - 9 * wave + rng.normal(0, 2, b.shape)


def uniform(spacecraft: str, lag_s: float, seed: int) -> xr.Dataset:
    """One spacecraft's uniform.nc with a two-hour plasma gap and a lone valid sample inside it."""
    time = time_grid()
    b, v = rope(time, lag_s, seed)
    rng = np.random.default_rng(seed + 100)
    hours = (time - EJECTA - seconds(lag_s)) / seconds(3600.0)
    inside = (hours >= 0) & (hours < 18)
    n = np.where(inside, 5.0, 12.0) * np.exp(rng.normal(0, 0.1, time.size))
    temperature = np.where(inside, 3e4, 1.5e5) * np.exp(rng.normal(0, 0.1, time.size))
    gap = (hours >= 4) & (hours < 6)
    gap[np.flatnonzero(gap)[40]] = False
    v[gap], n[gap], temperature[gap] = np.nan, np.nan, np.nan
    position = np.tile([1.5e6, 1.6e5, -5e4] if spacecraft == "ace" else [-1.3e6, 3e5, 2e4], (time.size, 1))
    values = {
        "b": b, "b_mag": np.linalg.norm(b, axis=1), "v": v, "n": n, "temperature": temperature,
        "alpha_ratio": np.full(time.size, np.nan), "position": position, "coverage_b": np.ones(time.size),
        "coverage_v": np.where(gap, 0.0, 1.0), "coverage_n": np.where(gap, 0.0, 1.0),
    }  # fmt: skip
    frame = {name: {"frame": "GSE"} for name in ("b", "v", "position")}
    return xr.Dataset(
        {name: (UNIFORM[name].dims, x, attributes(name) | frame.get(name, {})) for name, x in values.items()},
        coords={"time": time, "component": ["x", "y", "z"]},
        attrs={
            "event": EVENT, "spacecraft": spacecraft, "cadence_s": CADENCE_S, "product_field": f"{spacecraft}_field",
            "product_plasma": f"{spacecraft}_plasma", "accumulation_mag_s": 16.0, "accumulation_plasma_s": 64.0,
            "removed": json.dumps({"n": {"fill": 3}}),
        },
    )  # fmt: skip


def intervals() -> pd.DataFrame:
    rows = []
    for spacecraft, lag, origin in (("ace", 0.0, "given"), ("wind", LAG_S, "carried")):
        edges = EJECTA + (END - EJECTA) // 3 * np.arange(4)
        bounds = [("sheath", SHEATH, EJECTA, origin), ("ejecta", EJECTA, END, origin)]
        bounds += [(name, a, b, origin) for name, a, b in zip(NAMES, edges, edges[1:], strict=False)]
        bounds += [("alfvenic_1", *WAVES, "detected"), ("quiet", EJECTA, WAVES[0], "detected")]
        bounds.append(("quiet", WAVES[1], END, "detected"))
        rows += [(spacecraft, name, a + seconds(lag), b + seconds(lag), how) for name, a, b, how in bounds]
    return pd.DataFrame(rows, columns=["spacecraft", "interval", "start", "end", "origin"])


def alfvenicity(ds: xr.Dataset, rows: pd.DataFrame) -> xr.Dataset:
    """Running values with the gap of the plasma, values per interval of which the last is missing with a reason."""
    time, gap = ds["time"].values, np.isnan(ds["n"].values)
    running = {"sigma_c": 0.8 * np.tanh(np.linspace(-2, 2, time.size)), "sigma_r": np.full(time.size, -0.3)}
    names = {"sigma_c": "normalised cross helicity", "sigma_r": "normalised residual energy"}
    variables = {
        f"{key}_window": (
            "time",
            np.where(gap, np.nan, v),
            {"units": "1", "long_name": names[key], "label": f"σ_{key[-1]}"},
        )
        for key, v in running.items()
    }
    dims = ("interval", "method")
    values = np.r_[np.linspace(-0.6, 0.4, len(rows) - 1), np.nan][:, None]
    for key, factor in {"sigma_c": 1, "sigma_r": -0.5, "walen_slope": 0.9, "walen_correlation": 1}.items():
        variables[key] = dims, factor * values, {"units": "1", "long_name": names.get(key, key)}
    variables["ht_correlation"] = dims, np.full(values.shape, 0.97), {"units": "1", "long_name": "ht_correlation"}
    bounds = np.stack([values - 0.1, values + 0.1], axis=-1)
    variables["sigma_c_ci"] = (*dims, "bound"), bounds, {"units": "1", "long_name": "95 % interval"}
    reasons = np.array([""] * (len(rows) - 1) + ["less than half of the samples"], object)[:, None]
    variables["reason"] = dims, reasons, {"units": ""}
    coords = {"time": time, "interval": rows["interval"].values, "method": ["window"], "bound": ["low", "high"]}
    return xr.Dataset(variables, coords, {"window_s": 3648.0})


def spectra(rows: pd.DataFrame) -> xr.Dataset:
    """Power laws of slope -5/3 with v : b = 1 : 3 and z_plus : z_minus = 1 : 7 in every region."""
    period = np.geomspace(300, 20000, 25)
    names = list(dict.fromkeys(rows["interval"]))
    shares = {"v": 1.0, "b": 3.0, "z_plus": 1.0, "z_minus": 7.0}
    power = np.stack([share * 1e3 * (period / 300) ** (5 / 3) for share in shares.values()])
    power = np.tile(power, (len(names), 1, 1))
    dims = ("region", "quantity", "period")
    attrs = {"units": "km2 s-2 Hz-1", "long_name": "power spectral density, trace"}
    bounds = np.stack([0.5 * power, 2 * power], axis=-1)
    coords = {"region": names, "quantity": list(shares), "period": period, "bound": ["low", "high"]}
    return xr.Dataset({"power": (dims, power, attrs), "power_ci": ((*dims, "bound"), bounds, attrs)}, coords)


def hodogram(ds: xr.Dataset, rows: pd.DataFrame) -> xr.Dataset:
    values, vectors = [], []
    for row in rows.itertuples():
        inside = (ds["time"].values >= row.start) & (ds["time"].values < row.end)
        value, vector = np.linalg.eigh(np.cov(ds["b"].values[inside].T))
        values.append(value[::-1])
        vectors.append(vector.T[::-1])
    return xr.Dataset(
        {
            "eigenvalue": (
                ("interval", "axis"),
                np.array(values),
                {"units": "nT2", "long_name": "variance along axis"},
            ),
            "e": (
                ("interval", "axis", "component"),
                np.array(vectors),
                {"units": "1", "long_name": "axis", "frame": "GSE"},
            ),
        },
        coords={"interval": rows["interval"].values, "axis": ["max", "int", "min"], "component": ["x", "y", "z"]},
    )


def wavelet(ds: xr.Dataset, rows: pd.DataFrame) -> xr.Dataset:
    """Scalograms with a cone, a blurred short end, and sigma_c = -0.8, sigma_r = 0.1 everywhere; a table like it."""
    time, period = ds["time"].values[::8], np.geomspace(128, 40000, 30)
    edge = np.minimum(np.arange(time.size), np.arange(time.size)[::-1]) * 8 * CADENCE_S
    known = (period[None, :] < edge[:, None]) & (period[None, :] >= 360)
    ratios = {"sigma_c": -0.8, "sigma_r": 0.1, "sigma_m": 0.4}
    images = {k: np.where(known, v, np.nan) for k, v in ratios.items()}
    images |= {"e_v": np.where(known, 55.0, np.nan), "e_b": np.where(known, 45.0, np.nan)}
    units = {"e_v": "km2 s-2", "e_b": "km2 s-2"}
    label = {"sigma_c": "σ_c", "sigma_r": "σ_r", "sigma_m": "σ_m"}

    def attrs(key):
        return {"units": units.get(key, "1"), "long_name": key, "label": label.get(key, key)}

    names = list(dict.fromkeys(rows["interval"]))
    cells = {k: (("interval", "method"), np.full((len(names), 1), v), attrs(k)) for k, v in ratios.items()}
    bounds = {
        f"{k}_ci": (("interval", "method", "bound"), np.tile([v - 0.1, v + 0.1], (len(names), 1, 1)), attrs(k))
        for k, v in ratios.items()
    }
    bands = {f"{k}_band": ("time", np.full(time.size, v), attrs(k)) for k, v in ratios.items()}
    images = {f"{k}_wavelet": (("time", "period"), v, attrs(k)) for k, v in images.items()}
    coords = {"time": time, "period": period, "interval": names, "method": ["wavelet:600-3600"]}
    return xr.Dataset(images | bands | cells | bounds, coords, {"wavelet": "Morlet, omega_0 = 6"})


def lag() -> xr.Dataset:
    lags = np.arange(-7168.0, 7169.0, CADENCE_S)
    width = {"vector": 5000.0, "b_mag": 3000.0, "b_x": 800.0, "b_y": 6000.0, "b_z": 5500.0}
    r = np.column_stack([0.97 * np.exp(-0.5 * ((lags - LAG_S) / w) ** 2) for w in width.values()])
    ones = {"units": "1", "long_name": "correlation at a lag", "label": "r"}
    return xr.Dataset(
        {
            "lag_s": ((), LAG_S, {"units": "s", "long_name": "lag of the second spacecraft"}),
            "lag_refined_s": ((), LAG_S + 7.0, {"units": "s", "long_name": "lag refined between samples"}),
            "convective_lag_s": ((), 2200.0, {"units": "s", "long_name": "lag predicted from separation and flow"}),
            "r": (("lag", "measure"), r, ones),
        },
        coords={"lag": ("lag", lags, {"units": "s"}), "measure": list(width)},
    )


def correlation() -> xr.Dataset:
    quantities = ["b_x", "b_y", "b_z", "b_mag", "vector"]
    r = np.array([[value - 0.01 * k for k in range(5)] for value in CORRELATION.values()])
    bound = {"units": "1", "long_name": "interval of r"}
    return xr.Dataset(
        {
            "r": (("interval", "quantity"), r, {"units": "1", "long_name": "Pearson correlation", "label": "r"}),
            "reason": (("interval", "quantity"), np.where(np.isnan(r), "fewer than 10 common samples", "")),
            "r_ci": (("interval", "quantity", "bound"), np.stack([r - 0.2, r + 0.02], axis=-1), bound),
            "n_samples": (("interval", "quantity"), np.where(np.isnan(r), 4, 300), {"units": "1"}),
        },
        coords={"interval": list(CORRELATION), "quantity": quantities, "bound": ["low", "high"]},
    )


def files(spacecraft: str) -> dict:
    """Manifest: two field files, plasma by a second choice with a day missing."""
    prefix = {"ace": "AC", "wind": "WI"}[spacecraft]

    def entry(product, days, **more):
        names = [f"{spacecraft}/{product.lower()}_{day}_v05.cdf" for day in days]
        found = [
            {"day": f"{d[:4]}-{d[4:6]}-{d[6:]}", "path": n, "url": f"http://archive/{n}", "bytes": 1234567}
            | {"sha256": "ab" * 32, "fetched": "2024-01-01T00:00:00Z"}
            for d, n in zip(days, names, strict=True)
        ]
        return {"product": product, "reason": "", "files": found, "absent": [], "tried": [], **more}

    return {
        "field": entry(f"{prefix}_H0_MFI", ["20010101", "20010102"]),
        "plasma": entry("AC_H0_SWE", ["20010101", "20010102"])
        if spacecraft == "ace"
        else entry(
            "WI_H1_SWE",
            ["20010101"],
            absent=[{"day": "2001-01-02", "reason": "not in the archive"}],
            tried=[{"product": "WI_PM_3DP", "reason": "no file on 2001-01-01: not in the archive"}],
        ),
    }


def write_tables(folder, event: str, uniform: list, results: dict[str, list]) -> None:
    frames = {"intervals": tables.interval_statistics(event, uniform, intervals())}
    frames |= {name: tables.tidy(datasets) for name, datasets in results.items()}
    others = {name: tables.tidy([]) for name in MODULES}  # what tests add to these results
    frames["columns"] = tables.describe_columns(others | frames, results)
    for name, frame in frames.items():
        tables.write(frame, folder / "tables" / f"{name}.csv")


def write_results(root, event: str = EVENT):
    """Results of a two-spacecraft event under `root`; returns the event's folder. Figures are not drawn."""
    folder = root / event
    table = intervals()
    everything, data = {"alfvenicity": [], "hodogram": [], "correlation": []}, []
    for spacecraft, lag_s, seed in (("ace", 0.0, 1), ("wind", LAG_S, 2)):
        ds = uniform(spacecraft, lag_s, seed).assign_attrs(event=event)
        rows = table[(table["spacecraft"] == spacecraft) & (table["interval"] != "quiet")]
        data.append(ds)
        provenance.write(ds, folder / spacecraft / "uniform.nc", "resample", {})
        provenance.write_json(files(spacecraft), folder / spacecraft / "files.json")
        provenance.write(wavelet(ds, rows), folder / spacecraft / "wavelet.nc", "diagnose", {})
        provenance.write(spectra(rows), folder / spacecraft / "spectra.nc", "diagnose", {})
        for name, result in {"alfvenicity": alfvenicity(ds, rows), "hodogram": hodogram(ds, rows)}.items():
            everything[name].append(result.assign_attrs(event=event, spacecraft=spacecraft))
            parents = {"uniform": folder / spacecraft / "uniform.nc"}
            provenance.write(everything[name][-1], folder / spacecraft / f"{name}.nc", "diagnose", parents)
    everything["correlation"].append(correlation().assign_attrs(event=event, first="ace", second="wind"))
    provenance.write(lag(), folder / "ace-wind" / "lag.nc", "lag", {})
    settings = {"level": 0.95}
    provenance.write(everything["correlation"][0], folder / "ace-wind" / "correlation.nc", "correlate", {}, settings)
    write_tables(folder, event, data, everything)
    write_intervals(table, folder / "intervals.csv")
    crossings = [{"spacecraft": "ace", "note": "a note"}, {"spacecraft": "wind", "note": ""}]
    described = {
        "event": {"name": event, "crossings": crossings}, "spacecraft": ["ace", "wind"], "pairs": [["ace", "wind"]]
    }  # fmt: skip
    provenance.write_json(described, folder / "event.json")
    return folder
