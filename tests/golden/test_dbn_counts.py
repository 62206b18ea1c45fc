"""Every DBN fixture against the vendor's own decoder: counts, first and last records, and sums."""

import json
from functools import cache
from pathlib import Path
from typing import Any, Final

import databento_dbn as dbn
import pytest
from backports import zstd

from connectors.errors import UserError
from connectors.feeds.dbn import DbnFeed
from connectors.feeds.dbn_header import read_header
from connectors.feeds.dbn_records import RecordStream
from connectors.feeds.dbn_schemas import is_taken
from schemas.columns import to_rows

FOLDER: Final = Path(__file__).parents[3] / "shared" / "data" / "databento"
pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="the recorded DBN files are not here")

FILES: Final = tuple(sorted(p.relative_to(FOLDER).as_posix() for p in FOLDER.rglob("*.dbn.zst")))
UNDEF: Final = 2**63 - 1
SAMPLED: Final = ("CBBOMsg", "BBOMsg")


@cache
def by_vendor(name: str) -> list[Any]:
    raw = (FOLDER / name).read_bytes()
    decoder = dbn.DBNDecoder()
    decoder.write(zstd.decompress(raw) if raw.startswith(b"\x28\xb5\x2f\xfd") else raw)
    return list(decoder.decode())


@cache
def by_us(name: str) -> tuple[dict[str, list[dict[str, Any]]], list[Any], int]:
    found = list(DbnFeed([FOLDER / name]).chunks())
    topics = {t for c in found for t in c.batches}
    rows = {t: [r for c in found if t in c.batches for r in to_rows(c.batches[t])] for t in topics}
    return rows, [n for c in found for n in c.notes], sum(len(c.rejects) for c in found)


@cache
def taken() -> list[str]:
    return [name for name in FILES if is_taken(read_header(FOLDER / name, name))]


def prints_of(records: list[Any]) -> list[Any]:
    return [r for r in records if str(getattr(r, "action", "")) == "T"]


def quotes_of(schema: str, records: list[Any], dataset: str) -> list[Any]:
    """The vendor's records that should come out as quotes: mbo is checked by its own test."""
    if schema in ("trades", "tbbo", "tcbbo", "mbo", "definition", "statistics", "status"):
        return []
    found = [r for r in records if str(getattr(r, "action", "")) != "T"]
    if schema == "mbp-10":
        return [r for r in found if r.depth == 0 or str(r.action) == "R"]
    return [r for r in found if r.publisher_id == 30] if dataset == "OPRA.PILLAR" else found


@pytest.mark.parametrize("name", taken())
def test_rows_are_those_of_the_vendors_decoder(name: str) -> None:
    metadata, *records = by_vendor(name)
    rows, _, refused = by_us(name)
    scale = 1 if metadata.dataset == "OPRA.PILLAR" else 10**6
    prints = [r for t in rows if t.endswith("prints") for r in rows[t]]
    expected = prints_of(records)
    assert refused == 0
    assert [(r["source_ts"], r["price"], r["size"], r["vendor_seq"]) for r in prints] == [
        (r.ts_recv, r.price, r.size * scale, r.sequence) for r in expected
    ]
    schema = str(metadata.schema)
    if schema == "mbo":
        return
    quotes = [r for t in rows if not t.endswith("prints") for r in rows[t]]
    wanted = quotes_of(schema, records, metadata.dataset)
    assert [(r["source_ts"], r["bid"], r["ask"], r["bid_size"], r["ask_size"]) for r in quotes] == [
        (r.ts_recv, *_prices(r), *_sizes(r, scale)) for r in wanted
    ]
    is_sampled = schema.startswith(("bbo", "cbbo"))
    assert [r["event_ts"] for r in quotes] == [r.ts_recv if is_sampled else r.ts_event for r in wanted]


def _prices(record: Any) -> tuple[int, int]:
    best = record.levels[0]
    return -1 if best.bid_px == UNDEF else best.bid_px, -1 if best.ask_px == UNDEF else best.ask_px


def _sizes(record: Any, scale: int) -> tuple[int, int]:
    best = record.levels[0]
    return best.bid_sz * scale, best.ask_sz * scale


@pytest.mark.parametrize("name", FILES)
def test_the_records_of_every_file_are_counted_as_the_vendor_does(name: str) -> None:
    """The bytes of the records, too, live stream and refused schemas included."""
    header = read_header(FOLDER / name, name)
    stream = RecordStream(FOLDER / name, name, header)
    mine = [
        (ordinal, records.rtype, row)
        for piece in stream.pieces()
        for records in piece.groups
        for ordinal, row in zip(records.ordinals.tolist(), records.table, strict=True)
    ]
    assert stream.fault == "" and stream.rest == b""
    metadata, *records = by_vendor(name)
    assert (metadata.dataset, str(metadata.schema or "")) == (header.dataset, header.schema)
    kinds = [(n, int(r.rtype.value), r.instrument_id, r.ts_event) for n, r in enumerate(records, 1)]
    found = [(n, k, int(r["instrument_id"]), int(r["ts_event"])) for n, k, r in sorted(mine, key=_first)]
    assert found == kinds


def _first(item: tuple[int, int, Any]) -> int:
    return item[0]


def test_ids_of_the_definition_file_are_those_of_the_vendor() -> None:
    name = "definition-opra.dbn.zst"
    metadata = by_vendor(name)[0]
    header = read_header(FOLDER / name, name)
    expected = sorted(
        (int(i["symbol"]), str(i["start_date"]), symbol)
        for symbol, rows in metadata.mappings.items()
        for i in rows
    )
    days = header.intervals.first.astype("datetime64[D]").astype(str).tolist()
    names = [header.intervals.names[p] for p in header.intervals.place.tolist()]
    assert len(names) == 183_523
    assert sorted(zip(header.intervals.ids.tolist(), days, names, strict=True)) == expected


def test_definitions_and_open_interest_are_notes() -> None:
    _, notes, refused = by_us("definition-opra.dbn.zst")
    records = by_vendor("definition-opra.dbn.zst")[1:]
    assert refused == 0
    assert [(n.detail["contract"], n.detail["strike"], n.source_ts) for n in notes] == [
        (r.raw_symbol, r.strike_price, r.ts_recv) for r in records
    ]
    _, notes, _ = by_us("OPRA.PILLAR/test_data.statistics.dbn.zst")
    held = {r.quantity for r in by_vendor("OPRA.PILLAR/test_data.statistics.dbn.zst")[1:]}
    assert [c for n in notes for c in n.detail["contracts"].values()] == sorted(held) == [57_924]


def test_sums_of_the_trades() -> None:
    for name in taken():
        records = prints_of(by_vendor(name)[1:])
        scale = 1 if name.startswith("OPRA") else 10**6
        rows = [r for t, found in by_us(name)[0].items() if t.endswith("prints") for r in found]
        assert sum(r["price"] * r["size"] for r in rows) == sum(r.price * r.size * scale for r in records)


def test_the_book_of_the_order_records_is_that_of_the_levels() -> None:
    """The same minutes as mbo and as mbp-1: tops in common, where both end an event."""
    orders = by_us("XNAS.ITCH/test_data.mbo.dbn.zst")[0]["equities.quotes"]
    levels = by_us("XNAS.ITCH/test_data.mbp-1.dbn.zst")[0]["equities.quotes"]
    keys = ("source_ts", "bid", "ask", "bid_size", "ask_size")
    tops = {tuple(r[k] for k in keys) for r in levels}
    assert orders and {tuple(r[k] for k in keys) for r in orders} <= tops


def test_what_is_not_taken_is_said_in_one_sentence() -> None:
    refused = sorted(set(FILES) - set(taken()))
    assert len(refused) == 14
    for name in refused:
        with pytest.raises(UserError) as caught:
            DbnFeed([FOLDER / name])
        assert "allowed are" in str(caught.value) and "\n" not in str(caught.value)


def test_all_files_read_together_count_nothing_twice() -> None:
    feed = DbnFeed([FOLDER / n for n in taken()])
    found = list(feed.chunks())
    counts = {t: sum(len(c.batches[t]) for c in found if t in c.batches) for t in feed.inputs}
    assert counts["options.prints"] == 4
    assert counts["equities.prints"] == 8
    json.dumps(feed.identity)
    assert str(FOLDER) not in json.dumps(feed.identity)
