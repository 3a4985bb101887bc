"""How far the conclusion rests on the choices: one event, many defensible analyses, and the share that agree.

ensemble: the analyses, each the event's own settings with one choice changed (or several, drawn).
run: one analysis from raw data to the verdict, with the modules of the workflow itself.
summary: which analyses keep the conclusion of the event's own settings, per component.

It is the specification curve of Simonsohn, Simmons & Nelson (2020), Nature Human Behaviour 4, 1208, without its joint
test: analyses of one event share their data, so their number is no number of independent findings.
"""

import hashlib
from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator, model_validator

from pipeline.config import Frozen
from pipeline.detect import Preset
from pipeline.fluctuations import Alphas, Density

Detrending = Literal["none", "linear", "running_mean"]
LagMethod = Literal["vector", "b_mag", "component_mean", "convective", "planar_front", "two_anchor"]
LARGEST_FACTORIAL = 20_000
SHOWN = ("sensitivity.csv", "specification.png")  # what the report of an event shows of its ensemble


class Settings(Frozen):
    """The choices that are varied. A value that the event's own settings have already adds nothing."""

    start_shift_s: tuple[float, ...] = Field((-1800.0, 1800.0), description="the ejecta's start, moved by this")
    end_shift_s: tuple[float, ...] = Field((-1800.0, 1800.0), description="the ejecta's end, moved by this")
    band_s: tuple[tuple[float, float], ...] = Field(
        ((300.0, 1800.0), (600.0, 1800.0), (1800.0, 7200.0)),
        description="Alfvénic band (shortest, longest period): detection, split by scale, waves",
    )
    preset: tuple[Preset, ...] = Field(("strict", "loose"), description="thresholds of detection")
    db_over_b_min: tuple[float, ...] = Field((0.05, 0.2), description="least amplitude of what is detected")
    density: tuple[Density, ...] = Field(
        ("window_mean", "instantaneous"), description="density in Alfvén units, for detection"
    )
    alphas: tuple[Alphas, ...] = Field(("measured", "assumed", "none"), description="alphas in the mass density")
    lag: tuple[LagMethod, ...] = Field(
        ("vector", "b_mag", "component_mean", "convective", "planar_front", "two_anchor"),
        description="method of the lag",
    )
    cadence_factor: tuple[int, ...] = Field((2,), description="bins this many times as wide as the event's own")
    detrending: tuple[Detrending, ...] = Field(
        ("linear", "running_mean"),
        description="what is taken from the field before it is compared: a straight line over the ejecta, or the part "
        "that is slower than the band",
    )
    region: Literal["alfvenic", "ejecta_front", "ejecta_middle", "ejecta_rear"] = Field(
        "alfvenic",
        description="what the conclusion is about: all Alfvénic intervals against quiet, or a third of the "
        "ejecta against the rest of it",
    )
    design: Literal["one_at_a_time", "random", "factorial"] = Field(
        "one_at_a_time", description="random and factorial come on top of one choice at a time"
    )
    draws: int = Field(100, ge=1, description="number of random combinations")
    seed: int = Field(1, ge=0, description="of the random combinations")
    quantity: Literal["vector", "b_x", "b_y", "b_z", "b_mag"] = Field(
        "vector", description="what the curve is sorted by"
    )
    part: int = Field(6, ge=1, description="analyses per job")

    @field_validator("cadence_factor")
    @classmethod
    def _wider(cls, factors):
        if any(factor < 1 for factor in factors):
            raise ValueError(f"bins cannot be finer than the slowest instrument: factors are at least 1, {factors}")
        return factors

    @model_validator(mode="after")
    def _bounded(self):
        if self.design == "factorial":
            number = 1
            for name in CHOICES:
                number *= 1 + len(getattr(self, name))
            if number > LARGEST_FACTORIAL:
                raise ValueError(
                    f"a full factorial of these choices has up to {number} analyses, more than {LARGEST_FACTORIAL}: "
                    "shorten the lists, or use design random"
                )
        return self


CHOICES = (
    *("start_shift_s", "end_shift_s", "band_s", "preset", "db_over_b_min", "density", "alphas", "lag"),
    *("cadence_factor", "detrending"),
)


def made(event_folder: str | Path) -> str:
    """What an event's report would show of its ensemble, as a digest; empty where it has none.

    A rule that takes it for a parameter makes the report anew when an ensemble was run, and never runs one.
    """
    paths = [Path(event_folder) / "sensitivity" / name for name in SHOWN]
    if not all(path.is_file() for path in paths):
        return ""
    return hashlib.sha256(b"".join(path.read_bytes() for path in paths)).hexdigest()
