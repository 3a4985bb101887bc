"""Pairs of spacecraft whose lag and correlation are known, for the tests of this folder."""

import numpy as np
import pandas as pd
import xarray as xr

START = np.datetime64("2001-01-01T00:00:30", "ns")
STEP_S = 60.0


def red_noise(rng, shape, slope=5 / 3):
    """(..., time): Gaussian series with power spectrum f^-slope, unit variance in the mean, cut from a longer one."""
    n = shape[-1]
    size = 1 << (4 * n).bit_length()
    f = np.fft.rfftfreq(size)
    f[0] = np.inf
    amplitude = f ** (-slope / 2)
    white = rng.standard_normal((*shape[:-1], f.size)) + 1j * rng.standard_normal((*shape[:-1], f.size))
    x = np.fft.irfft(white * amplitude, size)[..., :n]
    return x / np.sqrt(4 * np.sum(amplitude**2)) * size


def ar1(rng, shape, phi):
    """(..., time): unit-variance first-order autoregressive series."""
    from scipy.signal import lfilter

    warm = int(20 / (1 - phi))
    noise = rng.standard_normal((*shape[:-1], shape[-1] + warm)) * np.sqrt(1 - phi**2)
    return lfilter([1.0], [1.0, -phi], noise, axis=-1)[..., warm:]


def spacecraft(name, b, v=(-400.0, 0.0, 0.0), position=(1.5e6, 0.0, 0.0)):
    """Uniform-like Dataset of b (time, component), with constant velocity (km s-1) and position (km)."""
    n = b.shape[0]
    return xr.Dataset(
        {
            "b": (("time", "component"), b, {"units": "nT", "frame": "GSE"}),
            "b_mag": ("time", np.linalg.norm(b, axis=1), {"units": "nT"}),
            "v": (("time", "component"), np.tile(v, (n, 1))),
            "position": (("time", "component"), np.tile(position, (n, 1))),
        },
        coords={"time": START + np.arange(n) * np.timedelta64(int(STEP_S), "s"), "component": ["x", "y", "z"]},
        attrs={"event": "simulated", "spacecraft": name},
    )


def rope_field(hours, duration_h=18.0, strength=17.0):
    """Field (time, component) that turns by 180 degrees in y-z over `duration_h` from hour 0, quiet outside."""
    phase = np.clip(hours / duration_h, 0, 1)
    inside = (hours >= 0) & (hours < duration_h)
    b = np.where(inside, strength - 12 * (phase - 0.5) ** 2, 5.0)
    angle = np.pi * (phase - 0.5)
    return b[:, None] * np.stack([np.full(hours.shape, 0.2), np.cos(angle), np.sin(angle)], axis=1)


def rows(*entries):
    """Intervals table of (spacecraft, interval, start hour, end hour) with hours since the grid's first minute."""

    def at(hour):
        return pd.NaT if hour is None else pd.Timestamp(START - np.timedelta64(30, "s")) + pd.Timedelta(hours=hour)

    table = [(sc, name, at(start), at(end), "given") for sc, name, start, end in entries]
    return pd.DataFrame(table, columns=["spacecraft", "interval", "start", "end", "origin"])
