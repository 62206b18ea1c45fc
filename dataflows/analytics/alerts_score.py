"""The score of an alert, from named parts that add up.

Owns the weights and the arithmetic, in whole ten-thousandths so that the parts on a screen add up to the
score exactly. A score is an order among alerts, no probability. More premium never lowers it. Refuses a part
that the packet does not support: an abstaining side, a baseline of none and an unknown volume add nothing.
"""

from collections.abc import Mapping
from math import log10
from typing import Any, Final, NamedTuple

from schemas.kinds import OPENING_BASIS, PACKET_KIND, QUOTE_STATE

Row = Mapping[str, Any]

UNIT: Final = 10_000
PREMIUM: Final = 6_000
SIDE: Final = 1_000
UNUSUAL: Final = 1_000
STRUCTURE: Final = 1_000
NOVELTY: Final = 1_000
NOISE: Final = 4_000
DOUBT: Final = 500
FLOOR_SHARE: Final = 0.6  # of the premium's part, given at the floor; the rest comes within DECADES above it
DECADES: Final = 1.0
Z_FULL: Final = 8.0
REPEATS: Final = 4
_NORMAL: Final = QUOTE_STATE.index("normal")
_PACKAGE: Final = PACKET_KIND.index("package")  # its legs have quotes, it has none of its own
_PROVEN: Final = OPENING_BASIS.index("proven")
assert PREMIUM + SIDE + UNUSUAL + STRUCTURE + NOVELTY == UNIT


class Parts(NamedTuple):
    """Parts of a score in ten-thousandths; `noise` is taken off."""

    premium: int
    side: int
    z: int
    structure: int
    novelty: int
    noise: int

    @property
    def score(self) -> int:
        """The sum; between 0 and UNIT by how the parts are made."""
        return self.premium + self.side + self.z + self.structure + self.novelty - self.noise

    def columns(self) -> dict[str, float]:
        """Return the columns score and score_* of flow.alerts."""
        parts = {f"score_{name}": value / UNIT for name, value in zip(self._fields, self, strict=True)}
        return {"score": self.score / UNIT, **parts}


def parts_of(packet: Row, strength: float, innocent: float, is_new: bool, premium_floor: float) -> Parts:
    """Return the parts of one rule on one packet.

    `strength` is how well the rule fits (0 to 1), `innocent` the joined weight of the innocent readings,
    `is_new` whether nothing of its story came before; `premium_floor` in 1e-4 USD. Where the readings weigh
    more than the rest is worth, the last part gives way: the score is 0 and the parts still add up.
    """
    found = Parts(
        _of(PREMIUM, _worth(worked_premium(packet), premium_floor)),
        _of(SIDE, side_evidence(packet)),
        _of(UNUSUAL, _unusual(packet)),
        _of(STRUCTURE, strength),
        _of(NOVELTY, 0.5 * is_new + 0.5 * _fresh(packet)),
        _of(NOISE, innocent) + (DOUBT if _is_doubtful(packet) else 0),
    )
    worth = found.score + found.noise
    return found._replace(noise=min(found.noise, worth))


def worked_premium(packet: Row) -> float:
    """Return the premium of a packet, or of all of its series and side that it repeats, in 1e-4 USD.

    Four and more orders of one series, side and like size within half an hour are read as one that is
    worked; nothing says that they are, and the repeats stand beside the packet.
    """
    if packet["repeat_count"] < REPEATS or packet["size"] <= 0:
        return float(packet["premium"])
    return float(max(packet["premium"], packet["premium"] * packet["repeat_size"] / packet["size"]))


def _worth(premium: float, floor: float) -> float:
    """Return nothing below the floor, a share of the part at it, and all of it DECADES above."""
    if premium < floor:
        return 0.0
    return FLOOR_SHARE + (1.0 - FLOOR_SHARE) * min(log10(premium / floor) / DECADES, 1.0)


def side_evidence(packet: Row) -> float:
    """Return how sure a direction is: of a package its fourth claim, else twice the distance from a coin."""
    if packet["direction_p"] >= 0:
        return float(max(2.0 * packet["direction_p"] - 1.0, 0.0))
    if packet["p_aggressor_buy"] >= 0:
        return float(abs(2.0 * packet["p_aggressor_buy"] - 1.0))
    return 0.0


def _is_doubtful(packet: Row) -> bool:
    """Tell whether the arrival quote was not a normal one."""
    return bool(packet["quote_state"] != _NORMAL and packet["kind"] != _PACKAGE)


def _unusual(packet: Row) -> float:
    if packet["baseline"] == 0:
        return 0.0
    return float(max(packet["premium_z"], packet["size_z"])) / Z_FULL


def _fresh(packet: Row) -> float:
    """Return how much of the series' interest and volume this packet is; 1 where it is proven to open."""
    if packet["opening_basis"] == _PROVEN and packet["opened_min"] > 0:
        return 1.0
    if packet["open_interest"] < 0:
        return 0.0
    before = packet["open_interest"] + packet["volume_before"]
    return float(packet["size"] / (packet["size"] + before)) if packet["size"] > 0 else 0.0


def _of(weight: int, share: float) -> int:
    return int(weight * min(max(share, 0.0), 1.0) + 0.5)
