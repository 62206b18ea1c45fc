"""What one release brings to the options core, and what its stages found, as columns of placed prints.

Owns the passing on between stages: nothing is decided here.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from dataflows.analytics.context import Sessions
from dataflows.analytics.held_types import Begun
from dataflows.analytics.opening import Opened, weakens_column
from dataflows.analytics.options_codes import CodeColumns
from dataflows.analytics.options_names import EXPIRY, Names
from dataflows.analytics.options_walk import Columns
from dataflows.analytics.release import ROW_PRINT, Longs, Release
from dataflows.analytics.sides import SideClaims, SideInput
from dataflows.analytics.sides_published import is_below_floor
from schemas.columns import Column


@dataclass(frozen=True)
class Turn:
    """A release with what is known of its prints before and while the kernel walks it."""

    release: Release
    sessions: Sessions
    columns: Columns
    codes: CodeColumns
    opened: Opened

    @cached_property
    def order(self) -> Longs:
        """The rows of the prints in the order of application."""
        return np.ascontiguousarray(self.release.row[self.release.row_kind == ROW_PRINT])

    @property
    def is_synthetic(self) -> bool:
        """Whether the tape is one of the synthetic market."""
        return bool(self.sessions.newest.get("is_synthetic", False))


def side_input(turn: Turn, names: Names) -> SideInput:
    """Return what the sides of the prints of a release are judged by."""
    prints, placed, codes = turn.columns.prints, turn.columns.placed, turn.codes
    expiry = names.facts(prints.contract)[:, EXPIRY]
    capabilities = turn.sessions.newest.get("capabilities", {})
    return SideInput(
        prints.contract,
        turn.order,
        prints.price,
        prints.size,
        prints.status,
        prints.family,
        codes.code,
        prints.is_floor,
        prints.is_doubtful,
        prints.venue,
        placed,
        placed.bid_venue.astype(np.int64),
        placed.ask_venue.astype(np.int64),
        is_below_floor(turn.release.prints["underlying"], expiry, prints.event_ts),
        turn.is_synthetic,
        bool(capabilities.get("option_conditions", True)),
    )


def more_columns(turn: Turn, sides: SideClaims, begun: Begun) -> dict[str, Column]:
    """Return what the stages found for each print, as columns of options.placed."""
    placed, opened = turn.columns.placed, turn.opened
    return {
        "p_aggressor_buy": sides.p_aggressor_buy,
        "p_customer_buy": sides.p_customer_buy,
        "aggressor_method": sides.aggressor_method,
        "customer_method": sides.customer_method,
        "side_label": sides.label,
        "abstention": sides.abstention,
        "bid_venue": placed.bid_venue,
        "ask_venue": placed.ask_venue,
        "open_interest": opened.open_interest,
        "volume_before": opened.volume_before,
        "opened_min_buy": opened.opened_min,
        "opened_min_sell": opened.opened_min,
        "opening_basis": opened.basis,
        "weakens": weakens_column(opened),
        "cancels_seq": begun.cancels_seq,
        "cancel_match": begun.cancel_match,
    }
