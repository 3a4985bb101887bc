"""How like two hodograms are, and the study's question answered per region."""

import numpy as np
import pandas as pd
from scipy import spatial

from baseline.agreement import Pair, averages, compared, pearson, smooth_roughness
from baseline.curves import roughness, smooth_surrogates, spacing, windows
from baseline.series import SMOOTH_S, complete, low_pass, p_value, phase_randomised

LIKENESS_SURROGATES, ROUGHNESS_SURROGATES, POINTS = 99, 199, 120


def likeness(pair: Pair, rng) -> list[dict]:
    """Procrustes disparity and Fréchet distance per region, against randomised seconds."""
    rows = []
    for name, inside in pair.regions.items():
        x, y = pair.x[inside, :3], pair.y[inside, :3]
        both = np.isfinite(x + y).all(axis=1, keepdims=True)
        x, y = np.where(both, x, np.nan), np.where(both, y, np.nan)
        made = phase_randomised(y, LIKENESS_SURROGATES, rng)
        fields = np.concatenate([x, y, *made], axis=1)
        smooth = complete(low_pass(fields, SMOOTH_S, pair.dt, into_gaps=True)[:: spacing(pair.dt)])
        first, second, *others = np.split(smooth, fields.shape[1] // 3, axis=1)
        disparity = np.array([spatial.procrustes(first, other)[2] for other in (second, *others)])
        every = -(-len(first) // POINTS)
        leash = frechet(first[::every], np.stack([second, *others])[:, ::every])
        size = [np.sqrt(curve.var(axis=0).sum()) for curve in (first, second)]
        row = {"interval": name, "disparity": disparity[0], "frechet": leash[0], "size_ratio": size[1] / size[0]}
        row["disparity_p"] = p_value((disparity[1:] <= disparity[0]).sum(), LIKENESS_SURROGATES)
        rows.append(row | {"frechet_p": p_value((leash[1:] <= leash[0]).sum(), LIKENESS_SURROGATES)})
    return rows


def frechet(first: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Discrete Fréchet distances of a curve to many (Eiter & Mannila 1994), along anti-diagonals."""
    distance = np.linalg.norm(first[:, None] - others[:, None], axis=-1)
    n, m = distance.shape[1:]
    before = last = np.full((len(others), n + 1), np.inf)
    for k in range(n + m - 1):
        i = np.arange(max(0, k - m + 1), min(n, k + 1))
        come = np.minimum(np.minimum(last[:, i], last[:, i + 1]), before[:, i]) if k else 0.0
        leash = np.full_like(last, np.inf)
        leash[:, i + 1] = np.maximum(distance[:, i, k - i], come)
        before, last = last, leash
    return last[:, -1]


def hodogram(pair: Pair, region: np.ndarray, rng) -> dict:
    """Rank and surrogate p of the roughness at both spacecraft."""
    out, chosen = {}, windows(region, pair.regions["ejecta"]) if region.any() else []
    for which, field in (("first", pair.x), ("second", pair.y)):
        if not chosen:
            out |= {f"rank_{which}": np.nan, f"p_{which}": np.nan}
            continue
        value = smooth_roughness(field[region, :3], pair.dt)
        others = np.array([smooth_roughness(field[w, :3], pair.dt) for w in chosen])
        made = smooth_surrogates(field[region, :3], ROUGHNESS_SURROGATES, pair.dt, rng)
        rough = np.array([roughness(complete(smooth[:: spacing(pair.dt)])) for smooth in made])
        out[f"rank_{which}"] = np.mean(others <= value + 1e-9)
        out[f"p_{which}"] = p_value((rough >= value - 1e-12).sum(), ROUGHNESS_SURROGATES)
    return out


def verdicts(pair: Pair, tables: dict[str, pd.DataFrame], first, second, rng) -> list[dict]:
    """A row and a sentence per region, from the tables that were made."""
    place = [craft.data[["px", "py", "pz"]][craft.mask("ejecta")].mean().to_numpy() for craft in (first, second)]
    apart = np.linalg.norm(place[1] - place[0]) / 1.495978707e8
    whole = np.mean([pearson(*averages(pair, pair.regions["ejecta"], [k])) for k in range(3)])
    expected = 1 - apart / 0.06, 1 - apart / 0.12
    separation = (
        "worse than expected" if whole < expected[0] else "expected" if whole <= expected[1] else "better than expected"
    )
    rows = []
    contrast = tables["contrast"].query("quantity == 'vector'").set_index(["interval", "scale"])
    without = tables["counterfactual"].query("quantity == 'vector'").set_index("interval")
    waves = tables["phase"].set_index("interval")["verdict"]
    for name, (region, _, baseline) in compared(pair).items():
        if (name, "all") not in contrast.index:
            continue
        found = contrast.loc[(name, "all")]
        row = {
            "interval": name,
            "baseline": baseline,
            **found[["r", "r_baseline", "delta_r", "delta_r_low", "delta_r_high"]],
        }
        row |= {"delta_r_p": found["delta_r_p"], "explained": without["explained"].get(name, np.nan)}
        row |= hodogram(pair, region, rng) | {"waves": waves.get(name, "cannot tell"), "separation": separation}
        row["agreement"] = agreement(row["delta_r_low"], row["delta_r_high"])
        row["complexity"] = complexity(row)
        rows.append(row | {"sentence": sentence(row)})
    return rows


def agreement(low: float, high: float) -> str:
    return "lower" if high < 0 else "not lower" if low > -0.1 else "cannot be told"


def complexity(row: dict) -> str:
    ranks, p = (np.array([row[f"{key}_{which}"] for which in ("first", "second")]) for key in ("rank", "p"))
    if not np.isfinite(ranks).all():
        return "cannot be told"
    if (ranks >= 0.9).all():
        return "higher" if (p <= 0.05).all() else "higher, not shown to be more than its spectrum makes it"
    return "cannot be told" if (ranks >= 0.9).any() else "not higher"


def sentence(row: dict) -> str:
    numbers = (
        f"r {row['r']:.2f} against {row['r_baseline']:.2f} of {row['baseline']}, a difference of {row['delta_r']:+.2f}"
    )
    doubt = f"({row['delta_r_low']:+.2f} to {row['delta_r_high']:+.2f}), p = {row['delta_r_p']:.2g}"
    return f"Agreement: {row['agreement']}, {numbers} {doubt}. Complexity: {row['complexity']}. Waves: {row['waves']}."
