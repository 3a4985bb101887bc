"""A month of Wind's field at 11 Hz, resampled, windowed and wavelet-transformed: time, peak memory, slope.

    PYTHONPATH=. python tests/benchmarks/long_record.py FOLDER [DAYS ...]        # 30 days: 1.2 GB of files below FOLDER
    PYTHONPATH=. python tests/benchmarks/long_record.py FOLDER whole 30         # beside the whole, and beside a cluster

Day files of WI_H2_MFI (0.092 s, 939,130 records) and WI_PM_3DP (3 s) with red noise and 2 % of gaps are written first.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import xarray as xr

from pipeline.simulate.archive import write_cdf
from pipeline.simulate.layouts import DOUBLE, FLOAT, INT2, REAL4, Layout, Variable, _epoch

FIRST = np.datetime64("2001-01-01", "ns")
DAY = np.timedelta64(86400, "s")


class Part(dict):
    """What layouts read: values, and the stamp's shift."""

    attrs = {"stamp_s": 0.0}  # noqa: RUF012


def series(time_s: np.ndarray, day: int, noise: float) -> np.ndarray:
    """(time, component): waves of many periods in the record's own time, the same on any day boundary, and noise."""
    rng = np.random.default_rng(7)
    periods = np.geomspace(20.0, 2e5, 60)
    phases = rng.uniform(0, 2 * np.pi, (60, 3))
    out = np.zeros((time_s.size, 3))
    for period, phase in zip(periods, phases, strict=True):
        out += (period / 2e5) ** (1 / 3) * np.cos(2 * np.pi * time_s[:, None] / period + phase)
    return out + noise * np.random.default_rng(1000 + day).normal(size=out.shape)


def day_times(day: int, step_s: float) -> np.ndarray:
    """Seconds since FIRST of the samples of one day, on one clock for all days; 2 % are lost in pieces."""
    index = np.arange(np.ceil(day * 86400 / step_s), np.ceil((day + 1) * 86400 / step_s))
    lost = np.random.default_rng(day).random(int(index.size / 200) + 1) < 0.02
    return (index[~lost[(np.arange(index.size) // 200)]] + 0.5) * step_s


def write_day(archive: Path, day: int) -> None:
    date = str((FIRST + day * DAY).astype("datetime64[D]")).replace("-", "")

    def stamps(time_s):
        return Part(time=type("T", (), {"values": FIRST + (time_s * 1e9).astype("int64").astype("m8[ns]")}))

    def field(_):
        time_s = day_times(day, 0.092)
        yield _epoch(stamps(time_s))
        yield Variable("BGSE", REAL4, 5 * series(time_s, day, 0.05).astype("f4"), "nT")

    def plasma(_):
        time_s = day_times(day, 3.0)
        yield _epoch(stamps(time_s))
        yield Variable("TIME", DOUBLE, time_s)
        yield Variable("VALID", INT2, np.ones(time_s.size, "i2"))
        yield Variable("P_DENS", FLOAT, (5 + 0 * time_s).astype("f4"), "#/cm^3")
        yield Variable("P_VELS", FLOAT, (30 * series(time_s, day, 0.05) - [400, 0, 0]).astype("f4"), "km/s")
        yield Variable("P_TEMP", FLOAT, (10 + 0 * time_s).astype("f4"), "eV")

    for name, variables, path in (
        ("WI_H2_MFI", field, f"wind/mfi/mfi_h2/2001/wi_h2_mfi_{date}_v01.cdf"),
        ("WI_PM_3DP", plasma, f"wind/3dp/3dp_pm/2001/wi_pm_3dp_{date}_v01.cdf"),
    ):
        if not (archive / path).is_file():
            write_cdf(archive / path, name, Layout("Wind", "", "", variables, name == "WI_H2_MFI"), None)


def settings(days: int) -> dict:
    products = {"wind": {"field": ["WI_H2_MFI"], "plasma": ["WI_PM_3DP"]}}
    end = str((FIRST + days * DAY).astype("datetime64[s]"))
    return {"spacecraft": "wind", "start": "2001-01-01", "end": end, "fetch": {"margin_h": 0, "products": products}}


def measure(folder: Path, days: int, name: str = "out", address: str = "", **more) -> dict:
    """Wall and CPU seconds and peak memory (MB) of `python -m pipeline.records`, files at hand."""
    words = ["--settings", json.dumps(settings(days) | more), "--archive", str(folder / "archive")]
    words += ["--data", str(folder / "data"), "--output", str(folder / f"{name}{days}")]
    words += ["--address", address] if address else []
    begin = time.monotonic()
    child = subprocess.Popen([sys.executable, "-m", "pipeline.records", *words])
    _, status, usage = os.wait4(child.pid, 0)
    if status:
        raise RuntimeError(f"the record of {days} days failed")
    cpu_s = usage.ru_utime + usage.ru_stime
    return {"days": days, "wall_s": time.monotonic() - begin, "cpu_s": cpu_s, "peak_mb": usage.ru_maxrss / 1024}


def whole(folder: Path, days: int) -> None:
    """The record in chunks beside that of one chunk, all of it in memory, and that of a cluster of two processes."""
    from dask.distributed import LocalCluster

    for day in range(days):
        write_day(folder / "archive", day)
    print("in chunks", measure(folder, days))
    print("as a whole", measure(folder, days, "whole", chunk_days=10.0 * days))
    with LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster:
        print("on a cluster", measure(folder, days, "cluster", cluster.scheduler_address))
    ours = xr.open_dataset(folder / f"out{days}" / "record.nc", engine="h5netcdf")
    for name in ("whole", "cluster"):
        other = xr.open_dataset(folder / f"{name}{days}" / "record.nc", engine="h5netcdf")
        print(name, {str(key): difference(ours[key], other[key]) for key in ours.data_vars})


def difference(x: xr.DataArray, y: xr.DataArray) -> float:
    """Largest difference over the largest value; infinite where one is missing and the other is not."""
    x, y = x.values, y.values
    if x.dtype.kind != "f":
        return 0.0 if np.array_equal(x, y) else np.inf
    if not np.array_equal(np.isnan(x), np.isnan(y)):
        return np.inf
    return float(np.nanmax(np.abs(x - y), initial=0.0) / max(np.nanmax(np.abs(y), initial=0.0), 1e-300))


def main(folder: Path, lengths: list[int]) -> None:
    for day in range(max(lengths)):
        write_day(folder / "archive", day)
    found = [measure(folder, days) for days in lengths]
    for row in found:
        print(" ".join(f"{key} {value:.1f}" for key, value in row.items()))
    if len(found) > 1:
        slope = (found[-1]["cpu_s"] - found[0]["cpu_s"]) / (found[-1]["days"] - found[0]["days"])
        print(f"{slope:.2f} s of CPU a day: a year takes {365 * slope / 60:.0f} min of CPU")


if __name__ == "__main__" and sys.argv[2:3] == ["whole"]:
    whole(Path(sys.argv[1]), int(sys.argv[3]))
elif __name__ == "__main__":
    main(Path(sys.argv[1]), [int(word) for word in sys.argv[2:]] or [5, 10, 30])
