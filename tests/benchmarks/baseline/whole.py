"""Everything of one event, from series and given intervals to the page."""

import pickle
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from baseline import agreement, alfvenicity, coherence, curves, detection, figures, page, verdict, waves
from baseline.series import GIVEN, Spacecraft, alfven


def main(source: str, output: str) -> None:
    plt.rcParams.update(figures.LOOK)
    frames, intervals = pickle.loads(Path(source).read_bytes())
    folder, rng = Path(output), np.random.default_rng(1)
    folder.mkdir(parents=True, exist_ok=True)
    crafts = []
    for name, data in frames.items():
        known = {k: [span] for k, span in intervals[name].items() if k in GIVEN}
        crafts.append(Spacecraft(name, data, known))
    found = [single(craft, folder, rng) for craft in crafts]
    tables = {key: pd.DataFrame([row for f in found for row in f["rows"][key]]) for key in found[0]["rows"]}
    by_name = {k: {craft.name: f[k] for craft, f in zip(crafts, found, strict=True)} for k in found[0] if k != "rows"}
    figures.plane(crafts, by_name["grid"], tables, folder)
    figures.spectra(crafts, by_name["grid"], by_name["curves"], folder)
    figures.walen(crafts, by_name["units"], tables, folder)
    if len(crafts) == 2:
        tables |= together(*crafts, tables, folder, rng)
    for name, frame in tables.items():
        frame.to_csv(folder / f"{name}.csv", index=False)
    page.write(tables, page.interactive(crafts, by_name["running"], by_name["grid"]), folder)


def single(craft: Spacecraft, folder: Path, rng) -> dict:
    """Tables and figures of one spacecraft; its intervals gain those that are detected."""
    units = alfven(craft.data, craft.dt)
    all_periods = waves.periods(2 * craft.dt, len(units) * craft.dt / 4)
    scalogram, velocity = waves.scalogram(units, craft.dt, all_periods)
    detected = detection.detect(craft, units, scalogram, velocity)
    grid = scalogram.decimated(max(1, int(waves.GRID_S / craft.dt)))
    slopes, lines = waves.spectra(craft, grid)
    running = alfvenicity.series(units, craft.data, alfvenicity.outward(craft.data, craft.dt)["radial"], craft.dt)
    rows = {
        "intervals": detected.to_dict("records"),
        "occurrence": detection.occurrence(craft),
        "alfvenicity": alfvenicity.table(craft, units, rng),
        "walen": alfvenicity.walen(craft, units, rng),
        "wavelet": waves.table(craft, grid, units, rng),
        "spectra": slopes,
        "hodogram": curves.hodograms(craft),
        "complexity": curves.complexity(craft, rng),
        "rope": curves.rope(craft),
    }
    figures.overview(craft, running, folder)
    figures.scalogram(craft, grid, folder)
    return {"rows": rows, "grid": grid, "curves": lines, "units": units, "running": running}


def together(first: Spacecraft, second: Spacecraft, tables: dict, folder: Path, rng) -> dict:
    """Tables and figures of the pair."""
    pair, lags, row = agreement.aligned(first, second)
    parts = agreement.by_scale(pair)
    seen = coherence.Waves(pair)
    maps = coherence.maps(seen, rng)
    regions = pair.regions | {n: region for n, (region, *_) in agreement.compared(pair).items()}
    coherent, phases = coherence.tables(seen, regions, maps, rng)
    rows = {
        "lag": row,
        "correlation": agreement.correlation(pair, rng),
        "scales": agreement.scales(parts, rng),
        "contrast": agreement.contrast(parts, rng),
        "counterfactual": agreement.counterfactual(pair, rng),
        "coherence": coherent,
        "phase": phases,
        "hodograms": verdict.likeness(pair, rng),
    }
    found = {key: pd.DataFrame(value) for key, value in rows.items()}
    found["verdict"] = pd.DataFrame(verdict.verdicts(pair, found, first, second, rng))
    pieces = figures.second_pieces(pair, first, second)
    figures.overlay(pair, lags, found, first, second, folder)
    figures.forest(pair, found["contrast"], folder)
    figures.sliding(
        pair,
        agreement.sliding(pair.x, pair.y, pair.dt),
        agreement.misfit_series(pair),
        found["correlation"],
        pieces,
        folder,
    )
    figures.scales(parts, found["scales"], pieces, folder)
    figures.hodogram((first, second), tables, folder)
    figures.coherence(seen, maps["vector"], pieces, folder)
    return found
