"""Bias, coverage, detection and comparison of pairs, each a number with its standard error beside the target.

Every table has the columns measure, group, n, value, standard_error, lowest, highest, met. lowest and highest are the
target; met is empty where there is none, because the number is there to be known.
"""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from pipeline.pairs import phase

COLUMNS = ("measure", "group", "n", "value", "standard_error", "lowest", "highest", "met")
SIGMAS = ("sigma_c", "sigma_r")
JUDGED = "wavelet"  # the method that the targets are for; the others stand beside it
COVERAGE = (0.92, 0.98)
FALSE_ALARMS = (0.03, 0.07)
BIAS = 0.02
VERDICTS = {
    "same waves": phase.SAME_PHASE,
    "shifted phase": phase.OTHER_PHASE,
    "independent waves": phase.OTHER_WAVES,
}
FALSE_TIME = {"none": 0.01, "independent": 0.02}
DETECTION_BAND_S = (600.0, 3600.0)


def tables(rows: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Tables by name from the rows of both studies ("events", "pairs")."""
    values, found = (rows["events"][rows["events"]["row"] == kind] for kind in ("value", "detection"))
    compared = rows["pairs"][rows["pairs"]["kind"] != "lag"]
    true = true_correlations(compared)
    out = {
        "bias": bias(values),
        "coverage": pd.concat([coverage(values), coverage_of_pairs(compared, true)]),
        "detection": detection(found),
        "pairs": pd.concat([differences(compared, true), verdicts(compared), lags(rows["pairs"])]),
    }
    return {name: table.reset_index(drop=True) for name, table in out.items()}


def _row(measure, group, values, target=(None, None)):
    """Mean of `values` with its standard error against a target (lowest, highest).

    Where all agree, two of each kind are added for the error of a share (Agresti & Coull 1998): rare is not never.
    """
    values = np.asarray(values, float)
    values = values[np.isfinite(values)]
    mean = values.mean() if values.size else np.nan
    error = values.std(ddof=1) / np.sqrt(values.size) if values.size > 1 else np.nan
    if error == 0:
        share = 2 / (values.size + 4)
        error = np.sqrt(share * (1 - share) / (values.size + 4))
    return _judged(measure, group, values.size, mean, error, target)


def _per_pair(values, part):
    """Mean of `values` over the quantities of each pair, which share one draw."""
    return pd.Series(np.asarray(values, float)).groupby(part["number"].to_numpy()).mean()


def _judged(measure, group, n, value, error, target=(None, None)):
    lowest, highest = (np.nan if bound is None else bound for bound in target)
    met = ""
    if n and not (np.isnan(lowest) and np.isnan(highest)):
        met = not (value < lowest or value > highest)
    return dict(zip(COLUMNS, (measure, group, n, value, error, lowest, highest, met), strict=True))


def _table(found):
    return pd.DataFrame(list(found), columns=COLUMNS)


def bias(values: pd.DataFrame) -> pd.DataFrame:
    """Mean error of sigma_c and sigma_r against the realised truth; along the truth's sign, so that a loss shows."""

    def found():
        for method, part in values.groupby("method"):
            target = (-BIAS, BIAS) if method == JUDGED else (None, None)
            for name in SIGMAS:
                error = part[name] - part[f"{name}_realised"]
                yield _row(f"{name}, mean error", method, error, target)
                yield _row(
                    f"{name}, mean error towards larger |{name}|",
                    method,
                    error * np.sign(part[f"{name}_nominal"]),
                    target,
                )
                yield _row(f"{name}, mean |error|", method, np.abs(error))

    return _table(found())


def held(part: pd.DataFrame, name: str, truth: ArrayLike) -> np.ndarray:
    """1 where the interval of `name` holds the truth, 0 where not, NaN where there is none."""
    low, high = part[f"{name}_low"], part[f"{name}_high"]
    inside = ((low <= truth) & (truth <= high)).astype(float)
    return np.where(np.isfinite(low) & np.isfinite(high) & np.isfinite(truth), inside, np.nan)


def coverage(values: pd.DataFrame) -> pd.DataFrame:
    """How often the 95 % intervals hold the ensemble's value, which is what a stationary process has.

    The value of the draw at hand would be held more often: estimate and truth share the chance of the draw.
    """

    def found():
        for method, part in values.groupby("method"):
            for name in SIGMAS:
                target = COVERAGE if method == JUDGED else (None, None)
                yield _row(name, method, held(part, name, part[f"{name}_nominal"]), target)

    return _table(found())


def detection(found: pd.DataFrame) -> pd.DataFrame:
    """Edges, share found, and false Alfvénic time."""
    waves = found[found["kind"] == "alfvenic"]
    target = None, float(np.sqrt(np.prod(DETECTION_BAND_S)))

    def rows():
        for name in ("start", "end"):
            error = waves[f"{name}_error_s"].dropna()
            yield _row(f"{name}, mean error (s, positive: late)", "alfvenic", error)
            yield _median(f"{name}, median |error| (s)", "alfvenic", error, target)
            for band_s, part in waves.groupby("band_s"):
                yield _median(
                    f"{name}, median |error| (s)", f"waves from {band_s:g} s", part[f"{name}_error_s"].dropna()
                )
        yield _row("intervals found", "alfvenic", waves["inside_h"] > 0)
        yield _ratio("share of the Alfvénic time found", "alfvenic", waves["inside_h"], waves["true_h"])
        for kind, part in found.groupby("kind"):
            outside = part["searched_h"] - part["true_h"].fillna(0)
            yield _ratio("false Alfvénic time", kind, part["false_h"], outside, (None, FALSE_TIME.get(kind)))

    return _table(rows())


def _median(measure, group, errors, target=(None, None)):
    """Median of |errors|; its standard error is 1.25 times that of a mean."""
    size = np.abs(errors)
    error = 1.25 * size.std() / np.sqrt(len(size)) if len(size) > 1 else np.nan
    return _judged(measure, group, len(size), size.median() if len(size) else np.nan, error, target)


def _ratio(measure, group, part, whole, target=(None, None)):
    """sum part / sum whole, with the standard error of a ratio over events."""
    value = part.sum() / whole.sum()
    error = np.std(part - value * whole) / whole.mean() / np.sqrt(len(part))
    return _judged(measure, group, len(part), value, error, target)


def true_correlations(compared: pd.DataFrame) -> pd.DataFrame:
    """True r by (kind, quantity, scale), a column per region: sums of covariance over sums of variance."""
    moments = [column for column in compared if column[-3:] in ("_xy", "_xx", "_yy")]
    sums = compared.groupby(["kind", "quantity", "scale"])[moments].sum()
    regions = [column[:-3] for column in sums if column.endswith("_xy")]
    return pd.DataFrame({r: sums[f"{r}_xy"] / np.sqrt(sums[f"{r}_xx"] * sums[f"{r}_yy"]) for r in regions})


def _of_studied_kinds(compared):
    return compared[~compared["kind"].str.startswith("power")].groupby(["kind", "scale"])


def coverage_of_pairs(compared: pd.DataFrame, true: pd.DataFrame) -> pd.DataFrame:
    """How often the intervals of r and of its difference hold the truth; quantities together."""

    def found():
        for (kind, scale), part in _of_studied_kinds(compared):
            truth = true.loc[pd.MultiIndex.from_frame(part[["kind", "quantity", "scale"]])].reset_index(drop=True)
            part = part.reset_index(drop=True)
            for name in ("alfvenic_1", "quiet"):
                inside = held(part, f"{name}_r", truth[name])
                yield _row(f"r, {name}", f"{kind}, {scale}", _per_pair(inside, part), COVERAGE)
            delta = truth["region"] - truth["baseline"]
            yield _row("delta r", f"{kind}, {scale}", _per_pair(held(part, "delta_r", delta), part), COVERAGE)

    return _table(found())


def differences(compared: pd.DataFrame, true: pd.DataFrame) -> pd.DataFrame:
    """How often p < 0.05 where nothing differs (components together), and where something does (vector)."""

    def found():
        for kind, part in compared.groupby("kind"):
            is_null = kind in ("no effect", "separation")
            for scale in ("all", "band"):
                here = part[part["scale"] == scale]
                here = here[here["quantity"] != "vector"] if is_null else here[here["quantity"] == "vector"]
                name = "false alarms" if is_null else "power"
                for test in ("delta_r", "misfit_ratio"):
                    found_it = np.where(here[f"{test}_p"].notna(), here[f"{test}_p"] < 0.05, np.nan)
                    target = FALSE_ALARMS if is_null and test == "delta_r" else (None, None)
                    yield _row(f"{name}, {test}", f"{kind}, {scale}", _per_pair(found_it, here), target)
                if not is_null:
                    r = true.loc[(kind, "vector", scale)]
                    yield _judged("true delta r", f"{kind}, {scale}", len(here), r["region"] - r["baseline"], np.nan)

    return _table(found())


def verdicts(compared: pd.DataFrame) -> pd.DataFrame:
    """How often the phase hypothesis is judged right, left open, and judged wrong.

    Short or weak waves may leave it open; the target is for the kinds whose waves are strong and last six hours.
    """
    once = compared[(compared["quantity"] == "vector") & (compared["scale"] == "band")]

    def found():
        for kind, part in once.groupby("kind"):
            said = part["verdict"].dropna()
            if said.empty:
                continue
            right = VERDICTS.get(kind, phase.OTHER_WAVES)
            yield _row("verdict right", kind, said == right, (0.9, None) if kind in VERDICTS else (None, None))
            yield _row("verdict left open", kind, said == phase.UNKNOWN)
            yield _row("verdict wrong", kind, ~said.isin((right, phase.UNKNOWN)))

    return _table(found())


def lags(pairs: pd.DataFrame) -> pd.DataFrame:
    """Error of the lag at 20 % gaps: within one bin in the median, and without bias."""
    errors = pairs.loc[pairs["kind"] == "lag"]
    target = None, 64.0
    rows = []
    for name, column in (("lag", "lag_error_s"), ("refined lag", "lag_refined_error_s")):
        rows.append(_median(f"{name}, median |error| (s)", "20 % gaps", errors[column].dropna(), target))
        rows.append(_row(f"{name}, mean error (s)", "20 % gaps", errors[column], (-64.0, 64.0)))
    return _table(rows)


def text(found: dict[str, pd.DataFrame]) -> str:
    """The numbers that have a target, to read."""
    lines = [f"{'':56}{'n':>6}{'value':>10}{'error':>9}   target"]
    for name, table in found.items():
        lines.append(f"-- {name}")
        for row in table[table["met"] != ""].itertuples():
            target = f"{_bound(row.lowest)} .. {_bound(row.highest)}"
            number = f"{row.n:6d}{row.value:10.4f}{row.standard_error:9.4f}"
            lines.append(f"{f'{row.measure} ({row.group})':56}{number}   {target} {_verdict(row)}")
    return "\n".join(lines)


def _verdict(row):
    if row.met:
        return "met"
    outside = max(np.nan_to_num(row.lowest - row.value), np.nan_to_num(row.value - row.highest))
    return "missed by less than two errors" if outside < 2 * row.standard_error else "MISSED"


def _bound(value):
    return f"{value:g}" if np.isfinite(value) else ""
