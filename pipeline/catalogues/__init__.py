"""Published catalogues of ICMEs -> table of events: read, select, pair, name.

catalogue = read("HELIO4CAST_ICMECAT_v23.csv")       # rows, and what could not be read, each with its line
table = select(catalogue, Select(start="1998-02-04"))  # events that the workflow can take
write(table, "events.csv", "events_left_out.csv")

Understood are CSV files with a header (HELIO4CAST ICMECAT, or one's own; fields between commas, semicolons or tabs),
and the list of near-Earth ICMEs by Richardson and Cane as text: a line per ICME with the times of disturbance, start
and end, dates as month/day under a line with the year, or with the year. What a line lacks is not guessed; one that
makes no sense, or that the workflow would refuse, is left out, by number.
"""

from pipeline.catalogues.reading import read
from pipeline.catalogues.rows import Catalogue, LeftOut, Row, Table
from pipeline.catalogues.selection import l1, select, separation_au
from pipeline.catalogues.writing import keep, summary, write

__all__ = [
    "Catalogue",
    "LeftOut",
    "Row",
    "Table",
    "keep",
    "l1",
    "read",
    "select",
    "separation_au",
    "summary",
    "write",
]
