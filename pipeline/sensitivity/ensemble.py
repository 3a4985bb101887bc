"""The analyses of an ensemble: the event's own, then each with one choice changed, then combinations.

A specification is a dict of every choice (CHOICES) by name; `settings_of` turns it into the stages' own settings.
"""

from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import islice, product
from typing import TYPE_CHECKING, Any

from pipeline.config import Crossing, Event, Resample
from pipeline.config import Lag as LagSettings
from pipeline.detect import Settings as Detect
from pipeline.pairs.lag import USED
from pipeline.pairs.verdict import Settings as Verdict
from pipeline.sensitivity import CHOICES, Settings
from pipeline.stats.seeds import generator

if TYPE_CHECKING:
    from pipeline.config import Settings as RunSettings


BASELINE = "baseline"


@dataclass(frozen=True)
class Stages:
    """Settings of the stages between raw data and verdict, as the event's own run has them."""

    resample: Resample
    lag: LagSettings
    detect: Detect
    verdict: Verdict
    margin_h: float
    region: str

    @classmethod
    def of(cls, settings: "RunSettings") -> "Stages":
        """From the settings of a run."""
        verdict, region = settings.pairs.get("verdict") or Verdict(), settings.sensitivity.region
        return cls(settings.resample, settings.lag, settings.detect, verdict, settings.fetch.margin_h, region)


def own(stages: Stages) -> dict[str, Any]:
    """The choices of the event's own run."""
    detect = stages.detect
    return {
        "start_shift_s": 0.0,
        "end_shift_s": 0.0,
        "band_s": detect.band_s,
        "preset": detect.preset,
        "db_over_b_min": detect.db_over_b_min,
        "density": detect.density,
        "alphas": detect.alphas,
        "lag": USED,
        "cadence_factor": 1,
        "detrending": "none",
    }


def alternatives(settings: Settings, default: dict[str, Any]) -> dict[str, tuple]:
    """Values of every choice that differ from the default."""
    return {
        name: tuple(dict.fromkeys(value for value in getattr(settings, name) if value != default[name]))
        for name in CHOICES
    }


def specifications(settings: Settings, stages: Stages) -> list[dict[str, Any]]:
    """All specifications in their order: "specification" (number), "name" (what differs), and every choice."""
    default = own(stages)
    others = alternatives(settings, default)
    chosen = [default]
    chosen += [default | {name: value} for name in CHOICES for value in others[name]]
    if settings.design == "factorial":
        chosen += _all(default, others)
    if settings.design == "random":
        chosen += _drawn(default, others, settings)
    unique = list({tuple(choice.items()): choice for choice in chosen}.values())
    return [{"specification": number, "name": _name(choice, default)} | choice for number, choice in enumerate(unique)]


def _all(default, others):
    levels = [(default[name], *others[name]) for name in CHOICES]
    return [dict(zip(CHOICES, values, strict=True)) for values in product(*levels)]


def _drawn(default, others, settings):
    """Distinct combinations of two changes or more, every value of a choice equally likely; all there are, if fewer."""
    levels = [(default[name], *others[name]) for name in CHOICES]
    rng = generator("sensitivity", "combinations", settings.seed)

    def draws():
        seen = set()
        for _ in range(100 * settings.draws):  # a small space is soon exhausted
            values = tuple(level[rng.integers(len(level))] for level in levels)
            changes = sum(value != level[0] for value, level in zip(values, levels, strict=True))
            if changes > 1 and values not in seen:
                seen.add(values)
                yield dict(zip(CHOICES, values, strict=True))

    return list(islice(draws(), settings.draws))


def _name(choice, default) -> str:
    changed = [f"{name}={text(choice[name])}" for name in CHOICES if choice[name] != default[name]]
    return " ".join(changed) or BASELINE


def text(value: object) -> str:
    """A choice's value in a table."""
    if isinstance(value, tuple):
        return "-".join(f"{part:g}" for part in value)
    return f"{value:g}" if isinstance(value, (int, float)) else str(value)


def settings_of(choice: dict[str, Any], stages: Stages) -> Stages:
    """The stages' settings with a specification's choices. Raises pydantic's ValidationError where they clash."""
    names = ("band_s", "preset", "db_over_b_min", "density", "alphas")
    changed = {name: choice[name] for name in names if choice[name] != own(stages)[name]}
    # ASSUME: a preset that is varied stands for its own thresholds, not for the ones set instead of the default's.
    free = {"sigma_c_min": None, "sigma_r_max": None} if "preset" in changed else {}
    # The ensemble inside detection gives the spread of the edges, which no conclusion uses.
    without = {"ensemble_bands_s": ()}
    band = {"band_s": changed["band_s"]} if "band_s" in changed else {}
    return replace(
        stages,
        detect=Detect(**stages.detect.model_dump() | changed | free | without),
        verdict=Verdict(**stages.verdict.model_dump() | band),
    )


def moved(event: Event, start_shift_s: float, end_shift_s: float) -> Event:
    """The event with its given boundaries of the ejecta moved, everywhere. Raises ValidationError where they cross."""

    def crossing(c):
        if not c.has_times:
            return c
        start, end = c.ejecta_start + timedelta(seconds=start_shift_s), c.ejecta_end + timedelta(seconds=end_shift_s)
        return Crossing(**c.model_dump() | {"ejecta_start": start, "ejecta_end": end})

    return Event(name=event.name, crossings=tuple(map(crossing, event.crossings)))


def parts(count: int, size: int) -> list[range]:
    """Numbers of the specifications of each job."""
    return [range(first, min(first + size, count)) for first in range(0, count, size)]
