"""Morlet wavelet transform at many rates, with gaps, and the energies of v and b that it resolves in time and period.

Convention of Torrence & Compo (1998, "T&C"), Bull. Amer. Meteor. Soc. 79, 61: omega_0 = 6, energy normalisation (white
noise of variance s2 has mean |W|^2 = s2 at every scale), period = 1.0330 scale. (The other convention in use, the peak
period 2 pi s / omega_0 = 1.0472 s, labels the same wavelet 1.4 % longer.)

A wavelet of scale s fills the band |omega s - 6| < REACH only, so its transform needs no more than (6 + REACH) / s
radians of bandwidth: the spectrum is cut there and a short inverse FFT gives exact samples at that band's own rate.
Periods that share a rate form a `Band`.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from pipeline.physics.fast_length import fast_length

OMEGA_0 = 6.0
FOURIER_FACTOR = 4 * np.pi / (OMEGA_0 + np.sqrt(2 + OMEGA_0**2))  # period / scale = 1.0330
C_DELTA = 0.776  # reconstruction factor of this wavelet, T&C table 2
DECORRELATION = 2.32  # gamma: time averages gain a degree of freedom every 2.32 scales, T&C table 2
REACH = 5.5  # the wavelet's spectrum is cut where it has fallen to exp(-5.5^2 / 2) = 3e-7 of its peak
PAD_SCALES = 4.0  # zeros behind the record, in largest scales: exp(-(4 + sqrt 2)^2 / 2) = 4e-7 comes around to the cone

BRIDGED_PERIODS = (
    0.25  # a straight line over L has an error of at most (2 pi L / period)^2 / 8: 31 % of the amplitude here
)
LOST_LIMIT = (
    0.02275  # erfc(sqrt 2) / 2: the share of a wavelet's energy that lies beyond the record's end at the cone's edge
)
MISSING_LIMIT = 0.5  # share of a wavelet's energy that bridged gaps may hold


@dataclass(frozen=True)
class Band:
    """Coefficients of the periods that share one rate: every `step`-th input sample, from the first on."""

    period_s: np.ndarray  # (period,)
    step: int
    dt_s: float  # of this band: step times the input's
    w: np.ndarray  # (channel, period, time) complex, in the units of the input

    @property
    def time_s(self) -> np.ndarray:
        """Seconds since the first sample of the record."""
        return np.arange(self.w.shape[-1]) * self.dt_s


def scale(period_s: ArrayLike) -> np.ndarray:
    """s = period / 1.0330 (s)."""
    return np.asarray(period_s, float) / FOURIER_FACTOR


def periods(shortest_s: float, longest_s: float, voices: int) -> np.ndarray:
    """Periods (s) from the shortest to at most the longest, `voices` to the octave."""
    count = int(np.floor(voices * np.log2(longest_s / shortest_s) + 1e-9)) + 1
    return shortest_s * 2.0 ** (np.arange(count) / voices)


def cone_period(n: int, dt_s: float) -> np.ndarray:
    """(time,) longest period (s) that the ends do not touch: 1.0330 / sqrt 2 times the time to the nearer end."""
    index = np.arange(n)
    return FOURIER_FACTOR / np.sqrt(2) * dt_s * (np.minimum(index, n - 1 - index) + 0.5)


def prepare(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """x (time, channel) without its least-squares line and with gaps bridged by straight lines, and `missing` (time).

    A sample that any channel lacks is missing in all: v and b are filled over the same gaps in the same way, which
    keeps a relation such as v = -b exact through them. Before the first and after the last sample there are zeros. The
    fill only serves the transform; `usable` says which coefficients it has not touched too much.
    """
    rows = np.array(np.transpose(x), dtype=float, order="C")  # each channel in one piece, as the transform wants them
    missing = ~np.isfinite(rows).all(axis=0)
    known, gap = np.flatnonzero(~missing), np.flatnonzero(missing)
    rows[:, gap] = 0.0
    if not len(known):
        return rows.T, missing
    centred = np.where(missing, 0.0, (np.arange(len(missing)) - known.mean()) / len(missing))
    spread = np.sum(centred**2)
    for row in rows:
        slope = np.sum(centred * row) / spread if spread > 0 else 0.0
        row -= row.sum() / len(known) + slope * centred
        row[gap] = np.interp(gap, known, row[known], left=0.0, right=0.0)
    return rows.T, missing


def padded_length(n: int, dt_s: float, longest_s: float) -> int:
    """Samples to transform: n and PAD_SCALES of the longest period, rounded up to small factors for steps and FFT."""
    wanted = n + int(np.ceil(PAD_SCALES * scale(longest_s) / dt_s))
    # Steps of 1, 2, 3, 4, 6, ... must divide it; the last three octaves of them would cost more padding than they save.
    unit = 6 * 2 ** max(0, int(np.floor(np.log2(_widest_step(longest_s, dt_s)))) - 3)
    return fast_length(wanted, unit)


def _widest_step(period_s, dt_s):
    """Input samples per output sample at which the whole spectrum of the wavelet still fits, at least 1."""
    return np.maximum(1.0, 2 * np.pi * scale(period_s) / ((OMEGA_0 + REACH) * dt_s))


def transform(
    x: np.ndarray,
    dt_s: float,
    period_s: np.ndarray,
    *,
    step: int | None = None,
    coarsest: int | None = None,
    length: int | None = None,
) -> tuple[Band, ...]:
    """W(s, t) of x at the given periods: one Band per rate, in the order of the periods.

    x: (time, channel), finite (see `prepare`); dt_s: its cadence; period_s: ascending, at least 2 dt_s. Each band keeps
    every 1st, 2nd, 3rd, 4th, 6th, ... sample, as few as its bandwidth allows. `step` asks for one common rate instead
    (exact there too), `coarsest` for rates whose steps divide it. `length` fixes the padded length.
    Within REACH's 3e-7 the samples are those of the transform at full rate.
    """
    period_s = np.atleast_1d(np.asarray(period_s, float))
    n = len(x)
    length = length or padded_length(n, dt_s, period_s[-1])
    length = -(-length // (step or coarsest or 1)) * (step or coarsest or 1)
    spectrum = _spectrum(x, length, _kept(period_s[0], dt_s, length))
    steps = np.full(period_s.shape, step) if step else _steps(period_s, dt_s, coarsest or length)
    return tuple(
        Band(
            period_s[steps == q],
            int(q),
            q * dt_s,
            _coefficients(spectrum, dt_s, period_s[steps == q], int(q), n, length),
        )
        for q in dict.fromkeys(steps)
    )


def _steps(period_s, dt_s, multiple):
    divisors = np.array([d for d in _small_products() if multiple % d == 0])
    return divisors[np.searchsorted(divisors, _widest_step(period_s, dt_s), side="right") - 1]


def _small_products():
    return sorted(3**i * 2**k for i in (0, 1) for k in range(25))


def _kept(shortest_s, dt_s, length):
    """Number of frequencies, from zero on, that the wavelets reach. The Nyquist one has no sign, hence no place."""
    d_omega = 2 * np.pi / (length * dt_s)
    return min((length - 1) // 2, int((OMEGA_0 + REACH) / (scale(shortest_s) * d_omega))) + 1


def _spectrum(x, length, kept):
    """(channel, kept) of x (time, channel) padded to `length`; one channel at a time, in memory that stays cached."""
    out = np.empty((x.shape[1], kept), complex)
    padded = np.zeros(length)
    for spectrum, column in zip(out, x.T, strict=True):
        padded[: len(column)] = column
        spectrum[:] = np.fft.rfft(padded)[:kept]
    return out


def _coefficients(spectrum, dt_s, period_s, step, n, length):
    """(channel, period, time): inverse FFT, of length / step points, of the spectrum times the wavelets'."""
    s = scale(period_s)
    short = length // step
    d_omega = 2 * np.pi / (length * dt_s)
    kept = _kept(period_s[0], dt_s, length)
    folded = (
        -(-kept // short) * short
    )  # a coarser rate than the spectrum needs: higher frequencies fold back, still exact
    product = np.zeros((spectrum.shape[0], len(s), folded), complex)
    psi = wavelet_spectrum(s, d_omega * np.arange(kept), dt_s) / step
    np.multiply(spectrum[:, None, :kept], psi, out=product[..., :kept])
    if folded > short:
        product = product.reshape(*product.shape[:2], -1, short).sum(axis=2)
    return np.fft.ifft(product, axis=-1, out=product)[..., : -(-n // step)]


def wavelet_spectrum(s: np.ndarray, omega: np.ndarray, dt_s: float) -> np.ndarray:
    """psi_hat = sqrt(2 pi s / dt) pi^-1/4 exp(-(s omega - 6)^2 / 2) where omega > 0: (scale, omega), T&C table 1."""
    out = np.multiply.outer(s, omega)
    out -= OMEGA_0
    np.square(out, out=out)
    out *= -0.5
    np.exp(out, out=out)
    out *= (np.sqrt(2 * np.pi * s / dt_s) * np.pi**-0.25)[:, None]
    out[:, omega <= 0] = 0.0
    return out


def usable(missing: np.ndarray, dt_s: float, bands: tuple[Band, ...]) -> list[np.ndarray]:
    """(period, time) per band: True where the coefficient rests on measurements.

    Two shares of the wavelet's energy |psi|^2 are held against limits.
    - Lost: beyond the record's ends, or in a gap longer than a quarter of the period. Limit LOST_LIMIT, the share at
      the edge of the cone of influence: one long gap masks what lies within its cone, |t - gap| < sqrt 2 s.
    - Missing at all: limit MISSING_LIMIT. A shorter gap is bridged by a line whose error the wavelet hardly sees, so
      that scattered single gaps do not mask the record.
    """
    n = len(missing)
    unit = int(np.lcm.reduce([band.step for band in bands]))
    length = fast_length(padded_length(n, dt_s, max(band.period_s[-1] for band in bands)), unit)
    absent = _flag_spectrum(missing.astype(float), length)
    lost, out = _LostSpectra(missing, dt_s, length), []
    for band in bands:
        ok = _energy_share(absent, dt_s, band, band.period_s, length) <= MISSING_LIMIT
        for chosen, spectrum in lost.by_period(band.period_s):
            ok[chosen] &= _energy_share(spectrum, dt_s, band, band.period_s[chosen], length) <= LOST_LIMIT
        out.append(ok)
    return out


class _LostSpectra:
    """Spectra of the indicator of lost samples. It changes with the period only where a gap becomes bridged."""

    def __init__(self, missing, dt_s, length) -> None:
        self.n, self.length, self.known = len(missing), length, {}
        self.start, self.stop = _runs(missing)
        inner = (self.start > 0) & (self.stop < self.n)
        # A line has to cross from sample to sample: one missing sample is a span of two.
        self.bridged_from_s = np.where(inner, (self.stop - self.start + 1) * dt_s / BRIDGED_PERIODS, np.inf)

    def by_period(self, period_s):
        """Pairs of (mask of periods, spectrum of what is lost to them)."""
        lost_gaps = np.count_nonzero(self.bridged_from_s[None, :] > period_s[:, None], axis=1)
        for count in np.unique(lost_gaps):
            if count not in self.known:
                longest = np.argsort(-self.bridged_from_s, kind="stable")[:count]
                flag = _indicator(self.n, self.start[longest], self.stop[longest])
                self.known[count] = _flag_spectrum(flag, self.length)
            yield lost_gaps == count, self.known[count]


def _runs(flag):
    """First index, and index behind the last, of each run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], flag.astype(np.int8), [0]))))
    return edges[::2], edges[1::2]


def _indicator(n, start, stop):
    change = np.zeros(n + 1)
    np.add.at(change, start, 1.0)
    np.add.at(change, stop, -1.0)
    return np.cumsum(change[:-1])


def _flag_spectrum(flag, length):
    """Spectrum of a flag of samples, the padding flagged too."""
    padded = np.ones(length)
    padded[: len(flag)] = flag
    return np.fft.rfft(padded)


def _energy_share(spectrum, dt_s, band, period_s, length):
    """(period, time): share of |psi|^2, a Gaussian exp(-(t/s)^2), on the flagged samples; good to 3e-4 (the cut)."""
    short = length // band.step
    kept = min(len(spectrum), short // 2 + 1)
    s_omega = np.multiply.outer(scale(period_s), 2 * np.pi / (length * dt_s) * np.arange(kept))
    share = np.fft.irfft(spectrum[:kept] * np.exp(-0.25 * s_omega**2), short, axis=-1) / band.step
    return share[:, : band.w.shape[-1]]


def energies(band: Band) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """E_v, E_b = sum_i |W_i|^2 / 2 and H = Re sum_i W_vi W*_bi (period, time), in km2 s-2.

    Channels of the band: v_x v_y v_z b_x b_y b_z (km s-1). E_plus, E_minus = E_v + E_b +- H; the ratios of
    `physics.elsasser` apply: sigma_c = H / (E_v + E_b), sigma_r = (E_v - E_b) / (E_v + E_b).
    """
    v, b = band.w[:3], band.w[3:6]
    e_v, e_b = (
        0.5 * (np.einsum("ipt,ipt->pt", w.real, w.real) + np.einsum("ipt,ipt->pt", w.imag, w.imag)) for w in (v, b)
    )
    return e_v, e_b, np.einsum("ipt,ipt->pt", v.real, b.real) + np.einsum("ipt,ipt->pt", v.imag, b.imag)


def helicity(w_y: np.ndarray, w_z: np.ndarray) -> np.ndarray:
    """2 Im(W*_y W_z): reduced magnetic helicity times wave number; over sum_i |W_i|^2 it is sigma_m in [-1, 1].

    w_y, w_z: coefficients of B_y, B_z in GSE, where the wind carries structures along -x. The sign is that of A.B: +1
    for curl B = +k B, a right-handed rope. (With B_T = -B_y, B_N = B_z this is -2 Im(W*_T W_N): the opposite of the
    form that is often printed for RTN.)
    """
    return 2.0 * (w_y.real * w_z.imag - w_y.imag * w_z.real)


@dataclass(frozen=True)
class Scalogram:
    """Energies (period, time), km2 s-2, at every `step`-th sample; NaN where they rest on no measurement."""

    period_s: np.ndarray
    step: int
    dt_s: float  # of the record that was transformed
    e_v: np.ndarray
    e_b: np.ndarray
    h: np.ndarray
    helicity: np.ndarray  # sigma_m = helicity / (2 e_b)

    @cached_property
    def summed(self) -> tuple[np.ndarray, ...]:
        """`band_energies` of all periods, once for all who ask."""
        return band_energies(self)

    def within(self, shortest_s: float, longest_s: float) -> "Scalogram":
        """The part with shortest_s <= period <= longest_s."""
        keep = (self.period_s >= shortest_s * (1 - 1e-9)) & (self.period_s <= longest_s * (1 + 1e-9))
        parts = (self.e_v[keep], self.e_b[keep], self.h[keep], self.helicity[keep])
        return Scalogram(self.period_s[keep], self.step, self.dt_s, *parts)


def scalogram(v: np.ndarray, b: np.ndarray, dt_s: float, period_s: np.ndarray, step: int = 1) -> Scalogram:
    """Energies of v and b, (time, component) in km s-1 with NaN where missing, at every `step`-th sample of the record.

    Periods whose own rate is higher are averaged over the usable samples within half a step to either side; slower
    ones are exact at the grid's times. Nothing is interpolated.
    """
    x, missing = prepare(np.concatenate((v, b), axis=1))
    bands = transform(x, dt_s, period_s, coarsest=step)
    parts = [
        [centred_means(values, ok, step // band.step) for values in (*energies(band), helicity(band.w[4], band.w[5]))]
        for band, ok in zip(bands, usable(missing, dt_s, bands), strict=True)
    ]
    columns = -(-len(x) // step)
    return Scalogram(
        np.asarray(period_s, float),
        step,
        dt_s,
        *(np.concatenate([q[:, :columns] for q in part]) for part in zip(*parts, strict=True)),
    )


def centred_means(values: np.ndarray, ok: np.ndarray, ratio: int) -> np.ndarray:
    """(period, time / ratio): means of `values` where `ok` around every ratio-th sample, the two end samples halved."""
    if ratio == 1:
        return np.where(ok, values, np.nan)
    sums = [_window_sums(np.where(ok, part, 0.0), ratio) for part in (values, np.ones_like(values))]
    return np.divide(sums[0], sums[1], out=np.full(sums[0].shape, np.nan), where=sums[1] > 0)


def _window_sums(values, ratio):
    """Trapezoid sums over [k - ratio/2, k + ratio/2] for every ratio-th k; nothing beyond the ends."""
    below, above = ratio // 2, ratio - ratio // 2
    count = -(-values.shape[1] // ratio)
    padded = np.zeros((values.shape[0], below + count * ratio + above + 1))
    padded[:, below : below + values.shape[1]] = values
    offsets = np.arange(ratio + 1)
    weights = np.where((offsets == 0) | (offsets == ratio), 0.5, 1.0)
    return sum(w * padded[:, o : o + (count - 1) * ratio + 1 : ratio] for o, w in zip(offsets, weights, strict=True))


def scale_weights(period_s: np.ndarray, dt_s: float) -> np.ndarray:
    """(period,) dj dt / (C_delta s_j): sum_j weight_j |W(s_j)|^2 is the variance between the periods (T&C eq. 24).

    period_s: equally spaced in log; dt_s: cadence of the record that was transformed.
    """
    period_s = np.asarray(period_s, float)
    octaves = np.gradient(np.log2(period_s)) if len(period_s) > 1 else np.ones(1)
    return octaves * dt_s / (C_DELTA * scale(period_s))


def band_energies(part: Scalogram, min_share: float = 1 / 3) -> tuple[np.ndarray, ...]:
    """E_v, E_b, H, helicity (time,) summed over the periods of `part`: energies of the fluctuations in the band.

    Periods that are NaN at a time are left out of all sums alike; NaN where the rest is less than `min_share` of the
    band in octaves. Divide afterwards: sigma_c = H / (E_v + E_b).
    """
    weights = scale_weights(part.period_s, part.dt_s)
    ok = np.isfinite(part.h)
    enough = ok.mean(axis=0) >= min_share
    return tuple(
        np.where(enough, weights @ np.where(ok, values, 0.0), np.nan)
        for values in (part.e_v, part.e_b, part.h, part.helicity)
    )


def band_passed(band: Band, dt_s: float) -> np.ndarray:
    """(time, channel) sum_j Re W(s_j) / sqrt s_j over the band's periods: the record between them (T&C eq. 11 and 29).

    band: equally spaced in log period, on one rate; dt_s: cadence of the record. It reacts to a step within about the
    inverse bandwidth, not within the longest wavelet.
    """
    octaves = np.gradient(np.log2(band.period_s))
    factor = octaves * np.sqrt(dt_s / scale(band.period_s)) / (C_DELTA * np.pi**-0.25)
    return np.einsum("cpt,p->tc", band.w.real, factor)


def spectral_density(power: np.ndarray, dt_s: float) -> np.ndarray:
    """One-sided density 2 dt <|W|^2> (units2 Hz-1). power: mean of |W|^2 over time; dt_s: cadence of the record."""
    return 2.0 * dt_s * np.asarray(power)


def relative_covariance(power: np.ndarray, period_s: np.ndarray, duration_s: float) -> np.ndarray:
    """(period, period): covariance of the time means of |W(s_i)|^2, |W(s_j)|^2 over their product, for one component.

    A mean over the time T adds up the powers S(f) G_i(f) of the T df Fourier modes in each frequency step df, each with
    two degrees of freedom, where G_i = s_i exp(-(2 pi f s_i - 6)^2) is the wavelet's passband and S the spectrum:
    int S^2 G_i G_j df / (T int S G_i df int S G_j df). T is the duration, widened by what the wavelets reach beyond it,
    (T^2 + (2.32 s)^2)^1/2 (T&C eq. 23). Gaussian, stationary fluctuations are assumed.

    power: (period,) mean of |W|^2, any unit; duration_s: time over which it was averaged.
    """
    frequency = np.geomspace(
        0.5 / period_s[-1], 2.0 / period_s[0], 50 * max(2, int(np.log2(period_s[-1] / period_s[0])) + 2)
    )
    passed = _passbands(period_s, frequency) * _spectrum_between(power, period_s, frequency)
    passed /= passed.sum(axis=1, keepdims=True)
    s = scale(period_s)
    reach = np.sqrt(duration_s**2 + DECORRELATION**2 * np.multiply.outer(s, s))
    return (passed / np.gradient(frequency)) @ passed.T / reach


def _passbands(period_s, frequency):
    """(period, frequency) power that each wavelet passes, per step of an uneven frequency grid."""
    s = scale(period_s)[:, None]
    return s * np.exp(-((2 * np.pi * s * frequency - OMEGA_0) ** 2)) * np.gradient(frequency)


def _spectrum_between(power, period_s, frequency):
    tiny = np.finfo(float).tiny
    return np.exp(np.interp(-np.log(frequency), np.log(period_s), np.log(np.maximum(power, tiny))))


def effective_modes(power: np.ndarray, period_s: np.ndarray, dt_s: float, duration_s: float) -> float:
    """Independent Fourier modes in the band's mean energy, for one component: 1 / its relative variance.

    Each mode is complex, two degrees of freedom. power: (period,) mean of |W|^2; dt_s: cadence of the record.
    """
    share = scale_weights(period_s, dt_s) * power
    share = share / share.sum()
    return float(1.0 / (share @ relative_covariance(power, period_s, duration_s) @ share))


def effective_components(spectral_matrix: np.ndarray, modes: float = np.inf) -> float:
    """(tr C)^2 / tr C^2 in [1, n]: components that vary independently; 1 for linear or circular polarisation.

    spectral_matrix: Hermitian (component, component), averaged over `modes` modes, whose noise in tr C^2 is removed.
    """
    trace = np.trace(spectral_matrix).real ** 2
    square = np.sum(np.abs(spectral_matrix) ** 2) - trace / modes
    return float(np.clip(trace / max(square, 1e-300), 1.0, len(spectral_matrix))) if trace > 0 else 1.0


def grid_step(grid_s: float, dt_s: float) -> int:
    """Samples per step of the decimated grid: the largest 2^i or 3 2^i that does not exceed grid_s."""
    return max(q for q in (f * 2**i for f in (1, 3) for i in range(20)) if q == 1 or q * dt_s <= grid_s)


def known_mean(values: np.ndarray, axis: int) -> np.ndarray:
    """Mean over the values that are there, NaN where none is."""
    known = np.isfinite(values)
    count = known.sum(axis=axis)
    return np.where(known, values, 0.0).sum(axis=axis) / np.where(count > 0, count, np.nan)


class SpectralMatrices:
    """Hermitian matrices of v and b by interval and band, transformed when first asked for."""

    def __init__(self, v, b, dt_s, step) -> None:
        self.x, self.missing = prepare(np.concatenate((v, b), axis=1))
        self.dt_s, self.step, self.bands = dt_s, step, {}

    def of(self, period_s: np.ndarray, selected: np.ndarray) -> np.ndarray:
        """(6, 6) sum over the periods of weight <W_i W*_j> over the selected samples."""
        key = period_s.tobytes()
        if key not in self.bands:
            self.bands[key] = transform(self.x, self.dt_s, period_s, step=self.step)[0].w
        w = self.bands[key][:, :, selected[: self.bands[key].shape[2]]]
        return np.einsum("ipt,jpt,p->ij", w, w.conj(), scale_weights(period_s, self.dt_s), optimize=True)
