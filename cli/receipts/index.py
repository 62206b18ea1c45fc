"""Where the records behind an alert stand: ids and sequence numbers to partitions and offsets.

Owns the SQL that looks them up in the archive, which is only the index here: what a record says is read
from the log itself. Refuses names that are not in the topic table; values travel as parameters.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from api.sql import Statement, json_columns
from connectors.clickhouse_read import NothingStored, QueryTooSlow, ReadStore
from connectors.errors import ServiceError
from schemas.topics import TOPIC

ROWS_MAX: Final = 2_000
RECORDS_MAX: Final = 20_000  # of one kind behind one alert; more are counted and left to a deep replay


@dataclass(frozen=True, slots=True)
class Stored:
    """A row of the archive in its JSON form, and where its record stands in the log."""

    row: dict[str, Any]
    partition: int
    offset: int


@dataclass(frozen=True, slots=True)
class Place:
    """A record of a raw topic: its sequence number, offset, publication time (ns) and series."""

    seq: int
    offset: int
    source_ts: int
    contract: str = ""


@dataclass(frozen=True, slots=True)
class Span:
    """Records of one shard and underlying with `start` < source_ts <= `end` (ns)."""

    partition: int
    underlying: str
    start: int
    end: int


class Index:
    """Look-ups in the tables of one namespace. Raises ServiceError where the store does not answer."""

    def __init__(self, store: ReadStore, source: str = "") -> None:
        """`source` is the namespace that archives the raw topics, where it is another than the store's."""
        self._store, self._raw = store, f"`{source}`." if source else ""

    def versions(self, topic: str, column: str, ids: Sequence[str], underlying: str = "") -> list[Stored]:
        """Return every stored version of the things with these ids, oldest first."""
        return self._rows(topic, f"`{column}` IN {{ids:Array(String)}}", {"ids": list(ids)}, underlying)

    def placed(self, underlying: str, partition: int, seqs: Sequence[int], column: str) -> list[Stored]:
        """Return rows of options.placed by `print_seq`, or by the print they take back (`cancels_seq`)."""
        where = f"`{column}` IN {{seqs:Array(Int64)}} AND _partition = {{partition:UInt16}}"
        return self._rows("options.placed", where, {"seqs": list(seqs), "partition": partition}, underlying)

    def _rows(self, topic: str, where: str, bound: dict[str, Any], underlying: str) -> list[Stored]:
        about = TOPIC[topic]
        if underlying:  # the tables are sorted by it
            where, bound = (
                f"underlying = {{underlying:String}} AND {where}",
                bound | {"underlying": underlying},
            )
        order = "version, _offset" if "version" in about.field_names else "_offset"
        text = (
            f"SELECT {json_columns(about)}, _partition, _offset FROM `{about.table}` "
            f"WHERE {where} ORDER BY {order} LIMIT {ROWS_MAX}"
        )
        names = (*about.field_names, "_partition", "_offset")
        columns = self._columns(Statement(text, names, bound))
        rows = [dict(zip(names, values, strict=True)) for values in zip(*columns.values(), strict=True)]
        found = [Stored(r, int(r.pop("_partition")), int(r.pop("_offset"))) for r in rows]
        return list({(s.partition, s.offset): s for s in found}.values())  # what was inserted twice is one

    def prints(self, partition: int, underlying: str, seqs: Sequence[int]) -> list[Place]:
        """Return where option prints with these sequence numbers stand."""
        return self._places(
            "option_prints",
            "seq IN {seqs:Array(Int64)}",
            Span(partition, underlying, 0, 0),
            {"seqs": list(seqs)},
        )

    def prints_between(self, span: Span, contract: str, first: int, last: int) -> list[Place]:
        """Return the prints of a series with sequence numbers first..last, both included."""
        bound = {"contract": contract, "first": first, "last": last}
        where = "contract = {contract:String} AND seq BETWEEN {first:Int64} AND {last:Int64}"
        return self._places("option_prints", where, span, bound)

    def prints_beside(self, span: Span, venue: str) -> list[Place]:
        """Return all option prints of an underlying on one venue in a span."""
        return self._places("option_prints", "venue = {venue:String} AND " + _WITHIN, span, {"venue": venue})

    def quotes(self, span: Span, contracts: Sequence[str]) -> list[Place]:
        """Return the quotes of these series in a span, and the one of each that stood when it began."""
        where = "contract IN {contracts:Array(String)} AND "
        bound = {"contracts": list(contracts)}
        before = self._places("option_nbbo", where + _BEFORE, span, bound, "contract")
        return before + self._places("option_nbbo", where + _WITHIN, span, bound)

    def stock_quotes(self, span: Span) -> list[Place]:
        """Return the quotes of the underlying in a span, and the one that stood when it began."""
        before = self._places("equity_quotes", _BEFORE, span, {}, "underlying")
        return before + self._places("equity_quotes", _WITHIN, span, {})

    def stock_prints(self, span: Span, seqs: Sequence[int]) -> list[Place]:
        """Return where these equity prints stand."""
        return self._places("equity_prints", "seq IN {seqs:Array(Int64)}", span, {"seqs": list(seqs)})

    def marks(self, span: Span) -> list[Place]:
        """Return sessions, gaps and facts beside the tape in a shard's `reference`, to the end of a span."""
        text = (
            f"SELECT seq, _offset, toUnixTimestamp64Nano(source_ts), '' FROM {self._raw}`reference` "
            "WHERE _partition = {partition:UInt16} AND kind IN ('session', 'gap', 'data') "
            "AND underlying IN ('', {underlying:String}) "
            f"AND source_ts <= {_moment('end')} ORDER BY _offset LIMIT {RECORDS_MAX}"
        )
        return self._read(text, _bound(span, {}))

    def _places(
        self, table: str, where: str, span: Span, bound: dict[str, Any], by: str | None = None
    ) -> list[Place]:
        contract = "contract" if table.startswith("option") else "''"
        # Of what stood before, the newest of each series: time first, then the order of the log.
        last = f"source_ts DESC, _offset DESC LIMIT 1 BY {by}" if by else "_offset"
        text = (
            f"SELECT seq, _offset, toUnixTimestamp64Nano(source_ts), {contract} FROM {self._raw}`{table}` "
            "WHERE kind = 'data' AND underlying = {underlying:String} AND _partition = {partition:UInt16} "
            f"AND {where} ORDER BY {last} LIMIT {RECORDS_MAX}"
        )
        return self._read(text, _bound(span, bound))

    def _read(self, text: str, bound: dict[str, Any]) -> list[Place]:
        columns = self._columns(Statement(text, ("seq", "offset", "source_ts", "contract"), bound))
        found = zip(*columns.values(), strict=True)
        return [Place(int(seq), int(offset), int(ts), contract) for seq, offset, ts, contract in found]

    def _columns(self, statement: Statement) -> dict[str, list[Any]]:
        try:
            return self._store.columns(statement)
        except NothingStored:
            return {name: [] for name in statement.names}
        except QueryTooSlow as slow:
            raise ServiceError(str(slow)) from None


def _moment(name: str) -> str:
    return f"fromUnixTimestamp64Nano({{{name}:Int64}}, 'UTC')"


def _bound(span: Span, more: dict[str, Any]) -> dict[str, Any]:
    own = {"partition": span.partition, "underlying": span.underlying, "start": span.start, "end": span.end}
    return own | more


_BEFORE: Final = f"source_ts <= {_moment('start')}"
_WITHIN: Final = f"source_ts > {_moment('start')} AND source_ts <= {_moment('end')}"
