"""Everything an alert rests on, fetched: its versions, packets, hits, prints, quotes and session marks.

Owns the order of the look-ups and the excerpt that is computed again. The archive says where a record
stands; what it says is decoded from the bytes of the log. Refuses an id that is not in the archive.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import orjson

from cli.receipts.excerpt import Record
from cli.receipts.index import Index, Place, Span, Stored
from cli.receipts.raw import RawLog, fingerprint
from connectors.errors import UserError
from connectors.registry import Codec
from schemas.columns import Batch, to_json_rows
from schemas.topics import TOPIC

SECOND_NS: Final = 1_000_000_000
# Floor prints are judged over the 90 s before them; a little more does no harm.
LOOKBACK_NS: Final = 95 * SECOND_NS
BESIDE_NS: Final = SECOND_NS // 2
MEMBERS_MAX: Final = 2_000


@dataclass(frozen=True, slots=True)
class Copy:
    """A record of a derived topic: the archive's row, the log's bytes, and the row decoded from these."""

    topic: str
    stored: Stored
    value: bytes
    batch: Batch

    @property
    def row(self) -> dict[str, Any]:
        """The record in its JSON form."""
        return to_json_rows(self.batch)[0]


@dataclass(frozen=True, slots=True)
class Source:
    """A raw record with its identity, its hash and what it says in JSON form."""

    topic: str
    partition: int
    seq: int
    offset: int
    sha256: str
    row: dict[str, Any]


@dataclass(slots=True)
class Gathered:
    """What was fetched about one alert. Sources are by topic and sequence number."""

    alerts: list[Copy]
    packets: list[Copy]
    hits: list[Copy]
    placed: dict[int, Copy] = field(default_factory=dict)
    sources: dict[tuple[str, int], Source] = field(default_factory=dict)
    excerpt: dict[str, list[Record]] = field(default_factory=dict)
    marks: list[dict[str, Any]] = field(default_factory=list)
    unlisted: int = 0

    @property
    def alert(self) -> Copy:
        """The newest version of the alert."""
        return self.alerts[-1]

    @property
    def partition(self) -> int:
        """The partition of the alert: that of every record it rests on."""
        return self.alert.stored.partition

    def raw_values(self) -> list[bytes]:
        """Return the bytes of every raw record that was fetched."""
        return [r.value for records in self.excerpt.values() for r in records]

    @property
    def packet(self) -> Copy | None:
        """The version of the first packet that the newest version of the alert saw."""
        row = self.alert.row
        same = [p for p in self.packets if p.row["packet_id"] == row["packet_id"]]
        seen = [p for p in same if p.row["version"] == row["packet_version"]]
        return next(iter(seen), None)

    @property
    def hit(self) -> Copy | None:
        """The hit of the alert's rule on that version of its packet."""
        row = self.alert.row
        seen = [h for h in self.hits if h.row["packet_version"] == row["packet_version"]]
        return seen[-1] if seen else None


class Collector:
    """Fetches from one archive and log. `source` is the namespace of the raw topics where it is another."""

    def __init__(self, index: Index, derived: RawLog, source: RawLog, codec: Codec) -> None:
        self._index, self._derived, self._source, self._codec = index, derived, source, codec

    def collect(self, alert_id: str) -> Gathered:
        """Fetch everything about an alert.

        Raises:
            UserError: there is no such alert.
            ServiceError: store or broker do not answer.
        """
        alerts = self._copies("flow.alerts", self._index.versions("flow.alerts", "alert_id", [alert_id]))
        if not alerts:
            raise UserError(
                f"there is no alert {alert_id!r} in this namespace; `islandflow sql` on flow_alerts_current "
                "lists those there are"
            )
        row = alerts[-1].row
        ids = packet_ids(row)
        packets = self._index.versions("flow.packets", "packet_id", ids, row["underlying"])
        hits = self._index.versions("flow.hits", "packet_id", ids[:1], row["underlying"])
        about = [h for h in hits if h.row["rule_id"] == row["rule_id"]]
        found = Gathered(alerts, self._copies("flow.packets", packets), self._copies("flow.hits", about))
        if found.packet is not None:
            self._members(found, found.packet.row)
        return found

    def _copies(self, topic: str, stored: Sequence[Stored]) -> list[Copy]:
        copies = []
        for partition in sorted({s.partition for s in stored}):
            offsets = [s.offset for s in stored if s.partition == partition]
            values = self._derived.values(topic, partition, offsets)
            for s in (s for s in stored if s.partition == partition):
                value = values[s.offset]
                batch = self._codec.decode(TOPIC[topic], [value]).batch
                copies.append(Copy(topic, s, value, batch))
        return copies

    def _members(self, found: Gathered, packet: dict[str, Any]) -> None:
        partition, underlying = found.partition, packet["underlying"]
        seqs, more = members_of(packet)
        span = Span(partition, underlying, int(packet["start_ts"]) - LOOKBACK_NS, int(packet["emit_ts"]))
        places = self._index.prints(partition, underlying, seqs)
        if more:
            first, last = int(packet["first_print_seq"]), int(packet["last_print_seq"])
            places = self._index.prints_between(span, packet["contract"], first, last)
            found.unlisted = more
        placed = self._index.placed(underlying, partition, [p.seq for p in places], "print_seq")
        takers = []
        if packet["reason"] in ("cancel", "correction"):
            takers = self._index.placed(underlying, partition, seqs, "cancels_seq")
            places += self._index.prints(partition, underlying, [int(t.row["print_seq"]) for t in takers])
        found.placed = {int(c.row["print_seq"]): c for c in self._copies("options.placed", placed)}
        frontiers = {
            int(s.row["print_seq"]): int(s.row["emit_ts"]) - 1
            for s in (*placed, *takers)
            if s.row["status"] == "late"
        }
        named = {p.seq for p in places}
        if packet["kind"] in ("package", "leg"):
            # Which legs are one order is weighed among all prints that stood beside them on their venue.
            beside = replace(span, start=int(packet["start_ts"]) - BESIDE_NS)
            places += self._index.prints_beside(beside, packet["venues"])
        self._fetch(found, "options.prints", places, frontiers)
        self._fetch(found, "reference", self._index.marks(span))
        marks = [r.value for r in found.excerpt["reference"]]
        found.marks = to_json_rows(self._codec.decode(TOPIC["reference"], marks).batch)
        series = sorted({p.contract for p in places})
        self._fetch(found, "options.nbbo", self._index.quotes(span, series))
        self._fetch(found, "equities.quotes", self._index.stock_quotes(span))
        tied = packet["stock_print_seq"]
        stock = [] if tied is None else self._index.stock_prints(span, [int(tied)])
        self._fetch(found, "equities.prints", stock)
        self._name(found, "options.prints", named)
        self._name(found, "equities.prints", {p.seq for p in stock})
        used = [*(c.row["quote_seq"] for c in found.placed.values()), packet["quote_seq"]]
        self._name(found, "options.nbbo", {int(q) for q in used if q is not None})

    def _fetch(
        self,
        found: Gathered,
        topic: str,
        places: Iterable[Place],
        frontiers: dict[int, int] | None = None,
    ) -> None:
        """Fetch raw records of the packet's shard and add them to the excerpt."""
        known = {p.seq: p for p in places}
        values = self._source.values(topic, found.partition, [p.offset for p in known.values()])
        late = frontiers or {}
        found.excerpt[topic] = [
            Record(p.seq, p.offset, values[p.offset], late.get(p.seq)) for p in known.values()
        ]

    def _name(self, found: Gathered, topic: str, seqs: Collection[int]) -> None:
        """Decode and hash those records of the excerpt that the receipt names one by one."""
        records = [r for r in found.excerpt.get(topic, ()) if r.seq in seqs]
        decoded = self._codec.decode(TOPIC[topic], [r.value for r in records])
        assert not decoded.bad, f"{topic}: archived, and yet not to be read: {decoded.bad[0]}"
        for record, row in zip(records, to_json_rows(decoded.batch), strict=True):
            digest = fingerprint(record.value)
            source = Source(topic, found.partition, record.seq, record.offset, digest, row)
            found.sources[topic, record.seq] = source


def packet_ids(alert: dict[str, Any]) -> list[str]:
    """Return every packet that an alert rests on, the first one first."""
    listed = orjson.loads(alert["packet_ids"] or "[]")
    return list(dict.fromkeys([alert["packet_id"], *(p for p in listed if isinstance(p, str))]))


def members_of(packet: dict[str, Any]) -> tuple[list[int], int]:
    """Return the sequence numbers that a packet lists, its legs' included, and how many it does not list."""
    listed = [*orjson.loads(packet["members"] or "[]"), *orjson.loads(packet["package_members"] or "[]")]
    more = sum(int(m["more"]) for m in listed if isinstance(m, dict) and "more" in m)
    return sorted({m for m in listed if type(m) is int})[:MEMBERS_MAX], more
