"""Whom to cite for the data of an event, by the products that were read."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Reference:
    text: str
    doi: str = ""


MAG = Reference(
    "ACE MAG: Smith, C. W., L'Heureux, J., Ness, N. F., Acuña, M. H., Burlaga, L. F., & Scheifele, J. (1998), "
    "The ACE Magnetic Fields Experiment, Space Sci. Rev., 86, 613–632.",
    "10.1023/A:1005092216668",
)
SWEPAM = Reference(
    "ACE SWEPAM: McComas, D. J., Bame, S. J., Barker, P., Feldman, W. C., Phillips, J. L., Riley, P., & Griffee, J. W. "
    "(1998), Solar Wind Electron Proton Alpha Monitor (SWEPAM) for the Advanced Composition Explorer, Space Sci. Rev., "
    "86, 563–612.",
    "10.1023/A:1005040232597",
)
MFI = Reference(
    "Wind MFI: Lepping, R. P., Acuña, M. H., Burlaga, L. F., et al. (1995), The Wind Magnetic Field Investigation, "
    "Space Sci. Rev., 71, 207–229.",
    "10.1007/BF00751330",
)
SWE = Reference(
    "Wind SWE: Ogilvie, K. W., Chornay, D. J., Fritzenreiter, R. J., et al. (1995), SWE, a comprehensive plasma "
    "instrument for the Wind spacecraft, Space Sci. Rev., 71, 55–77.",
    "10.1007/BF00751326",
)
THREE_DP = Reference(
    "Wind 3DP: Lin, R. P., Anderson, K. A., Ashford, S., et al. (1995), A three-dimensional plasma and energetic "
    "particle investigation for the Wind spacecraft, Space Sci. Rev., 71, 125–153.",
    "10.1007/BF00751328",
)
INSTRUMENTS = (
    ("AC_", "_MFI", MAG),
    ("AC_", "_SWE", SWEPAM),
    ("WI_", "_MFI", MFI),
    ("WI_", "_SWE", SWE),
    ("WI_", "_3DP", THREE_DP),
)


def reference(product: str) -> Reference:
    """The instrument paper of a product; for one that is not known here, where to look."""
    for start, end, paper in INSTRUMENTS:
        if product.startswith(start) and product.endswith(end):
            return paper
    return Reference(f"{product}: no instrument paper is listed here; see the mission's rules of use.")


def references(products: Iterable[str]) -> list[Reference]:
    """Instrument papers of the products, each once, in the order of their first use."""
    return list(dict.fromkeys(reference(product) for product in products))
