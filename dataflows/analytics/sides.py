"""Who took, and on which side the customer was: two chances a print and a packet, or an abstention.

Owns the claims beside the facts of placement, their methods and labels, and the last different price of each
series. The two targets are never mixed: the aggressor's order removed liquidity, the customer is the one
side that is no market maker. Refuses a claim where a print, its code or its quote does not carry one (the
reason is kept), a claim from a later record, and a label that promises more than was checked.

On a synthetic tape both chances come from tables fitted on its tuning region. On a real tape nothing checks
the aggressor's, so it is labelled uncalibrated; the customer's comes from published accuracies alone.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from dataflows.analytics import options_layout as at
from dataflows.analytics.options_layout import Ints, Placed
from dataflows.analytics.plain import from_plain, to_plain
from dataflows.analytics.release import Codes, Flags, Longs
from dataflows.analytics.side_ticks import Ticks, new_ticks
from dataflows.analytics.sides_cells import GROUP_OF, GROUP_UNCODED, Seen, describe
from dataflows.analytics.sides_gate import (
    BELOW_FLOOR,
    CODE,
    LATE,
    NO_TRADE,
    NONE,
    PACKAGE_LEG,
    Gate,
    abstentions,
)
from dataflows.analytics.sides_lookup import UNKNOWN, Chances, Doubles, chances, ratios
from dataflows.analytics.sides_packets import judged_packets
from dataflows.analytics.sides_published import published
from dataflows.analytics.sides_tables import read_tables
from schemas.columns import Column
from schemas.kinds import SIDE_LABEL, SIDE_METHOD, VENUE_LETTER

FIRST_CONTRACTS: Final = 256
METHOD_COMBINED: Final = SIDE_METHOD.index("combined")
METHOD_GSU_LARGE: Final = SIDE_METHOD.index("gsu_large")
LABEL_UNCALIBRATED: Final = SIDE_LABEL.index("uncalibrated")
LABEL_SYNTHETIC: Final = SIDE_LABEL.index("synthetic")
LABEL_PUBLISHED: Final = SIDE_LABEL.index("published")
LABEL_OWN_TRUTH: Final = SIDE_LABEL.index("own_truth")
_NO_TICK: Final = (NO_TRADE, LATE, PACKAGE_LEG, CODE)  # their prices say nothing of the last one's
_LETTERS: Final = len(VENUE_LETTER) - 1


class SideInput(NamedTuple):
    """Prints of a release and what was found for them; arrays by row, `order` lists rows as applied.

    `code` is the byte of the sale code (0 none), `venue` the bit of `options_codes.venue_bit`, `bid_venue`
    and `ask_venue` codes of VENUE_LETTER of the joined quote (0 none). `is_below_floor` marks series that no
    published figure covers (`sides_published.is_below_floor`). The last two are about the whole tape.
    """

    contract: Longs
    order: Longs
    price: Longs
    size: Longs
    status: Codes
    family: Codes
    code: npt.NDArray[np.uint8]
    is_floor: Flags
    is_doubtful: Flags
    venue: Codes
    placed: Placed
    bid_venue: Longs
    ask_venue: Longs
    is_below_floor: Flags
    is_synthetic: bool
    has_conditions: bool


class SideClaims(NamedTuple):
    """Per print: chances of a buy in steps of 1e-4 (-1 abstains), methods, label, reason of an abstention.

    The reason is that of the first chance that is missing; it is `none` where both are given. The label is
    the weaker one of the two: an uncalibrated chance beside a published one makes the row uncalibrated.
    """

    p_aggressor_buy: Doubles
    p_customer_buy: Doubles
    aggressor_method: Ints
    customer_method: Ints
    label: Ints
    abstention: Ints


class Sides:
    """The sides of one shard: the last different price of each series, and the tables it judges by.

    `config` may hold `side_table`, tables of the user's own truth (see `sides_tables`); their claims carry
    the label own_truth.
    """

    def __init__(self, config: Mapping[str, Any] | None = None) -> None:
        self._tables = read_tables((config or {}).get("side_table"))
        self._ticks = new_ticks(FIRST_CONTRACTS)
        self._contracts = 0

    def judge(self, given: SideInput) -> SideClaims:
        """Return the claims of each print by its row; the state moves on over `order`."""
        reasons = abstentions(_gate(given))
        self._grow(int(given.contract.max()) + 1 if len(given.contract) else 0)
        seen = _seen(given, reasons)
        cells = describe(self._ticks, seen, given.order)
        tables = self._tables
        aggressor = chances(tables.aggressor, cells, tables.aggressor_floor)
        if given.is_synthetic or tables.is_own:
            customer, method = chances(tables.customer, cells, tables.customer_floor), METHOD_COMBINED
        else:
            customer, method = published(seen, given.is_below_floor), METHOD_GSU_LARGE
        is_open = reasons == NONE
        aggressor[~is_open], customer[~is_open] = UNKNOWN, UNKNOWN
        return _claims((aggressor, customer), method, reasons, self._label(given.is_synthetic))

    def judge_packets(self, rows: Mapping[str, Column], is_synthetic: bool = False) -> dict[str, Column]:
        """Return the claim columns of packets from their own columns; packages and legs abstain.

        On a real tape the customer's side of a packet is not claimed: no published figure is about packets.
        """
        has_customer = is_synthetic or self._tables.is_own
        return judged_packets(rows, self._tables, has_customer, self._label(is_synthetic))

    def snapshot(self) -> dict[str, Any]:
        """Return the last prices as plain data."""
        return {"ticks": to_plain(self._ticks.prices[: self._contracts])}

    @classmethod
    def restore(cls, snapshot: Mapping[str, Any], config: Mapping[str, Any] | None = None) -> "Sides":
        """Return the sides that `snapshot` described, with the same configuration as before."""
        sides = cls(config)
        sides._ticks = Ticks(from_plain(snapshot["ticks"]))
        sides._contracts = len(sides._ticks.prices)
        return sides

    def _label(self, is_synthetic: bool) -> int:
        """Return what the chances of the tables were checked on."""
        if self._tables.is_own:
            return LABEL_OWN_TRUTH
        return LABEL_SYNTHETIC if is_synthetic else LABEL_UNCALIBRATED

    def _grow(self, contracts: int) -> None:
        held, self._contracts = len(self._ticks.prices), max(contracts, self._contracts)
        if contracts > held:
            wider = new_ticks(max(contracts, 2 * held))
            wider.prices[:held] = self._ticks.prices
            self._ticks = wider


def _gate(given: SideInput) -> Gate:
    placed = given.placed
    return Gate(
        given.status,
        given.family,
        given.code,
        given.is_floor,
        given.is_doubtful,
        given.size,
        placed.state,
        placed.is_stable,
    )


def _seen(given: SideInput, reasons: Ints) -> Seen:
    quote = given.placed.quote
    group = (
        GROUP_OF[given.family] if given.has_conditions else np.full(len(given.family), GROUP_UNCODED, np.int8)
    )
    letter = given.venue.astype(np.int64) + 1
    return Seen(
        given.contract,
        ~np.isin(reasons, _NO_TICK),
        given.price,
        given.size,
        group,
        np.where(letter <= _LETTERS, letter, 0),
        quote[:, at.Q_BID],
        quote[:, at.Q_ASK],
        quote[:, at.Q_BID_SIZE],
        quote[:, at.Q_ASK_SIZE],
        given.bid_venue.astype(np.int64),
        given.ask_venue.astype(np.int64),
    )


def _claims(found: tuple[Chances, Chances], method: int, reasons: Ints, label: int) -> SideClaims:
    """Return the claims; where nothing forbids a chance and none is made, that is said of it.

    Nobody takes in an auction, so that no table has its aggressor: `code`. Where a chance is too near to
    even, or no published accuracy is high enough: `below_floor`.
    """
    aggressor, customer = found
    has_aggressor, has_customer = aggressor >= 0, customer >= 0
    weakest = np.where(has_aggressor | (method != METHOD_GSU_LARGE), label, LABEL_PUBLISHED)
    is_short = (reasons == NONE) & ~(has_aggressor & has_customer)
    return SideClaims(
        ratios(aggressor),
        ratios(customer),
        np.where(has_aggressor, METHOD_COMBINED, 0).astype(np.int32),
        np.where(has_customer, method, 0).astype(np.int32),
        np.where(has_aggressor | has_customer, weakest, 0).astype(np.int32),
        np.where(is_short, np.where(aggressor == UNKNOWN, CODE, BELOW_FLOOR), reasons).astype(np.int32),
    )
