"""What goes into the held prints and packets and what comes out of them.

Owns the shapes. Refuses to hold anything itself.
"""

from typing import Final, NamedTuple

from dataflows.analytics.opening_kernel import Weakened
from dataflows.analytics.options_codes import CodeColumns
from dataflows.analytics.options_layout import Ints, Placed, Prints
from dataflows.analytics.options_names import Names
from dataflows.analytics.release import Flags, Longs, Release
from schemas.columns import Batch

MINUTE_NS: Final = 60 * 10**9
HORIZON_NS: Final = 30 * MINUTE_NS  # definitions: restatement horizon
PRINTS_HELD: Final = 32_768  # a shard (docs/decisions/0009); the oldest leave first, and are counted
PACKETS_KEPT: Final = 16_384  # that alerts stand on, of a session; more are counted and leave as others do
WAIT_NS: Final = 2 * MINUTE_NS  # no parent stays open for longer, so nothing waits for one for longer


class Turn(NamedTuple):
    """One release as the held prints see it.

    `prints` and `placed` have the rows of `release.prints`, `codes` too; `order` are those rows in the order
    of application. `fresh` are packets of version 1, in the order in which they leave in this release.
    `weakened` are opening bounds of earlier prints that prints of this release weaken.
    """

    release: Release
    prints: Prints
    placed: Placed
    codes: CodeColumns
    order: Longs
    fresh: Batch
    watermark: int
    names: Names
    weakened: Weakened


class Begun(NamedTuple):
    """What is known before the later stages look at the fresh packets.

    `fresh` is without members that were taken back before it left, `is_gone` marks rows of which nothing is
    left (they leave retracted). `cancels_seq` and `cancel_match` are per print row of the release.
    """

    fresh: Batch
    is_gone: Flags
    cancels_seq: Longs
    cancel_match: Ints


class Restated(NamedTuple):
    """Further versions of packets in the order of emission, beside what `Begun` says."""

    packets: Batch
    fresh: Batch
    withheld: Flags
    cancels_seq: Longs
    cancel_match: Ints
