"""Window and wavelet energies of one chunk of a long record, equal to those of the whole to 1e-9.

The wavelet of `physics.wavelet` is analytic: its spectrum is cut sharply at zero frequency and far above its peak. Such
cuts ring for ever, at 1e-7: a coefficient depends a little on samples at any distance, and chunks would differ by that.
Here the spectrum is the whole Gaussian, exp(-(s omega - 6)^2 / 2) at all omega, cut at 7.2 of its widths (6e-12). In
time it is a Gaussian too, which has died to 2e-11 at 7 scales: what lies farther cannot matter. Both agree to 1e-6.
"""

from typing import TYPE_CHECKING

import numpy as np

from pipeline.fluctuations import alfven_units
from pipeline.physics import elsasser, wavelet, window

if TYPE_CHECKING:
    import xarray as xr

    from pipeline.records import Settings


WIDTHS = 7.2  # exp(-7.2^2 / 2) = 6e-12
FEWEST_SAMPLES = 4.0  # to the shortest period: its spectrum then ends below the Nyquist frequency
REACH_SCALES = 7.0  # exp(-7^2 / 2) = 2e-11


def overlap(settings: "Settings", dt_s: float, step: int) -> int:
    """Samples, a multiple of `step`, that a chunk must see of its neighbours on either side."""
    wavelets_s = REACH_SCALES * wavelet.scale(settings.longest_s)
    reach_s = max(wavelets_s, settings.window_s) + settings.density_window_s + step * dt_s
    return step * int(np.ceil(reach_s / (step * dt_s)))


def periods(settings: "Settings", dt_s: float) -> np.ndarray:
    """Periods (s) of the settings."""
    return wavelet.periods(max(settings.shortest_s or 0.0, FEWEST_SAMPLES * dt_s), settings.longest_s, settings.voices)


def compute(
    ds: "xr.Dataset", dt_s: float, v_mean: np.ndarray, settings: "Settings", kept: slice = slice(None)
) -> "xr.Dataset":
    """Energies and ratios (time[, period]) of `ds` at every step-th sample, a Dataset; `kept` of the decimated times.

    ds: uniform data; v_mean: (component) km s-1, the same for all chunks of a record.
    """
    import xarray as xr

    step = wavelet.grid_step(settings.grid_s, dt_s)
    v, b, _ = alfven_units(
        ds, settings.density, settings.density_window_s, settings.alphas, settings.assumed_alpha_ratio
    )
    period_s = periods(settings, dt_s)
    out = xr.Dataset(coords={"time": ds["time"].values[::step], "period": ("period", period_s, {"units": "s"})})
    values = {f"{name}_window": ("time", x[::step]) for name, x in _windows(v, b, dt_s, settings).items()}
    values |= {
        f"{name}_wavelet": (("time", "period"), x.T) for name, x in _wavelets(v - v_mean, b, dt_s, period_s, step)
    }
    for name, (dims, x) in values.items():
        out[name] = dims, x, {"units": "km2 s-2" if name.startswith("e_") else "1"}
    return out.isel(time=kept)


def _windows(v, b, dt_s, settings):
    moments = window.running_moments(v, b, window.odd_length(settings.window_s, dt_s))
    enough = moments.valid_fraction >= settings.min_coverage
    e_v, e_b, h = (np.where(enough, x, np.nan) for x in (moments.e_v, moments.e_b, moments.h))
    ratios = {"sigma_c": elsasser.sigma_c(e_v, e_b, h), "sigma_r": elsasser.sigma_r(e_v, e_b)}
    return ratios | {"e_v": e_v, "e_b": e_b, "coverage": moments.valid_fraction}


def _wavelets(v, b, dt_s, period_s, step):
    """Pairs of name and (period, time)."""
    x, missing = bridged(np.concatenate((v, b), axis=1), dt_s, period_s[-1])
    bands = transform(x, dt_s, period_s, step)
    columns = -(-len(x) // step)
    parts = [
        [wavelet.centred_means(q, ok, step // band.step)[:, :columns] for q in _quantities(band)]
        for band, ok in zip(bands, wavelet.usable(missing, dt_s, bands), strict=True)
    ]
    e_v, e_b, h, helicity = (np.concatenate(part) for part in zip(*parts, strict=True))
    yield from {"e_v": e_v, "e_b": e_b, "sigma_c": elsasser.sigma_c(e_v, e_b, h)}.items()
    yield "sigma_r", elsasser.sigma_r(e_v, e_b)
    yield "sigma_m", helicity / np.where(e_b > 0, 2 * e_b, np.nan)


def _quantities(band):
    return (*wavelet.energies(band), wavelet.helicity(band.w[4], band.w[5]))


def bridged(x: np.ndarray, dt_s: float, longest_s: float) -> tuple[np.ndarray, np.ndarray]:
    """x (time, channel) with short gaps bridged by lines and zeros in longer ones, and `missing` (time).

    A gap that no period bridges (wavelet.BRIDGED_PERIODS) is zero, so that its filling depends on nothing far away.
    """
    missing = ~np.isfinite(x).all(axis=1)
    known, index = np.flatnonzero(~missing), np.arange(len(x))
    if not known.size:
        return np.zeros(x.shape), missing
    filled = np.column_stack([np.interp(index, known, column[known], left=0.0, right=0.0) for column in x.T])
    before = known[np.maximum(np.searchsorted(known, index, side="right") - 1, 0)]
    after = known[np.minimum(np.searchsorted(known, index), known.size - 1)]
    filled[missing & ((after - before) * dt_s > wavelet.BRIDGED_PERIODS * longest_s)] = 0.0
    return filled, missing


def transform(x: np.ndarray, dt_s: float, period_s: np.ndarray, coarsest: int) -> tuple[wavelet.Band, ...]:
    """W(s, t) of x (time, channel), nothing missing, as wavelet.transform gives it, with spectra that are not cut."""
    n = len(x)
    wanted = n + int(np.ceil(REACH_SCALES * wavelet.scale(period_s[-1]) / dt_s))
    length = coarsest * _smooth(-(-wanted // coarsest))
    spectrum = np.fft.rfft(np.ascontiguousarray(x.T), length)
    steps = _steps(period_s, dt_s, coarsest)
    parts = [(int(q), period_s[steps == q]) for q in dict.fromkeys(steps)]
    return tuple(
        wavelet.Band(part, q, q * dt_s, _coefficients(spectrum, dt_s, part, q, n, length)) for q, part in parts
    )


def _smooth(at_least):
    """The first number from `at_least` on that has no factor above 7."""
    number = at_least
    while True:
        rest = number
        for factor in (2, 3, 5, 7):
            while rest % factor == 0:
                rest //= factor
        if rest == 1:
            return number
        number += 1


def _steps(period_s, dt_s, coarsest):
    """Samples per output sample: the largest divisor of `coarsest` at which the whole spectrum fits."""
    widest = 2 * np.pi * wavelet.scale(period_s) / (2 * WIDTHS * dt_s)
    divisors = np.array([d for d in range(1, coarsest + 1) if coarsest % d == 0])
    return divisors[np.maximum(np.searchsorted(divisors, widest, side="right") - 1, 0)]


def _coefficients(spectrum, dt_s, period_s, step, n, length):
    """(channel, period, time): short inverse FFT of the spectrum times the wavelets', folded onto the short one."""
    s = wavelet.scale(period_s)
    short, d_omega = length // step, 2 * np.pi / (length * dt_s)
    below, above = ((WIDTHS + sign * wavelet.OMEGA_0) / (s[0] * d_omega) for sign in (-1, 1))
    index = np.arange(-int(below), int(above) + 1)  # beyond the Nyquist frequency the spectrum repeats, and is not cut
    psi = np.exp(-0.5 * (np.multiply.outer(s, d_omega * index) - wavelet.OMEGA_0) ** 2)
    psi *= (np.sqrt(2 * np.pi * s / dt_s) * np.pi**-0.25)[:, None] / step
    x = _repeated(spectrum, index, length)
    folded = np.zeros((len(x), len(s), short), complex)
    for low in range(0, index.size, short):  # at most a few turns: a rate that suits the narrowest of the spectra
        part = slice(low, low + short)
        folded[..., index[part] % short] += x[:, None, part] * psi[:, part]
    return np.fft.ifft(folded, axis=-1)[..., : -(-n // step)]


def _repeated(spectrum, index, length):
    """The full spectrum at any index, from its half for a real record."""
    index = index % length
    mirrored = index > length // 2
    values = spectrum[:, np.where(mirrored, length - index, index)]
    return np.where(mirrored, values.conj(), values)
