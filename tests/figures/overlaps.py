"""Whether the texts of a figure keep clear of each other and of the page's edge."""

import itertools

from matplotlib.backends.backend_agg import FigureCanvasAgg


def assert_texts_apart(figure) -> None:
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    boxes = []
    for axis in figure.axes:
        shown = [*axis.texts, axis.title, axis._left_title, axis._right_title, axis.xaxis.label, axis.yaxis.label]
        for which in (axis.xaxis, axis.yaxis):
            ticks = which.get_major_ticks()
            low, high = sorted(which.get_view_interval())
            shown += [t.label1 for t in ticks if t.label1.get_visible() and low <= t.get_loc() <= high]
        if not axis.axison:  # a strip has its names and its title, no axis
            shown = [*axis.texts, axis._left_title]
        boxes += [(t.get_text(), t.get_window_extent()) for t in shown if t.get_visible() and t.get_text()]
    width, height = canvas.get_width_height()
    for text, box in boxes:
        assert box.x0 >= -1, text
        assert box.x1 <= width + 1, text
        assert box.y0 >= -1, text
        assert box.y1 <= height + 1, text
    for (one, a), (other, b) in itertools.combinations(boxes, 2):
        overlap = min(a.x1, b.x1) - max(a.x0, b.x0), min(a.y1, b.y1) - max(a.y0, b.y0)
        assert min(overlap) < 0.015 * figure.dpi, f"{one!r} and {other!r} overlap by {overlap} px"
