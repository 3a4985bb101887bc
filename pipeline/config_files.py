"""Settings as a whole, before any job: keys that readers of files pass over, figures of what is not made.

Apart from pipeline/config.py, which every job imports and every digest of code contains.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from pipeline.config import ConfigError, Settings

# What a figure cannot be drawn without; all else that it shows is left out where it is not there.
NEEDED = {
    "coherence": ("pairs", "coherence"),
    "hodogram": ("diagnostics", "hodogram"),
    "plane": ("diagnostics", "wavelet"),
    "scalogram": ("diagnostics", "wavelet"),
    "sliding": ("pairs", "correlation"),
    "spectra": ("diagnostics", "spectra"),
    "walen": ("diagnostics", "alfvenicity"),
}


def refuse_repeated_keys(path: str | Path) -> None:
    """Raises ConfigError where a block of a YAML or JSON file gives a key twice: readers keep the last alone."""
    text = Path(path).read_text("utf-8")
    try:
        json.loads(text, object_pairs_hook=lambda pairs: _refuse_repeated_names(path, pairs))
    except json.JSONDecodeError:
        tree = yaml.compose(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        for key, first, second in _repeated_keys(tree, set()):
            raise ConfigError(f"{path}, line {second}: key {key!r} is given twice, first in line {first}") from None


def _refuse_repeated_names(path, pairs: list[tuple[str, Any]]) -> dict:
    found = dict(pairs)
    for name in found:
        if [key for key, _ in pairs].count(name) > 1:
            raise ConfigError(f"{path}: key {name!r} is given twice")
    return found


def _repeated_keys(node: yaml.Node | None, seen: set[int], path: str = "") -> Iterator[tuple[str, int, int]]:
    """Dotted key and the lines of its first and second place, of every key that one block has twice."""
    if id(node) in seen:  # an alias: aliases can multiply, and lead in circles
        return
    seen.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        for number, item in enumerate(node.value):
            yield from _repeated_keys(item, seen, f"{path}{number}.")
    elif isinstance(node, yaml.MappingNode):
        lines: dict[str, int] = {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            if isinstance(key, yaml.ScalarNode):
                if key.value in lines:
                    yield f"{path}{key.value}", lines[key.value], line
                lines[key.value] = line
                yield from _repeated_keys(value, seen, f"{path}{key.value}.")


def refuse_figures_of_nothing(settings: Settings) -> None:
    """Raises ConfigError where a figure is asked for without the result that it shows."""
    for kind, figures in settings.figures.items():
        for figure in figures:
            block, result = NEEDED.get(figure, ("", ""))
            if block and result not in getattr(settings, block):
                raise ConfigError(
                    f"configuration: figures.{kind}: {figure} shows {block}.{result}, which is not asked for"
                )
