"""What stands: the hits of each packet and the alerts of a session, so that they can be restated.

Owns the two tables and their bounds. A packet without an alert is dropped once no later version of it can
come, one with an alert is held for the session; at the bound the oldest leaves first and is counted. Refuses
to take a version of a packet that was dropped for a new one: see `is_beyond`.
"""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from dataflows.analytics.alerts_config import STORY_GAP_NS
from dataflows.analytics.alerts_rows import PACKET_IDS, Row

HELD_NS: Final = STORY_GAP_NS + 300_000_000_000  # closed packets are held for 30 minutes, and a little more
CLAIMS: Final = 4  # packets of an alert held whole, so that another can take the place of the main one
ESCALATION: Final = 1_000  # ten-thousandths by which a further packet must score above the main one
ESCALATION_PREMIUM: Final = 2


@dataclass(slots=True)
class Hit:
    """A rule on a packet: its last version, the hash of what it said ("" once retracted), and its alert."""

    version: int
    said: str
    score: float
    alert_id: str = ""


@dataclass(slots=True)
class Record:
    """A packet with hits, by rule. Times in ns: when it first had one, and of its last member."""

    ts: int
    end_ts: int
    hits: dict[str, Hit] = field(default_factory=dict)

    @property
    def is_alerted(self) -> bool:
        """Tell whether an alert stands on it."""
        return any(hit.alert_id for hit in self.hits.values())

    def snapshot(self) -> tuple[Any, ...]:
        """Return plain data: the times, then the fields of each hit after its rule."""
        hits = ((rule, h.version, h.said, h.score, h.alert_id) for rule, h in self.hits.items())
        return (self.ts, self.end_ts, *hits)

    @classmethod
    def restore(cls, plain: Sequence[Any]) -> "Record":
        """Return what `snapshot` described."""
        return cls(plain[0], plain[1], {hit[0]: Hit(*hit[1:]) for hit in plain[2:]})


class HitTable:
    """Packets with standing hits, by packet id, oldest first; those with alerts outlive the others."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._young: OrderedDict[str, Record] = OrderedDict()
        self._kept: OrderedDict[str, Record] = OrderedDict()
        self.horizon_ts = 0
        self.evicted = 0

    def __contains__(self, packet_id: str) -> bool:
        return packet_id in self._young or packet_id in self._kept

    def find(self, packet_id: str) -> Record | None:
        """Return the record of a packet."""
        return self._young.get(packet_id) or self._kept.get(packet_id)

    def is_beyond(self, packet: Mapping[str, Any]) -> bool:
        """Tell whether this later version is of a packet whose hits may have been dropped."""
        return bool(packet["version"] > 1 and packet["end_ts"] <= self.horizon_ts)

    def open(self, packet: Mapping[str, Any]) -> Record:
        """Add a packet, making room for it."""
        record = Record(packet["emit_ts"], packet["end_ts"])
        self._young[packet["packet_id"]] = record
        while len(self._young) + len(self._kept) > self._most:
            oldest = self._kept or self._young
            self._drop(oldest.popitem(last=False)[1])
            self.evicted += 1
        return record

    def age(self, ts: int) -> None:
        """Drop the packets without an alert that can no longer change at `ts`."""
        while self._young:
            packet_id, record = next(iter(self._young.items()))
            if record.ts + HELD_NS >= ts:
                return
            self._young.popitem(last=False)
            if record.is_alerted:
                self._kept[packet_id] = record
            else:
                self._drop(record)

    def end_session(self, ts: int) -> None:
        """Forget every packet; a later version of one is beyond what is held."""
        self._young.clear()
        self._kept.clear()
        self.horizon_ts = max(self.horizon_ts, ts)

    def _drop(self, record: Record) -> None:
        self.horizon_ts = max(self.horizon_ts, record.end_ts)

    def snapshot(self) -> dict[str, Any]:
        """Return plain data from which `restore` continues."""
        return {
            "young": {k: v.snapshot() for k, v in self._young.items()},
            "kept": {k: v.snapshot() for k, v in self._kept.items()},
            "horizon_ts": self.horizon_ts,
            "evicted": self.evicted,
        }

    @classmethod
    def restore(cls, snapshot: Mapping[str, Any], most: int) -> "HitTable":
        """Return what `snapshot` described."""
        table = cls(most)
        for name, into in (("young", table._young), ("kept", table._kept)):
            into.update((packet_id, Record.restore(plain)) for packet_id, plain in snapshot[name].items())
        table.horizon_ts, table.evicted = snapshot["horizon_ts"], snapshot["evicted"]
        return table


@dataclass(slots=True)
class Claim:
    """What an alert says by one of its packets; `is_first` says that its story began with it."""

    row: Row
    score: int
    is_first: bool

    @property
    def packet_id(self) -> str:
        return str(self.row["packet_id"])

    def exceeds(self, main: "Claim") -> bool:
        """Tell whether it is so much stronger than the main packet that it takes its place."""
        return bool(
            self.score >= main.score + ESCALATION
            or self.row["premium"] >= ESCALATION_PREMIUM * main.row["premium"]
        )


@dataclass(slots=True)
class Alert:
    """An alert: its last row, the packets held whole (the main one first), and all its packets by id."""

    alert_id: str
    key: tuple[str, int, int, int]
    opened_ts: int
    version: int = 0
    row: Row = field(default_factory=dict)
    claims: list[Claim] = field(default_factory=list)
    packet_ids: list[str] = field(default_factory=list)
    more: int = 0
    is_over: bool = False

    @property
    def is_standing(self) -> bool:
        """Tell whether any packet supports it; a retracted alert has none."""
        return bool(self.claims)

    def claim_of(self, packet_id: str) -> Claim | None:
        """Return what is held of one of its packets."""
        return next((c for c in self.claims if c.packet_id == packet_id), None)

    def add(self, claim: Claim) -> bool:
        """Take in one more packet; tell whether it is the main one now."""
        if claim.packet_id not in self.packet_ids:
            if len(self.packet_ids) < PACKET_IDS:
                self.packet_ids.append(claim.packet_id)
            else:
                self.more += 1
        is_main = not self.claims or claim.exceeds(self.claims[0])
        self.claims.insert(0 if is_main else len(self.claims), claim)
        del self.claims[CLAIMS:]
        return is_main

    def drop(self, packet_id: str) -> None:
        """Let a packet go; without one that is held whole the alert no longer stands."""
        if packet_id in self.packet_ids:
            self.packet_ids.remove(packet_id)
        else:
            self.more -= 1
        self.claims = [c for c in self.claims if c.packet_id != packet_id]

    def snapshot(self) -> dict[str, Any]:
        """Return plain data; rows are never changed once made, so they are shared and not copied."""
        return {
            "alert_id": self.alert_id,
            "key": self.key,
            "opened_ts": self.opened_ts,
            "version": self.version,
            "row": self.row,
            "claims": tuple((c.row, c.score, c.is_first) for c in self.claims),
            "packet_ids": tuple(self.packet_ids),
            "more": self.more,
            "is_over": self.is_over,
        }

    @classmethod
    def restore(cls, plain: Mapping[str, Any]) -> "Alert":
        """Return what `snapshot` described."""
        claims = [Claim(*claim) for claim in plain["claims"]]
        own = {"claims": claims, "packet_ids": list(plain["packet_ids"])}
        return cls(**{**plain, **own})
