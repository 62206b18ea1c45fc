"""Which prints get no side, and why: one reason a print, the first that holds.

Owns the order of the reasons. Refuses to look at price or size: whether a claim may be made at all depends
on what a print is (a trade, on time, of a single-leg code) and on whether its quote can be trusted.

The codes follow the notes of the OPRA last-sale table: crosses and floor trades are agreed upon beforehand,
`t` and `u` may print at any price, `B D F H` are reported late, legs have no price of their own.
"""

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from dataflows.analytics.options_layout import Ints
from dataflows.analytics.quotes import STATE_NONE, STATE_NORMAL
from dataflows.analytics.release import Codes, Flags, Longs
from schemas.kinds import ABSTENTION, CODE_FAMILY, PRINT_STATUS
from schemas.opra import IS_CROSS, IS_FLOOR, IS_REPORT_LATE, IS_VOLUME_ONLY

NONE: Final = ABSTENTION.index("none")
NO_QUOTE: Final = ABSTENTION.index("no_quote")
QUOTE_STATE: Final = ABSTENTION.index("quote_state")
UNSTABLE: Final = ABSTENTION.index("unstable")
CODE: Final = ABSTENTION.index("code")
PACKAGE_LEG: Final = ABSTENTION.index("package_leg")
LATE: Final = ABSTENTION.index("late")
TIME_DOUBTFUL: Final = ABSTENTION.index("time_doubtful")
NO_TRADE: Final = ABSTENTION.index("no_trade")
BELOW_FLOOR: Final = ABSTENTION.index("below_floor")
_STATUS_LATE: Final = [PRINT_STATUS.index(name) for name in ("late", "report_late")]
_STATUS_NO_TRADE: Final = [PRINT_STATUS.index(name) for name in ("cancelled", "bar", "no_trade")]
_LEGS: Final = [CODE_FAMILY.index(name) for name in ("multi_leg", "stock_option")]


class Gate(NamedTuple):
    """What decides whether a side may be claimed; `code` is the byte of the sale code, 0 for none."""

    status: Codes
    family: Codes
    code: npt.NDArray[np.uint8]
    is_floor: Flags
    is_doubtful: Flags
    size: Longs
    state: Ints
    is_stable: Flags


def abstentions(gate: Gate) -> Ints:
    """Return the code in ABSTENTION of each print; `none` where a side may be claimed."""
    is_agreed = IS_CROSS[gate.code] | IS_FLOOR[gate.code] | IS_VOLUME_ONLY[gate.code] | gate.is_floor
    reasons = (
        (NO_TRADE, np.isin(gate.status, _STATUS_NO_TRADE) | (gate.size <= 0)),
        (LATE, np.isin(gate.status, _STATUS_LATE) | IS_REPORT_LATE[gate.code]),
        (PACKAGE_LEG, np.isin(gate.family, _LEGS)),
        (CODE, is_agreed),
        (TIME_DOUBTFUL, gate.is_doubtful),
        (NO_QUOTE, gate.state == STATE_NONE),
        (QUOTE_STATE, gate.state != STATE_NORMAL),
        (UNSTABLE, ~gate.is_stable),
    )
    found = np.full(len(gate.status), NONE, np.int32)
    for reason, holds in reversed(reasons):
        found[holds] = reason
    return found
