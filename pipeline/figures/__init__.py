"""One module per figure: `draw(results, which) -> Figure`, from result files alone.

from pipeline.figures import overview, save
figure = overview.draw(results, "ace", start="2003-11-20T10", end="2003-11-21")
save(figure, "my_overview")
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.provenance import whole_file

if TYPE_CHECKING:
    from matplotlib.figure import Figure


# Nothing of the moment in the file: the same input gives the same bytes.
TIMELESS = {"png": {}, "pdf": {"CreationDate": None}}


def save(figure: "Figure", stem: str | Path) -> tuple[Path, Path]:
    """Write {stem}.png (200 dpi) and {stem}.pdf (fonts embedded, text searchable); returns both paths."""
    from pipeline.figures import style

    paths = tuple(Path(f"{stem}.{kind}") for kind in TIMELESS)
    with style.applied(), _laid_out(figure):
        for path, (kind, metadata) in zip(paths, TIMELESS.items(), strict=True):
            with whole_file(path) as part:
                figure.savefig(part, format=kind, metadata=metadata)
    return paths


@contextmanager
def _laid_out(figure: "Figure") -> Iterator[None]:
    """Places found once and kept for both files: with a layout to find, each would take a drawing more."""
    layout = figure.get_layout_engine()
    if layout and figure.axes:
        layout.execute(figure)
    figure.set_layout_engine(None)
    try:
        yield
    finally:
        figure.set_layout_engine(layout)
