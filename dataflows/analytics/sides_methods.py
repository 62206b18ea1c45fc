"""How each chance of a side was made, for receipts and documents: methods, labels, reasons to abstain.

Owns the sentences: what a method reads, on whom and when it was measured, what it does not say. Refuses a
figure that is not taken from the tables the methods use.
"""

from typing import Final, NamedTuple

from dataflows.analytics.sides_published import ACCURACIES, FLOOR, INDEX, LONG_DATED, NATIONAL_QUOTE
from dataflows.analytics.sides_tables import FITTED_CUSTOMER_FLOOR
from dataflows.analytics.sides_tables import FLOOR as FITTED_FLOOR
from schemas.kinds import ABSTENTION, SIDE_LABEL, SIDE_METHOD


class Method(NamedTuple):
    """A method of `aggressor_method` or `customer_method`: what it reads, rests on, and leaves open."""

    method: str
    reads: str
    rests_on: str
    limits: str


_SYNTHETIC: Final = (
    "shares of buys by cell in tapes of the synthetic market (profile normal, region tuning, seeds 1 to 6, "
    "the opening and minute 150), each cell drawn to its coarser one; a print and its mirror image share one"
)


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _places() -> str:
    """Return the published accuracies that are claimed, the lower of two each."""
    left_out = (INDEX, LONG_DATED, NATIONAL_QUOTE)
    return ", ".join(f"{name} {_percent(a.lower)}" for name, a in ACCURACIES.items() if name not in left_out)


METHODS: Final = (
    Method(
        "none",
        "nothing",
        "nothing",
        "no chance is claimed; the reason of an abstention stands beside it",
    ),
    Method(
        "quote",
        "the price against the national quote that stood strictly before the print",
        "the definition of the quote rule (Lee and Ready 1991)",
        "it is the fact `side`, and no chance: it knows no doubt",
    ),
    Method(
        "combined",
        "the code family, the price against the national quote, which sides of it the executing venue "
        "made, the size against what was displayed there, both sizes; at the middle the last different "
        "price, an equal displayed size and the deeper side say where a print points",
        _SYNTHETIC,
        f"nothing nearer to even than {_percent(FITTED_FLOOR / 10_000)} is claimed, of the customer "
        f"{_percent(FITTED_CUSTOMER_FLOOR / 10_000)}; a real market may differ in every one of these shares",
    ),
    Method(
        "parent",
        "the packet's code family, its first price against the arrival quote, prints and venues, its size "
        "against what was displayed at the touch",
        f"the side of most contracts of a packet; {_SYNTHETIC}",
        "packages, legs, crosses and floor trades have none",
    ),
    Method(
        "gsu_large",
        "trade size against the executing venue's quote, the national quote, the venue's quote, depth of "
        "both, in this order (Grauer, Schuster and Uhrig-Homburg)",
        "published accuracies on customers against market makers, by place in the executing venue's quote: "
        "both from 5 November 2015, ISE to 31 May 2017 and CBOE to 31 October 2017, results of the thesis "
        f"of KarelZe (github.com/KarelZe/thesis); the lower of both: {_places()}",
        f"nothing below {_percent(FLOOR)}: no index options ({_percent(ACCURACIES[INDEX].lower)}), none "
        f"over 12 months ({_percent(ACCURACIES[LONG_DATED].lower)}), nothing from the national quote alone "
        f"({_percent(ACCURACIES[NATIONAL_QUOTE].lower)}). Other venues, later years and the codes of today "
        "are not what was measured, times there were in seconds, and the published stack ends in a reverse "
        "tick",
    ),
)
LABELS: Final[dict[str, str]] = {
    "none": "no chance is claimed",
    "uncalibrated": "nothing at hand says how often such a chance is right on this tape",
    "synthetic": "checked on other seeds of the synthetic market, which promises nothing about a real tape",
    "published": "an accuracy published for other venues and years, see the method",
    "own_truth": "read from the tables that were configured; whoever fitted them answers for them",
}
REASONS: Final[dict[str, str]] = {
    "none": "both chances are claimed",
    "no_quote": "no quote stood before it",
    "quote_state": "the quote was locked, crossed, one-sided or without a bid",
    "unstable": "its placement differs between the quotes of 0, 1, 10 and 50 ms before, on a floor of 90 s",
    "code": "a cross, a floor trade or a compression, agreed upon beforehand; in an auction nobody takes",
    "package_leg": "a leg of a package: its price is part of the package's",
    "late": "reported late, or late in the log: the quote beside it is not the one it traded against",
    "time_doubtful": "its time is in doubt by more than quotes stand",
    "no_trade": "a bar, a cancel or a size of nothing",
    "below_floor": "what is known is too near to even to be claimed",
}


def method(name: str) -> Method:
    """Return what is known of a method, by its name in SIDE_METHOD."""
    return _BY_NAME[name]


_BY_NAME: Final = {m.method: m for m in METHODS}
assert tuple(_BY_NAME) == SIDE_METHOD, "every method says what it reads"
assert tuple(LABELS) == SIDE_LABEL, "every label says what it means"
assert tuple(REASONS) == ABSTENTION, "every reason says what it means"
