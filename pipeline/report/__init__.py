"""An event's report: one page with the answer, figures, tables, data, settings and warnings, that needs no network."""

import base64
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from pipeline import netcdf, provenance
from pipeline.figures.style import display
from pipeline.report import answer, cautions, citations, explore, page
from pipeline.report.numbers import size
from pipeline.results import NOT_DIAGNOSTICS, EventResults, pair_name

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup


TEMPLATES = Path(__file__).parent / "templates"
FIGURE_ORDER = (
    *("overview", "pair", "forest", "sliding", "scales", "hodogram", "coherence"),
    *("scalogram", "plane", "walen", "spectra"),
)
TABLE_ORDER = (
    *("intervals", "verdict", "contrast", "correlation", "scales", "coherence", "phase", "counterfactual"),
    *("hodograms", "complexity", "alfvenicity", "wavelet", "occurrence", "hodogram", "rope"),
)
KINDS = ("field", "plasma")
CLOSE = 6  # of 255: two colours of a figure that nobody tells apart
PACKAGES = ("numpy", "scipy", "pandas", "xarray", "matplotlib", "cdflib", "pyspedas", "snakemake")


def write(results: EventResults, settings: dict, path: str | Path, index: str = "") -> None:
    """Write the report of one event; `index` is a link to the page of all events.

    `settings` is shown as it is; nothing in it or in a file is trusted as HTML.
    """
    _render("event.html", path, **content(results, settings), index=index)


def _render(template: str, path, **shown) -> None:
    html = environment().get_template(template).render(**shown)
    with provenance.whole_file(path) as part:
        part.write_text(html, encoding="utf-8")


def _software() -> str:
    return f"pipeline {provenance.versions()['pipeline']}"


def environment() -> "Environment":
    """Templates of this folder with everything escaped; only files of this package are put in unescaped."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    templates = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    templates.globals["source"] = lambda name: Markup((TEMPLATES / name).read_text(encoding="utf-8"))
    templates.filters["symbols"] = symbols
    return templates


def symbols(text: str) -> "Markup":
    """Escaped text in which what follows the underscore of a symbol is a subscript (σ_c, B_x) and p keeps its value."""
    from markupsafe import Markup, escape

    lowered = re.sub(r"\b([A-Zσβ])_([a-z]+|R)\b", r"\1<sub>\2</sub>", str(escape(text)))
    return Markup(re.sub(r"\bp (=|≤|&lt;) (?=\d)", "p\N{NO-BREAK SPACE}\\1\N{NO-BREAK SPACE}", lowered))


def content(results: EventResults, settings: dict) -> dict:
    """Everything that the template shows."""
    from markupsafe import Markup

    manifests = {name: results.files(name) for name in results.spacecraft}
    return {
        "event": results.event,
        "spacecraft": [display(name) for name in results.spacecraft],
        "notes": [(display(name), note) for name, note in results.notes.items()],
        "simulated": bool(settings.get("simulate")),
        "answers": answer.groups(results),
        "cards": answer.cards(results),
        "regions": [make(results, *pair) for pair in results.pairs for make in (_regions, _lags)],
        "warnings": cautions.cautions(results),
        "explore": Markup(explore.payload(results)),
        "library": explore.library(),
        "shift": _shift(results),
        "figures": [*_specification(results), *(_figure(results, n) for n in _ordered(results.figures, FIGURE_ORDER))],
        "tables": [_table(results, name) for name in _ordered(results.tables, TABLE_ORDER)],
        "data_lines": _data_lines(settings),
        "data": [_files_table(name, manifest) for name, manifest in manifests.items()],
        "settings": [(key, _plain(value)) for key, value in flat(settings)],
        "provenance": [*provenance.versions(*PACKAGES).items(), ("commit", provenance.commit() or "not known")],
        "history": _history(results),
        "cite": _cite(manifests, bool(settings.get("simulate"))),
        "software": _software(),
    }


def _regions(results, first, second) -> dict:
    frame = answer.regions(results, first, second)
    title = f"Correlation of {display(first)} and {display(second)} by region"
    return page.table(f"regions-{first}-{second}", frame, pd.DataFrame(), gather=False, title=title)


def _lags(results, first, second) -> dict:
    title = f"Lag of {display(second)} behind {display(first)}, the first way used, the others beside it"
    frame = answer.lags(results, first, second)
    return page.table(f"lags-{first}-{second}", frame, answer.LAG_MEANINGS, gather=False, title=title)


def _shift(results) -> str:
    known = [pair for pair in results.pairs if np.isfinite(results.lag_s(*pair))]
    if not known:
        return ""
    return "shift " + ", ".join(f"{display(b)} by the lag onto {display(a)}" for a, b in known)


def _ordered(names, order: tuple[str, ...]) -> list[str]:
    """Names by the place in `order` of what they begin with, the others behind."""
    return sorted(names, key=lambda n: (order.index(k) if (k := n.split("_")[0]) in order else len(order), n))


def _table(results, name) -> dict:
    columns = results.columns
    columns = columns[columns["table"] == name] if len(columns) else columns
    csv = (results.folder / "tables" / f"{name}.csv").read_bytes()
    return page.table(name, results.table(name), columns, csv)


def _specification(results) -> list[dict]:
    """The specification curve, where an ensemble of other choices was run: it belongs to the answer, so it is first."""
    path = results.folder / "sensitivity" / "specification.png"
    return [_picture(path, "specification")] if path.is_file() else []


def _figure(results, name) -> dict:
    return _picture(results.figure(name), name)


def _picture(path: Path, name: str) -> dict:
    """A figure to embed: 256 colours, which no eye tells from the file beside, in a third of its size."""
    from PIL import Image

    image = Image.open(path).convert("RGB")
    buffer = io.BytesIO()
    _in_few_colours(image).save(buffer, "PNG")
    png = base64.b64encode(buffer.getvalue()).decode()
    size = {"width": image.width, "height": image.height}
    return {"name": name, "folder": path.parent.name, "png": png, "caption": caption(name)} | size


def _in_few_colours(image):
    """An image of 256 colours: the commonest as they are, so that shades keep theirs, the others spread over the rest,
    so that thin lines keep theirs: a median cut, which goes by pixels, gives them the colours of others."""
    from PIL import Image

    sample = image.resize((image.width // 2, image.height // 2), Image.Resampling.NEAREST)  # lines are wider than that
    counted = sorted(sample.getcolors(sample.width * sample.height), reverse=True)
    once = Image.new("RGB", (len(counted), 1))  # each colour once: what is spread does not depend on how often they are
    once.putdata([colour for _, colour in counted])
    spread = once.quantize(224, method=Image.Quantize.MAXCOVERAGE).getpalette()
    commonest = _apart(np.array([colour for _, colour in counted[:64]]))[:32]
    kept = _apart(np.concatenate([commonest, np.reshape(spread, (-1, 3))]))
    palette = Image.new("P", (1, 1))
    palette.putpalette(kept[:256].ravel().tolist())
    return image.quantize(palette=palette, dither=Image.Dither.NONE)


def _apart(colours: np.ndarray) -> np.ndarray:
    """Those of the colours (colour, channel) that are not close to one before them: white stays white."""
    close = np.abs(colours[:, None] - colours).max(axis=2) <= CLOSE
    found: list[int] = []
    for number, near in enumerate(close):
        if not near[found].any():
            found.append(number)
    return colours[found]


def caption(name: str) -> str:
    """What a figure shows, from the docstring of the module that drew it, and of whom."""
    from importlib import import_module
    from importlib.util import find_spec

    module, _, which = name.partition("_")
    about = ""
    if find_spec(f"pipeline.figures.{module}"):
        about = " ".join((import_module(f"pipeline.figures.{module}").__doc__ or "").split())
    who = " and ".join(display(part) for part in which.split("-")) if which else ""
    return f"{who}. {about}" if who else about or name


def _data_lines(settings) -> list[str]:
    lines = [f"Archive: {settings['archive']}."] if settings.get("archive") else []
    return [*lines, "Products were tried in their order of preference; the first with a file for the event was used."]


def _files_table(spacecraft: str, manifest: dict) -> dict:
    rows = [row for kind in KINDS for row in _file_rows(kind, manifest.get(kind) or {})]
    frame = pd.DataFrame(rows)
    none = f"No file was read for {display(spacecraft)}."
    return page.table(
        f"files_{spacecraft}", frame, pd.DataFrame(), title=f"Files, {display(spacecraft)}", gather=False, none=none
    )


def _file_rows(kind: str, entry: dict):
    for file in entry.get("files", ()):
        path = str(file.get("path") or file.get("url") or "")
        yield {
            "file": path.rsplit("/", 1)[-1],
            "kind": kind,
            "dataset": str(entry.get("product", "")),
            "day": str(file.get("day", "")),
            "version": _version(path),
            "size": size(file.get("bytes")),
            "sha256 (first 12)": str(file.get("sha256", ""))[:12],
            "fetched": str(file.get("fetched", "")),
            "source": str(file.get("url") or path),
        }


def _version(path: str) -> str:
    tail = path.rsplit("_v", 1)[-1].removesuffix(".cdf")
    return f"v{tail}" if "_v" in path else ""


def flat(settings: dict, prefix: str = "") -> Iterator[tuple[str, object]]:
    """(dotted key, value) of nested settings."""
    for key, value in settings.items():
        if isinstance(value, dict) and value:
            yield from flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _plain(value) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or "none"
    if isinstance(value, bool):  # not by value: 0.0 is equal to False
        return "yes" if value else "no"
    return "none" if value is None or isinstance(value, dict) else str(value)


def _history(results) -> dict:
    """Which file was made when, by what, from what."""
    names = {name: (*NOT_DIAGNOSTICS, *results.diagnostics(name)) for name in results.spacecraft}
    names |= {pair_name(*pair): results.pair_results(*pair) for pair in results.pairs}
    paths = [results.folder / folder / f"{name}.nc" for folder, found in names.items() for name in sorted(found)]
    paths = [path for path in paths if path.is_file()]
    frame = pd.DataFrame([_made(path, results.folder) for path in paths])
    return page.table("history", frame, pd.DataFrame(), title="Result files")


def _made(path: Path, root: Path) -> dict:
    attrs = netcdf.attributes(path)
    parents = json.loads(attrs.get("parents", "{}"))
    return {
        "result": str(path.relative_to(root)),
        "history": attrs.get("history", ""),
        "made from": ", ".join(f"{p['name']} ({p['sha256'][:12]})" for p in parents.values()),
    }


def _cite(manifests: dict, simulated: bool) -> dict:
    if simulated:
        return {"lines": ["The data are simulated: there is no measurement to cite."], "references": []}
    products = [entry.get("product") for m in manifests.values() for kind in KINDS if (entry := m.get(kind) or {})]
    found = citations.references([product for product in products if product])
    lines = [
        "Name the datasets, versions and dates listed under Data used, acknowledge the instrument teams "
        "and the archive, and cite the instrument papers:"
    ]
    return {"lines": lines if found else ["No file was read, so there is nothing to cite."], "references": found}
