"""Every kernel beside its peers. Agreement is the largest difference unless the line says median."""

import numpy as np
import pytest
from race import Peer

from pipeline import cdf, resample
from pipeline.missions import ace, wind
from pipeline.physics import elsasser, minvar, wavelet, window
from pipeline.stats import bootstrap

DT_S = 3.0
PERIODS_S = np.geomspace(60.0, 21_600.0, 60)
PEAK = 2 * np.pi / wavelet.OMEGA_0  # peak period over scale


def _sigma(e_v, e_b, h):
    return elsasser.sigma_c(e_v, e_b, h), elsasser.sigma_r(e_v, e_b)


def _sigma_of_full(w):
    """sigma_c, sigma_r of coefficients (channel, period, time) at every sample."""
    return _sigma(*wavelet.energies(wavelet.Band(PERIODS_S, 1, DT_S, w)))


def _sigma_of_bands(x):
    bands = wavelet.transform(x, DT_S, PERIODS_S)
    return bands, [_sigma(*wavelet.energies(band)) for band in bands]


def _differences(ours, theirs):
    """|difference of sigma_c| and of sigma_r inside the cone, at our samples of every period."""
    bands, sigma = ours
    cone, found, row = wavelet.cone_period(theirs[0].shape[1], DT_S), [], 0
    for band, pair in zip(bands, sigma, strict=True):
        for k, period in enumerate(band.period_s):
            inside = cone[:: band.step] >= period
            found += [np.abs(p[k] - q[row, :: band.step])[inside] for p, q in zip(pair, theirs, strict=True)]
            row += 1
    return np.concatenate(found)


def _largest(ours, theirs):
    return float(_differences(ours, theirs).max())


def _median(ours, theirs):
    return float(np.median(_differences(ours, theirs)))


def _by_hand(rows):
    length = wavelet.padded_length(rows.shape[1], DT_S, PERIODS_S[-1])
    omega = 2 * np.pi * np.fft.fftfreq(length, DT_S)

    def prepare(fft):
        def run():
            psi = wavelet.wavelet_spectrum(wavelet.scale(PERIODS_S), omega, DT_S)
            spectra = fft.fft(rows, length, axis=1)
            w = np.stack([fft.ifft(psi * spectrum, axis=1)[:, : rows.shape[1]] for spectrum in spectra])
            return _sigma_of_full(w)

        return run

    return prepare


def _pycwt(rows):
    def prepare(pycwt):
        mother, freqs = pycwt.Morlet(6), 1 / PERIODS_S
        return lambda: _sigma_of_full(np.stack([pycwt.cwt(row, DT_S, wavelet=mother, freqs=freqs)[0] for row in rows]))

    return prepare


def _pywt(rows):
    def prepare(pywt):
        centre = wavelet.OMEGA_0 / (2 * np.pi)
        scales = wavelet.scale(PERIODS_S) / DT_S
        name = f"cmor2.0-{centre:.8f}"
        return lambda: _sigma_of_full(np.stack([pywt.cwt(row, scales, name, method="fft")[0] for row in rows]))

    return prepare


def _fcwt(rows):
    samples = PEAK * wavelet.scale(PERIODS_S) / DT_S
    columns = rows.astype(np.float32)

    def prepare(fcwt):
        def run():
            mother = fcwt.Morlet(wavelet.OMEGA_0 / (2 * np.pi))  # must outlive the two that point to it
            machine = fcwt.FCWT(mother, 1, False, False)
            scales = fcwt.Scales(mother, fcwt.FCWT_LOGSCALES, 1, 1 / samples[-1], 1 / samples[0], len(samples))
            out = np.zeros((len(rows), len(samples), rows.shape[1]), np.complex64)
            for column, coefficients in zip(columns, out, strict=True):
                machine.cwt(column, scales, coefficients)
            return _sigma_of_full(out)

        return run

    return prepare


def _flops(bands, length):
    """Operations of the multirate transform: 2.5 N log2 N forward, 5 n log2 n for every short inverse FFT."""
    inverse = sum(6 * len(band.period_s) * 5 * (m := length // band.step) * np.log2(m) for band in bands)
    return 6 * 2.5 * length * np.log2(length) + inverse


def _flops_limit(bands, length):
    """The transform's operations at the rate of full-length FFTs, in memory that is there: nothing but arithmetic.

    About as many operations are timed as the job has. One FFT in fresh memory would be measured several times too
    slow, and flatter us.
    """
    total, one = _flops(bands, length), 5 * length * np.log2(length)
    count = round(total / one)

    def prepare(_):
        x = np.random.default_rng(0).standard_normal(length) + 0j
        out = np.empty_like(x)

        def run():
            for _ in range(count):
                np.fft.ifft(x, out=out)

        return run

    return Peer("limit: the flops of its FFTs", "numpy", prepare, 1 / 1.5, share=total / (count * one))


def test_wavelet(compete, event):
    rows = wavelet.prepare(np.hstack(event))[0].T
    peers = [
        Peer("fCWT, f32 (median)", "fcwt", _fcwt(rows), 6, _median, 0.02),
        Peer("scipy.fft by hand", "scipy.fft", _by_hand(rows), 12, _largest, 1e-5),
        # These two do not pad, or sample the wavelet coarsely: 0.008 and 0.06 at the longest periods, known.
        Peer("pycwt (median)", "pycwt", _pycwt(rows), 35, _median, 1e-3),
        Peer("PyWavelets (median)", "pywt", _pywt(rows), 35, _median, 1e-2),
    ]
    compete("wavelet sigma_c, sigma_r; 60 periods, 6 signals", lambda: _sigma_of_bands(rows.T), peers, 5)


def test_wavelet_against_its_limit(compete, event):
    rows = wavelet.prepare(np.hstack(event))[0].T
    length = wavelet.padded_length(rows.shape[1], DT_S, PERIODS_S[-1])
    limit = _flops_limit(wavelet.transform(rows.T, DT_S, PERIODS_S), length)
    compete("the same, without other peers in between", lambda: _sigma_of_bands(rows.T), [limit], 41)


def test_wavelet_with_gaps(compete, gapped):
    def ours():
        x, missing = wavelet.prepare(np.hstack(gapped))
        bands = wavelet.transform(x, DT_S, PERIODS_S)
        energies = [_sigma(*wavelet.energies(band)) for band in bands]
        return energies, wavelet.usable(missing, DT_S, bands)

    def fill_and_transform(fft):
        def run():
            x, _ = wavelet.prepare(np.hstack(gapped))
            return _by_hand(x.T)(fft)()

        return run

    compete(
        "the same with 2 % gaps, bridged and masked",
        ours,
        [Peer("scipy.fft, no masks", "scipy.fft", fill_and_transform)],
        5,
    )


LENGTH = 601


def _largest_sigma(ours, theirs):
    gone = [np.isnan(p) != np.isnan(q) for p, q in zip(ours, theirs, strict=True)]
    if any(mask.any() for mask in gone):
        return np.inf
    return float(max(np.nanmax(np.abs(p - q)) for p, q in zip(ours, theirs, strict=True)))


def _columns(v, b):
    valid = np.isfinite(v + b).all(axis=1)
    v, b = v - np.nanmean(v, axis=0), b - np.nanmean(b, axis=0)
    columns = [*v.T, *b.T, (v * v).sum(axis=1), (b * b).sum(axis=1), (v * b).sum(axis=1)]
    return np.where(valid, columns, np.nan)


def _sigma_of_means(mean):
    v, b = mean[:3], mean[3:6]
    e_v, e_b = 0.5 * (mean[6] - (v * v).sum(axis=0)), 0.5 * (mean[7] - (b * b).sum(axis=0))
    return _sigma(e_v, e_b, mean[8] - (v * b).sum(axis=0))


def _pandas_windows(v, b):
    def prepare(pandas):
        def run():
            frame = pandas.DataFrame(_columns(v, b).T)
            return _sigma_of_means(frame.rolling(LENGTH, center=True, min_periods=301).mean().to_numpy().T)

        return run

    return prepare


def _numbagg_windows(v, b):
    def prepare(numbagg):
        def run():
            half = LENGTH // 2
            padded = np.pad(_columns(v, b), ((0, 0), (0, half)), constant_values=np.nan)
            return _sigma_of_means(numbagg.move_mean(padded, window=LENGTH, min_count=301)[:, half:])

        return run

    return prepare


def _windows(v, b):
    moments = window.running_moments(v, b, LENGTH)
    enough = moments.count >= 301
    return tuple(np.where(enough, sigma, np.nan) for sigma in _sigma(moments.e_v, moments.e_b, moments.h))


def test_window(compete, gapped):
    peers = [
        Peer("pandas rolling", "pandas", _pandas_windows(*gapped), 4, _largest_sigma, 1e-9),
        Peer("numbagg", "numbagg", _numbagg_windows(*gapped), 1, _largest_sigma, 1e-9),
    ]
    compete("window sigma_c, sigma_r; 601 samples", lambda: _windows(*gapped), peers, 15)


def _largest_angle(ours, theirs):
    """Radians between the axes, whatever their signs."""
    cosine = np.abs(np.einsum("wac,wac->wa", ours.axes, theirs))
    return float(np.sqrt(2 * np.maximum(0, 1 - np.minimum(cosine, 1))).max())


def test_sliding_minimum_variance(compete, event):
    b = event[1]
    start = 60 * np.arange(941)
    stop = start + 1200

    def loop(_):
        def run():
            axes = []
            for i, j in zip(start, stop, strict=True):
                axes.append(np.linalg.eigh(np.cov(b[i:j].T, bias=True))[1].T[::-1])
            return np.array(axes)

        return run

    def spedas(module):
        return lambda: np.array([module.minvar(b[i:j])[1].T for i, j in zip(start, stop, strict=True)])

    peers = [
        Peer("numpy loop", "numpy", loop, 10, _largest_angle, 1e-6),
        Peer("pyspedas minvar", "pyspedas.cotrans_tools.minvar", spedas, 150, _largest_angle, 1e-6),
    ]
    compete("sliding MVA; 941 windows", lambda: minvar.sliding_minimum_variance(b, start, stop), peers, 3)


@pytest.fixture(scope="module")
def fast_field():
    """Field (1.9 million, 3) of a magnetometer at 11 Hz."""
    return np.random.default_rng(7).standard_normal((1_900_800, 3))


def _even(n):
    """Centres 1/11 s apart, and that width: edges of bins fall between samples, as all can do then."""
    return (np.arange(n) + 0.5) / 11, 1 / 11


def _uneven(n):
    """Centres as in WI_H2_MFI: 0.092 s apart, give or take 1 ms, so that every other sample is cut short."""
    return (np.arange(n) + 0.5) * 0.092 + np.random.default_rng(11).normal(0, 0.001, n), 0.092


@pytest.mark.parametrize("stamps", [_even, _uneven])
@pytest.mark.parametrize("width_s", [3, 64])
def test_means(compete, fast_field, width_s, stamps):
    b = fast_field
    seconds, accumulation_s = stamps(len(b))
    time = np.datetime64("2020-01-01", "ns") + np.round(seconds * 1e9).astype("timedelta64[ns]")
    edges = resample.grid_edges(time[0], time[-1], width_s)

    def pandas_means(pandas):
        frame = pandas.DataFrame(b, index=time)
        return lambda: frame.resample(f"{width_s}s").mean().to_numpy()

    def polars_means(polars):
        frame = polars.DataFrame({"t": time, "x": b[:, 0], "y": b[:, 1], "z": b[:, 2]})
        mean = polars.col("x", "y", "z").mean()
        return lambda: frame.group_by_dynamic("t", every=f"{width_s}s").agg(mean).select("x", "y", "z").to_numpy()

    def flox_means(_):
        import xarray as xr

        array = xr.DataArray(b, dims=("time", "component"), coords={"time": time})
        return lambda: array.resample(time=f"{width_s}s").mean().to_numpy()

    def largest(ours, theirs):
        return float(np.abs(ours[0] - theirs).max())

    # Peers count a sample that straddles an edge in one bin as a whole: of 3 s / 0.092 s = 33 samples of variance 1
    # that is one, half in each of two bins at worst, and of millions a few are 5 away from the others.
    tolerance = 1e-7 if stamps is _even else 10 * accumulation_s / width_s
    peers = [
        Peer("pandas resample", "pandas", pandas_means, 2, largest, tolerance),
        Peer("polars group_by_dynamic", "polars", polars_means, 2, largest, tolerance),
        Peer("xarray with flox", "flox", flox_means, 9 if width_s == 3 else None, largest, tolerance),
    ]
    job = f"1.9 M x 3 at 11 Hz to {width_s} s means" + (", uneven stamps" if stamps is _uneven else "")
    compete(job, lambda: resample.windowed_means(b, time, accumulation_s, edges[:-1], edges[1:]), peers, 5)


FILES = {
    "WI_H0_MFI": (wind, "wind/mfi/mfi_h0"),
    "WI_H1_SWE": (wind, "wind/swe/swe_h1"),
    "WI_PLSP_3DP": (wind, "wind/3dp"),
    "AC_H0_MFI": (ace, "ace/mag/level_2_cdaweb/mfi_h0"),
    "AC_H0_SWE": (ace, "ace/swepam"),
}


def _same_files(ours, theirs):
    """0 where all values are the same bits and times the same to a nanosecond's rounding, or else infinite."""
    for name, values in ours.items():
        other = np.asarray(theirs[name])
        if values.dtype.kind == "M":
            # CDF_EPOCH is a double of ms: readers round its fraction differently, by up to a microsecond.
            gap = np.abs((values - other.ravel().astype("datetime64[ns]")).astype("int64"))
            if np.max(gap, initial=0) > 1000:
                return np.inf
        elif not np.array_equal(values.ravel(), other.ravel(), equal_nan=values.dtype.kind == "f"):
            return np.inf
    return 0.0


@pytest.mark.parametrize(("reader", "rounds"), [("pycdfpp", 101), ("cdflib", 5)])
@pytest.mark.parametrize("name", FILES)
def test_cdf_files(compete, shared, name, reader, rounds):
    """The readers apart: after a second of cdflib the machine turns to others, and would do so in our millisecond."""
    mission, folder = FILES[name]
    path, product = next((shared / "archive" / folder).rglob("*.cdf")), mission.PRODUCTS[name]
    data = cdf.read_product(path, product)
    names, epochs = tuple(data), {name for name, values in data.items() if values.dtype.kind == "M"}

    def with_pycdfpp(pycdfpp):
        def run():
            file, convert = pycdfpp.load(str(path)), pycdfpp.to_datetime64
            return {each: convert(file[each]) if each in epochs else file[each].values for each in names}

        return run

    def with_cdflib(cdflib):
        def run():
            file, convert = cdflib.CDF(path), cdflib.cdfepoch.to_datetime
            return {each: convert(file.varget(each)) if each in epochs else file.varget(each) for each in names}

        return run

    prepare = {"pycdfpp": with_pycdfpp, "cdflib": with_cdflib}[reader]
    peer = Peer(reader, reader, prepare, 1 / 1.5, _same_files, 0.0)
    # As load reads it: the sha256 of a manifest stands for a file's own checksum, which the peers do not look at.
    compete(f"CDF day file {name}", lambda: cdf.read_product(path, product, checksum=False), [peer], rounds)


@pytest.mark.parametrize("block", [5, 20])
def test_bootstrap(compete, block):
    rng = np.random.default_rng(8)
    n, replicates = 1000, 2000
    x = rng.standard_normal(n)
    y = x + rng.standard_normal(n)

    def ours():
        moments = bootstrap.pair_moments(x, y)
        means = bootstrap.bootstrap_means(moments, block, replicates, np.random.default_rng(9))
        return bootstrap.correlation_from_means(means)

    def loop(_):
        def run():
            generator, out, sample = np.random.default_rng(10), np.empty(replicates), np.arange(n)
            for k in range(replicates):
                begins = generator.random(n) < 1 / block
                begins[0] = True
                at = np.flatnonzero(begins)
                shift = generator.integers(0, n, at.size) - at
                index = (sample + np.repeat(shift, np.diff(at, append=n))) % n
                out[k] = np.corrcoef(x[index], y[index])[0, 1]
            return out

        return run

    def of_spread(mine, theirs):
        return abs(float(mine.std() / theirs.std()) - 1)

    # Two standard deviations of 2,000 draws differ by 1 / sqrt(2000) = 2.2 % (one sigma of their ratio).
    peers = [Peer("Python loop over numpy", "numpy", loop, 20, of_spread, 0.09)]
    compete(f"block bootstrap of r; mean block {block}", ours, peers, 5)
