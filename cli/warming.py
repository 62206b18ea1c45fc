"""The command `islandflow warm export`: what the finished sessions of a namespace may tell later ones.

Owns the replay of archived packets through the baselines, block sizes by series alike, and how many stories a
day had at least each score. What was told to those sessions themselves is carried on. Refuses a session that
is not finished, and to look at more than the last SESSIONS of them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import numpy as np
import orjson
import polars as pl
import pyarrow as pa
import pyarrow.csv as pc
import typer

from cli.console import out, steps
from connectors.errors import UserError
from connectors.warm_file import FORMAT, VERSION

if TYPE_CHECKING:
    from dataflows.analytics.baselines import Baselines, PacketColumns
    from dataflows.analytics.options_names import Names
    from dataflows.analytics.release import Note

SESSIONS: Final = 20
SHARE: Final = 0.995
LEAST_PRINTS: Final = 200  # of series alike; of fewer the 99.5th percentile is one print or none
GRID: Final = tuple(n / 100 for n in range(101))
PACKETS_SQL: Final = """
SELECT toUnixTimestamp64Nano(emit_ts), underlying, contract, kind IN ('package', 'leg'), `right` = 'P',
    toInt64(toDecimal128(premium, 4) * 10000), size, quote_state = 'normal',
    toInt64(round(ifNull(toFloat64(bid), -1) * 1e9)), toInt64(round(ifNull(toFloat64(ask), -1) * 1e9)),
    ifNull(moneyness, -9), ifNull(days_to_expiry, -1)
FROM flow_packets WHERE version = 1 AND toUnixTimestamp64Nano(emit_ts) BETWEEN {start} AND {end}
ORDER BY _partition, seq"""
PACKET_NAMES: Final = (
    "emit_ts", "underlying", "contract", "is_package", "right", "premium", "size", "is_normal", "bid", "ask",
    "moneyness", "days",
)  # fmt: skip
PRINTS_SQL: Final = """
SELECT contract, size, count() FROM option_placed
WHERE status = 'ok' AND toUnixTimestamp64Nano(emit_ts) BETWEEN {start} AND {end} GROUP BY contract, size"""
STORIES_SQL: Final = """
SELECT score FROM flow_stories
WHERE alerts > retracted AND toUnixTimestamp64Nano(first_ts) BETWEEN {start} AND {end}"""
SESSIONS_SQL: Final = """
SELECT toUnixTimestamp64Nano(source_ts), detail FROM reference
WHERE kind = 'session' AND _partition = 0 ORDER BY source_ts"""
NOTES_SQL: Final = """
SELECT toUnixTimestamp64Nano(source_ts), name, underlying, detail FROM reference
WHERE kind = 'data' AND name IN ('baseline', 'story_rates')
    AND toUnixTimestamp64Nano(source_ts) BETWEEN {start} AND {end}
ORDER BY source_ts, _partition, _offset LIMIT 1 BY source_ts, name, underlying, detail"""


@dataclass(frozen=True, slots=True)
class Sessions:
    """Finished sessions: names, starts and opens in ns, and the time at which the last one ends."""

    names: tuple[str, ...]
    starts: tuple[int, ...]
    opens: tuple[int, ...]
    end_ts: int


@dataclass(slots=True)
class Learned:
    """The baselines after all packets, the names they go by, and the bucket of each series as last seen."""

    baselines: Baselines
    names: Names
    bucket_of: dict[int, tuple[int, int]] = field(default_factory=dict)


class Tables:
    """The tables of one namespace, read by SQL as CSV."""

    def __init__(self, client: Any, namespace: str) -> None:
        self._client = client
        self.namespace = namespace

    def read(self, query: str, names: Sequence[str], **bounds: int) -> Iterator[pa.RecordBatch]:
        """Yield the rows of a query in batches; UserError where nothing was stored."""
        from clickhouse_connect.driver.exceptions import DatabaseError

        settings = {"database": self.namespace, "readonly": 2, "max_threads": 2}
        text = query.format(**bounds) if bounds else query
        try:
            stream = self._client.raw_stream(text, settings=settings, fmt="CSV")
        except DatabaseError as error:
            if "UNKNOWN_TABLE" in str(error) or "UNKNOWN_DATABASE" in str(error):
                raise UserError(f"nothing was archived in namespace {self.namespace} yet") from None
            raise
        try:
            parsing = pc.ParseOptions(newlines_in_values=True)
            yield from pc.open_csv(stream, pc.ReadOptions(column_names=list(names)), parsing)
        except pa.ArrowInvalid as error:
            if "Empty CSV file" not in str(error):
                raise
        finally:
            stream.close()

    def frame(self, query: str, names: Sequence[str], **bounds: int) -> pl.DataFrame:
        """Return the rows of a query whole; an empty one has no types."""
        batches = list(self.read(query, names, **bounds))
        if not batches:
            return pl.DataFrame(schema=dict.fromkeys(names, pl.Null))
        return pl.DataFrame(pl.from_arrow(pa.Table.from_batches(batches)))


def learn(tables: Tables, is_done: bool) -> dict[str, Any]:
    """Return the content of a warm start of the finished sessions of a namespace.

    Raises:
        UserError: no session is finished, or nothing was archived.
    """
    from dataflows.analytics.baselines_warm import told

    sessions = _sessions(tables, is_done)
    notes = _notes(tables, sessions)
    learned = _replay(tables, sessions, [n for n in notes if n.name == "baseline"])
    _add_block_sizes(tables, sessions, learned)
    return {
        "format": FORMAT,
        "version": VERSION,
        "made_of": tables.namespace,
        "sessions": list(sessions.names),
        "baselines": told(learned.baselines.tables, learned.names),
        "story_rates": _story_rates(tables, sessions, [n for n in notes if n.name == "story_rates"]),
    }


def _sessions(tables: Tables, is_done: bool) -> Sessions:
    rows = tables.frame(SESSIONS_SQL, ("start_ts", "detail")).rows()
    found = [(json.loads(detail), int(start)) for start, detail in rows]
    finished = found if is_done else found[:-1]
    if not finished:
        raise UserError(f"namespace {tables.namespace} holds no finished session yet; let it run to its end")
    end_ts = 2**62 if is_done else found[-1][1]
    last = finished[-SESSIONS:]
    names = tuple(str(detail["session"]) for detail, _ in last)
    return Sessions(names, tuple(s for _, s in last), tuple(int(d["open_ts"]) for d, _ in last), end_ts)


def _notes(tables: Tables, sessions: Sessions) -> list[Note]:
    from dataflows.analytics.release import Note

    columns = ("at", "name", "underlying", "detail")
    rows = tables.frame(NOTES_SQL, columns, start=sessions.starts[0], end=sessions.end_ts).rows()
    return [Note(int(at), int(at), name, under or "", json.loads(text)) for at, name, under, text in rows]


def _replay(tables: Tables, sessions: Sessions, notes: Sequence[Note]) -> Learned:
    """Run the packets of the sessions through new baselines, as the flow did."""
    from dataflows.analytics.baselines import Baselines, series_buckets
    from dataflows.analytics.options_names import Names

    learned = Learned(Baselines.empty(), Names())
    for note in notes:  # of the starts of sessions: a repeated one changes nothing
        learned.baselines.note(note, learned.names)
    for batch in tables.read(PACKETS_SQL, PACKET_NAMES, start=sessions.starts[0], end=sessions.end_ts):
        packets = _packet_columns(batch, sessions, learned.names)
        learned.baselines.grow(len(learned.names.contracts), len(learned.names.underlyings))
        learned.baselines.score(packets)
        assert packets.moneyness is not None and packets.days is not None and packets.right is not None
        buckets = series_buckets(packets.moneyness, packets.days, packets.right)
        places = zip(packets.underlying.tolist(), buckets.tolist(), strict=True)
        found = dict(zip(packets.contract.tolist(), places, strict=True))
        learned.bucket_of |= {c: p for c, p in found.items() if c >= 0 and p[1] >= 0}
    return learned


def _packet_columns(batch: pa.RecordBatch, sessions: Sessions, names: Names) -> PacketColumns:
    from dataflows.analytics.baselines import PacketColumns, buckets
    from dataflows.analytics.options_names import UNDERLYING

    def whole(name: str) -> Any:
        return batch.column(name).to_numpy(zero_copy_only=False).astype(np.int64)

    contracts = names.intern(batch.column("underlying"), batch.column("contract"))
    emit_ts, bid, ask = whole("emit_ts"), whole("bid").astype(np.float64), whole("ask").astype(np.float64)
    of = np.clip(np.searchsorted(sessions.starts, emit_ts, side="left") - 1, 0, None)
    spread = np.full(len(emit_ts), np.nan)
    np.divide(2.0 * (ask - bid), ask + bid, out=spread, where=whole("is_normal") > 0)
    return PacketColumns(
        np.where(whole("is_package") > 0, -1, contracts),
        np.ascontiguousarray(names.facts(contracts)[:, UNDERLYING]),
        buckets(emit_ts, np.array(sessions.opens, np.int64)[of]),
        whole("premium"),
        whole("size"),
        spread,
        batch.column("moneyness").to_numpy(zero_copy_only=False).astype(np.float64),
        whole("days"),
        whole("right"),
        emit_ts,
    )


def _add_block_sizes(tables: Tables, sessions: Sessions, learned: Learned) -> None:
    """Give each series the 99.5th percentile of the print sizes of series like it."""
    from dataflows.analytics.baselines_kernel import BLOCK

    columns = ("contract", "size", "prints")
    prints = tables.frame(PRINTS_SQL, columns, start=sessions.starts[0], end=sessions.end_ts)
    numbers = {name: n for n, name in enumerate(learned.names.contracts)}
    places = pl.DataFrame(
        [(learned.names.contracts[c], c, *place) for c, place in learned.bucket_of.items()],
        schema={"contract": pl.String, "number": pl.Int64, "underlying": pl.Int64, "bucket": pl.Int64},
        orient="row",
    )
    assert len(numbers) == len(learned.names.contracts)
    if not len(prints) or not len(places):
        return
    alike = ("underlying", "bucket")
    counted = prints.join(places, on="contract").group_by(*alike, "size").agg(pl.col("prints").sum())
    seen = counted.sort("size").with_columns(
        pl.col("prints").cum_sum().over(alike).alias("up_to"), pl.col("prints").sum().over(alike).alias("all")
    )
    most = seen.filter((pl.col("up_to") >= SHARE * pl.col("all")) & (pl.col("all") >= LEAST_PRINTS))
    sizes = most.group_by(alike).agg(pl.col("size").min())
    for number, size in places.join(sizes, on=alike).select("number", "size").rows():
        learned.baselines.tables.contracts[number, BLOCK] = size


def _story_rates(tables: Tables, sessions: Sessions, before: Sequence[Note]) -> dict[str, Any]:
    """Return how many stories a day had at least each score, over these sessions and those told of before."""
    scores = tables.frame(STORIES_SQL, ("score",), start=sessions.starts[0], end=sessions.end_ts)
    ranked = np.sort(np.array(scores["score"].to_list(), np.float64))
    count = len(ranked) - np.searchsorted(ranked, np.array(GRID) - 1e-9, side="left")
    days, total = len(sessions.names), count.astype(np.float64)
    said = before[0].detail if before else {}
    if list(said.get("scores", ())) == list(GRID):
        older = min(int(said["sessions"]), SESSIONS - days)
        total += older * np.array(said["per_day"], np.float64)
        days += older
    return {"sessions": days, "scores": list(GRID), "per_day": np.round(total / days, 4).tolist()}


def write_file(content: dict[str, Any], path: Path) -> int:
    """Write a warm start, whole or not at all; return its bytes."""
    data = orjson.dumps(content, option=orjson.OPT_SORT_KEYS)
    part = path.with_name(path.name + ".part")
    part.write_bytes(data)
    part.replace(path)
    return len(data)


def register(app: typer.Typer) -> None:
    """Add the command to an application."""
    warm = typer.Typer(help="What finished sessions know, for later ones.", no_args_is_help=True)
    app.add_typer(warm, name="warm")

    @warm.command("export")
    def warm_export(
        target: Annotated[Path, typer.Option("--out", help="The file to write, for `run ... --warm`.")],
        namespace: Annotated[
            str | None, typer.Option("--namespace", help="Name of the run; the latest one if absent.")
        ] = None,
        data_dir: Annotated[
            Path | None, typer.Option("--data-dir", help="Where everything is kept.", show_default=False)
        ] = None,
    ) -> None:
        """Write what later sessions may know of the finished ones: baselines, block sizes, story rates."""
        import clickhouse_connect

        from cli import runs
        from cli.services import services
        from connectors.settings import load_settings

        if target.is_dir() or not target.absolute().parent.is_dir():
            raise UserError(f"--out {target}: a file in a folder that exists is expected")
        path = load_settings(data_dir).data_path
        chosen = runs.choose(path, namespace)
        run = runs.read(path, chosen)
        with steps() as shown, services(path, shown) as found:
            client = clickhouse_connect.get_client(
                dsn=found.endpoints.clickhouse, autogenerate_session_id=False
            )
            try:
                content = learn(Tables(client, chosen), run is not None and run.state == "done")
            finally:
                client.close()
        size = write_file(content, target)
        rows = sum(map(len, content["baselines"].values()))
        days = ", ".join(content["sessions"])
        out.print(f"{target}: {rows:,} baselines of {chosen}, sessions {days}; {size:,} bytes")
