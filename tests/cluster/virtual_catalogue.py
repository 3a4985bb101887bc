"""A small catalogue of virtual events, each within one day, written as one archive with its table of events."""

import csv
from datetime import datetime, timedelta
from pathlib import Path

from pipeline import simulate

# One field and one plasma product each, and short events: what is tested is who runs what, not the physics.
PRODUCTS = {"ace": ("AC_H0_MFI", "AC_H0_SWE"), "wind": ("WI_H0_MFI", "WI_H1_SWE")}
CONFIG = (
    "fetch={margin_h: 1}",
    "lag={search_s: 3600}",
    "diagnostics={alfvenicity: {}, hodogram: {}}",
    "pairs={correlation: {}}",
    "figures={pair: [hodogram]}",
)


def settings(number: int) -> simulate.Settings:
    return simulate.Settings(
        event=f"virtual-{number:03}",
        seed=number,
        start=datetime(2001, 1, 1, 2) + timedelta(days=2 * number),
        sampling_s=4,
        products=PRODUCTS,
        before_h=3,
        sheath_h=2,
        ejecta_h=8,
        after_h=3,
        waves=simulate.Waves(duration_h=3),
        second=simulate.Second(lag_s=1200),
    )


def write(folder: Path, count: int) -> Path:
    """`count` events below folder/archive, their table folder/events.csv; returns the table's path."""
    rows = []
    for number in range(count):
        chosen = settings(number)
        simulate.write_archive(simulate.realise(chosen), folder / "archive")
        rows += simulate.event_rows(chosen)
    path = folder / "events.csv"
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return path
