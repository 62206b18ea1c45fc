"""The packets that were published, by number: what finds them, whom they hold, and their latest row.

Owns the register (numbers count packets in the order in which they left) and the links from prints to
packets.
Refuses to judge which print left or joined: it is told.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import numpy as np
import orjson

from dataflows.analytics.held_rows import RowLog
from dataflows.analytics.held_table import Table
from dataflows.analytics.held_types import HORIZON_NS, PACKETS_KEPT, PRINTS_HELD, WAIT_NS
from dataflows.analytics.options_codes import venue_bit
from dataflows.analytics.options_layout import GROUP_ALONE, GROUP_AUCTION, GROUP_LIT, VENUE_UNKNOWN
from dataflows.analytics.release import Longs
from schemas.columns import Batch
from schemas.kinds import CODE_FAMILY, PACKET_KIND

KIND_PACKAGE: Final = PACKET_KIND.index("package")
KIND_LEG: Final = PACKET_KIND.index("leg")
_COLUMNS: Final = {
    **dict.fromkeys(("number", "id", "start", "end", "emit", "first_seq", "last_seq", "row", "venues"), "i8"),
    **dict.fromkeys(("contract", "more"), "i4"),
    **dict.fromkeys(("side", "family", "kind"), "i1"),
    "is_kept": "?",
}
_LIT: Final = tuple(map(CODE_FAMILY.index, ("unknown", "electronic", "iso")))
_GROUP: Final = np.full(len(CODE_FAMILY), GROUP_ALONE, np.int64)  # as options_parents.group_of
_GROUP[list(_LIT)], _GROUP[CODE_FAMILY.index("auction")] = GROUP_LIT, GROUP_AUCTION


class Span(NamedTuple):
    """What must agree for a late print to have been part of a packet; `venue` is a bit number."""

    contract: int
    at: int
    side: int
    venue: int
    family: int


class HeldPackets:
    """Published packets of one shard; a number that is no longer held finds nothing."""

    def __init__(self) -> None:
        self.table = Table(_COLUMNS)
        self.links = Table({"seq": "i8", "packet": "i8"})
        self.log = RowLog()
        self.count = 0
        self.session_ts = 0
        self._new_links = 0

    def register(self, fresh: Batch, contracts: Longs) -> int:
        """Number the packets of a release and link their members; return the number of the first."""
        first, rows = self.count, len(fresh)
        self._new_links = len(self.links)
        if not rows:
            return first
        lists = _members(fresh)
        seqs = [seq for listed, _ in lists for seq in listed]
        owner = np.repeat(np.arange(first, first + rows), [len(listed) for listed, _ in lists])
        self.links.append({"seq": np.array(seqs, np.int64), "packet": owner})
        self.table.append(
            {
                "number": np.arange(first, first + rows, dtype=np.int64),
                "id": ids_of(fresh["packet_id"].to_pylist()),
                "start": fresh["start_ts"],
                "end": fresh["end_ts"],
                "emit": fresh["emit_ts"],
                "first_seq": fresh["first_print_seq"],
                "last_seq": fresh["last_print_seq"],
                "row": np.full(rows, -1, np.int64),
                "venues": _venue_sets(fresh["venues"].to_pylist()),
                "contract": contracts,
                "more": np.array([more for _, more in lists], np.int32),
                "side": fresh["side"],
                "family": fresh["code_family"],
                "kind": fresh["kind"],
            }
        )
        self.count += rows
        return first

    def publish(self, fresh: Batch, first: int) -> None:
        """Store the first rows of the packets numbered from `first` on."""
        row = self.log.append(fresh)
        is_new = self.table["number"] >= first
        self.table["row"][is_new] = row + self.table["number"][is_new] - first

    def find(self, number: int) -> int:
        """Return where a packet stands in the table, -1 where it is no longer held."""
        at = int(np.searchsorted(self.table["number"], number))
        return at if at < len(self.table) and self.table["number"][at] == number else -1

    def owner(self, seq: int, contract: int, side: int) -> int:
        """Return the number of the packet that holds a print, -1 for none.

        A packet of more members than it lists holds the unlisted prints of its series and side between the
        first and the last.
        """
        linked = np.flatnonzero(self.links["seq"] == seq)
        if len(linked):
            return int(self.links["packet"][linked[-1]])
        table = self.table
        large = np.flatnonzero((table["more"] > 0) & (table["contract"] == contract))
        is_inside = (table["first_seq"][large] <= seq) & (seq <= table["last_seq"][large])
        found = large[is_inside & (table["side"][large] == side)]
        return int(table["number"][found[0]]) if len(found) else -1

    def new_owners(self, seqs: list[int]) -> list[tuple[int, int]]:
        """Return (packet, print) for those of the given prints that packets of this release list."""
        since = self._new_links
        hits = np.flatnonzero(np.isin(self.links["seq"][since:], np.array(seqs, np.int64))) + since
        return list(zip(self.links["packet"][hits].tolist(), self.links["seq"][hits].tolist(), strict=True))

    def members(self, number: int) -> list[int]:
        """Return the sequence numbers that a packet listed when it left."""
        return [int(s) for s in self.links["seq"][self.links["packet"] == number]]

    def spanning(self, span: Span) -> Longs:
        """Return the places in the table of the packets that a late print lies within; latest start first."""
        table = self.table
        rows = np.flatnonzero(table["contract"] == span.contract)
        fits = (table["start"][rows] <= span.at) & (span.at <= table["end"][rows])
        fits &= (table["side"][rows] == span.side) & (table["start"][rows] >= self.session_ts)
        fits &= (table["venues"][rows] >> span.venue & 1 == 1) & _same_group(
            table["family"][rows], span.family
        )
        rows = rows[fits & ~np.isin(table["kind"][rows], (KIND_PACKAGE, KIND_LEG))]
        return np.asarray(rows[np.lexsort((table["first_seq"][rows], -table["start"][rows]))])

    def keep(self, packet_ids: list[str]) -> tuple[Longs, int]:
        """Keep packets for the session; return the prints they list and how many found no room."""
        table = self.table
        found = np.flatnonzero(np.isin(table["id"], ids_of(packet_ids)) & ~table["is_kept"])
        room = max(0, PACKETS_KEPT - int(table["is_kept"].sum()))
        table["is_kept"][found[:room]] = True
        is_member = np.isin(self.links["packet"], table["number"][found[:room]])
        return self.links["seq"][is_member].copy(), max(0, len(found) - room)

    def trim(self, watermark: int) -> None:
        """Drop packets whose members are all beyond reach."""
        table = self.table
        is_young = table["end"] >= max(watermark - HORIZON_NS - WAIT_NS, self.session_ts)
        is_recent = table["number"] >= self.count - PRINTS_HELD - PRINTS_HELD // 4
        table.retain((is_young & is_recent) | (table["is_kept"] & (table["end"] >= self.session_ts)))
        self.links.retain(np.isin(self.links["packet"], table["number"]))
        table["row"][:] = self.log.retain(table["row"])

    def snapshot(self) -> dict[str, Any]:
        """Return the packets as plain data."""
        return {
            "table": self.table.snapshot(),
            "links": self.links.snapshot(),
            "log": self.log.snapshot(),
            "numbers": (self.count, self.session_ts),
        }

    @classmethod
    def restore(cls, plain: Mapping[str, Any]) -> "HeldPackets":
        """Return the packets that `snapshot` described."""
        found = cls()
        found.table.load(plain["table"])
        found.links.load(plain["links"])
        found.log = RowLog.restore(plain["log"])
        found.count, found.session_ts = plain["numbers"]
        return found


def ids_of(packet_ids: list[str]) -> Longs:
    """Return packet ids (16 hexadecimal digits) as int64."""
    found = np.frombuffer(bytes.fromhex("".join(packet_ids)), ">i8").astype(np.int64)
    assert len(found) == len(packet_ids), "a packet id is not of 16 digits"
    return found


def _members(fresh: Batch) -> list[tuple[list[int], int]]:
    """Return the listed members of each row and how many more there are."""
    plain = _lists(fresh["members"].to_pylist())
    packages = np.flatnonzero(np.isin(fresh["kind"], (KIND_PACKAGE, KIND_LEG))).tolist()
    if packages:
        texts = fresh["package_members"].to_pylist()
        for row, listed in zip(packages, _lists([texts[r] for r in packages]), strict=True):
            plain[row] = listed if listed else plain[row]
    return [_listed(items) for items in plain]


def _lists(texts: list[str]) -> list[list[Any]]:
    found: list[list[Any]] = orjson.loads(f"[{','.join(texts)}]")
    return found


def _listed(items: list[Any]) -> tuple[list[int], int]:
    if items and isinstance(items[-1], dict):
        return items[:-1], int(items[-1]["more"])
    return items, 0


def _venue_sets(texts: list[str]) -> Longs:
    """Return the venues of each row as bits."""
    known = {text: _bits(text) for text in dict.fromkeys(texts)}
    return np.array([known[text] for text in texts], np.int64)


def _bits(text: str) -> int:
    letters = sum(1 << venue_bit("other" if letter == "?" else letter) for letter in text)
    return letters or 1 << VENUE_UNKNOWN


def _same_group(families: Any, family: int) -> Any:
    """Tell which families may share a parent with one: the same rule as when prints join."""
    return (_GROUP[families] == _GROUP[family]) & (_GROUP[families] != GROUP_ALONE)
