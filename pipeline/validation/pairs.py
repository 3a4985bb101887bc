"""Two spacecraft: virtual pairs whose lag and agreement are known, through resample and the modules of pipeline/pairs.

All but "lag" are stationary (red turbulence on a constant field, waves in the last hours alone), so that without waves
nothing differs between the regions. True r and true differences are ratios of covariances without noise or gaps, summed
over all pairs of a kind. Kinds: see KINDS; "power A D h", independent waves of dB/B = A that last D hours; "lag".
"""

from dataclasses import replace
from itertools import product

import numpy as np
import pandas as pd
import xarray as xr

from pipeline import intervals as table_of
from pipeline import simulate
from pipeline.aligned import COLUMNS, Pair
from pipeline.pairs import contrast, correlation, lag, phase, scales
from pipeline.resample import grid_edges, resample, windowed_means
from pipeline.simulate import Settings as Event
from pipeline.simulate.event import compose, constant, draw
from pipeline.simulate.waves import taper
from pipeline.splitting import by_scale, inside
from pipeline.stats.seeds import generator

CADENCE_S = 64.0
LAG_S = 30 * CADENCE_S
QUANTITIES = ("b_x", "b_y", "b_z", "vector")
SCALES = ("all", "band")
NONE = {"db_over_b": 0.0}
KINDS = {  # what the waves are, and how much of the turbulence both spacecraft share
    "no effect": (NONE, {"shared": 0.9}, {}),
    "separation": (NONE, {"shared": 0.6}, {"misfit_nt": 1.0}),
    "same waves": ({"db_over_b": 0.3, "shared": 1.0}, {"shared": 0.9}, {}),
    "shifted phase": ({"db_over_b": 0.3, "shared": 1.0, "phase_deg": 90.0}, {"shared": 0.9}, {}),
    "independent waves": ({"db_over_b": 0.3, "shared": 0.0}, {"shared": 0.9}, {}),
}


def drawn(kind: str, number: int, seed: int) -> Event:
    """Settings of one pair of a kind."""
    rng = generator("validation", "pairs", seed, kind, number)
    names = {"event": f"validation-{kind}-{seed}", "seed": number, "sampling_s": 8.0, "sheath_h": 0.0}
    names |= {"products": {"wind": ("WI_H0_MFI", "WI_H1_SWE")}}  # of the plasma nothing is used here: the cheaper one
    if kind == "lag":
        second = {"lag_s": rng.uniform(-5400, 5400), "impact_change": rng.uniform(-0.1, 0.1)}
        return Event(**names, second=second, instruments={"gaps": 0.2}, waves={"shared": rng.random()})
    waves, turbulence, second = KINDS.get(kind) or _power(kind)
    waves = {"duration_h": 6.0, "before_end_h": 0.0} | waves
    return Event(
        **names,
        **{"before_h": 1.0, "ejecta_h": 18.0, "after_h": 2.0},
        waves=waves,
        turbulence={"ejecta": 0.3, "longest_period_s": 43200.0} | turbulence,
        second={"lag_s": LAG_S} | second,
        instruments={"gaps": rng.uniform(0, 0.1), "long_gaps": int(rng.integers(0, 3))},
    )


def _power(kind):
    amplitude, duration_h = map(float, kind.split()[1:3])
    waves, turbulence, second = KINDS["independent waves"]
    return waves | {"db_over_b": amplitude, "duration_h": duration_h}, turbulence, second


def rows(kind: str, number: int, seed: int) -> list[dict]:
    """What was true and what was found of one pair."""
    event = drawn(kind, number, seed)
    about = {"kind": kind, "number": number}
    if kind == "lag":
        return [about | _lag(simulate.realise(event))]
    realisation = compose(event, draw(event), _stationary, event.boundaries_s)
    first, second = _seen(realisation)
    table = _regions(event)
    true = by_scale(Pair.of(*_clean(realisation), LAG_S), contrast.Settings().band_s)
    found = _found(first, second, table)
    if event.waves.db_over_b:
        about["verdict"] = verdict(first, second, table)
    return [
        about | {"quantity": q, "scale": s} | found(q, s) | _moments(true[s], q, s, table)
        for q, s in product(QUANTITIES, SCALES)
    ]


def _stationary(settings, tau, is_first):
    """Constant field everywhere, waves in the last hours of the ejecta alone."""
    edges = settings.boundaries_s
    envelope = np.zeros_like(tau)
    if "alfvenic_start" in edges:
        envelope = taper(tau, edges["alfvenic_start"], edges["alfvenic_end"], settings.waves.edge_s)
    return replace(constant(settings, tau, is_first), waves=envelope)


def _edges(realisation):
    time = next(iter(realisation.series.values()))["time"].values
    return grid_edges(time[0], time[-1], CADENCE_S)


def _seen(realisation):
    edges = _edges(realisation)
    return [resample(simulate.observe(realisation, name), edges, 0.5) for name in realisation.settings.spacecraft]


def _clean(realisation):
    """The true field on the same grid."""
    edges, step = _edges(realisation), realisation.settings.sampling_s
    for name, ds in realisation.series.items():
        b, time = ds["b"].values, ds["time"].values
        mean = windowed_means(np.column_stack([b, np.linalg.norm(b, axis=1)]), time, step, edges[:-1], edges[1:])[0]
        fields = {"b": (("time", "component"), mean[:, :3]), "b_mag": ("time", mean[:, 3])}
        yield xr.Dataset(fields, {"time": edges[:-1] + np.diff(edges) // 2}, {"spacecraft": name})


def _regions(event):
    """Table of the reference's intervals: the ejecta, its last hours (with or without waves), and the rest."""
    start, seconds = pd.Timestamp(event.start), event.boundaries_s
    first, last = (start + pd.Timedelta(seconds=seconds[name]) for name in ("ejecta_start", "ejecta_end"))
    middle = last - pd.Timedelta(hours=event.waves.duration_h)
    spans = [("ejecta", first, last), ("alfvenic_1", middle, last), ("quiet", first, middle)]
    table = pd.DataFrame([(event.spacecraft[0], *span, "given") for span in spans], columns=table_of.COLUMNS)
    return table.astype({"start": "M8[ns]", "end": "M8[ns]"})


def _found(first, second, table):
    """Function (quantity, scale) -> what the modules of pipeline/pairs say."""
    few, parts = {"draws": 800}, table[table["interval"] != "ejecta"]
    per_scale = scales.compute(first, second, parts, LAG_S, scales.Settings(**few))
    used = correlation.Settings(**few, replicates=100, surrogates=0)
    agreement = correlation.compute(first, second, parts, LAG_S, used)
    difference = contrast.compute(first, second, table, LAG_S, contrast.Settings(**few)).sel(interval="alfvenic_1")

    def row(quantity, scale):
        out = {}
        source = agreement if scale == "all" else per_scale.sel(scale=scale)
        for name in ("alfvenic_1", "quiet"):
            here = source.sel(interval=name, quantity=quantity)
            out |= {f"{name}_r": float(here["r"])} | _bounds(f"{name}_r", here["r_ci"])
        here = difference.sel(quantity=quantity, scale=scale)
        names = ("delta_r", "delta_r_p", "misfit_ratio", "misfit_ratio_p")
        return out | {name: float(here[name]) for name in names} | _bounds("delta_r", here["delta_r_ci"])

    return row


def _bounds(name, interval):
    return {f"{name}_{bound}": float(interval.sel(bound=bound)) for bound in ("low", "high")}


def verdict(first: xr.Dataset, second: xr.Dataset, table: pd.DataFrame) -> str:
    """What the phase hypothesis says about the waves."""
    rows = table[table["interval"] == "alfvenic_1"]
    return str(phase.compute(first, second, rows, LAG_S, phase.Settings(surrogates=100))["verdict"].values[0])


def _moments(pair, quantity, scale, table):
    """Sums of covariance and variances in the regions, each window about its own mean."""
    masks = {name: table_of.mask(pair.time, table, name) for name in ("alfvenic_1", "quiet")}
    masks = {name: inside(scale, mask, contrast.Settings().band_s, pair.step_s) for name, mask in masks.items()}
    length = contrast.window_length(masks["alfvenic_1"], masks["quiet"])
    cut = {name: contrast.runs(mask) for name, mask in masks.items()}
    cut |= {"region": contrast.windows(masks["alfvenic_1"], length)}
    cut |= {"baseline": contrast.windows(masks["quiet"], length)}
    out = {}
    for name, windows in cut.items():
        pieces = [[a[window][:, COLUMNS[quantity]] for a in (pair.x, pair.y)] for window in windows]
        x, y = (np.concatenate([piece[k] - piece[k].mean(axis=0) for piece in pieces]) for k in (0, 1))
        out |= {f"{name}_xy": np.sum(x * y), f"{name}_xx": np.sum(x * x), f"{name}_yy": np.sum(y * y)}
    return out


def _lag(realisation):
    """Error of the lag found from data with many gaps."""
    first, second = _seen(realisation)
    edges = realisation.settings.boundaries_s
    start = pd.Timestamp(realisation.settings.start)
    span = [start + pd.Timedelta(seconds=edges[name]) for name in ("ejecta_start", "ejecta_end")]
    table = pd.DataFrame([(first.attrs["spacecraft"], "ejecta", *span, "given")], columns=table_of.COLUMNS)
    found = lag.compute(first, second, table, lag.Settings())
    true = realisation.truth["lag_s"]
    return {"lag_error_s": float(found["lag_s"]) - true, "lag_refined_error_s": float(found["lag_refined_s"]) - true}
