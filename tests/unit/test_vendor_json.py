"""Recorded answers of Alpaca and Polygon: rows by hand, what repeats, what is refused, and the recordings."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pytest

from connectors.errors import UserError
from connectors.feed import Chunk
from connectors.feeds.vendor_json import AlpacaJsonFeed, PolygonJsonFeed
from connectors.recorded import RecordedFeed, Selection
from schemas.columns import to_rows
from schemas.conditions import BIT

DATA: Final = Path(__file__).parents[3] / "shared" / "data"
recorded = pytest.mark.skipif(not DATA.is_dir(), reason="the recorded answers are not here")

CALL: Final = "SPY240426C00555000"
SERIES: Final = "SPY   240426C00555000"
TIME: Final = "2024-03-12T13:34:54.178322688Z"
NS: Final = 1_710_250_494_178_322_688
USD: Final = 10**9
MS: Final = 10**6


def written(path: Path, document: Any) -> Path:
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    return path


def rows(feed: RecordedFeed, topic: str) -> list[dict[str, Any]]:
    return [r for c in feed.chunks() if topic in c.batches for r in to_rows(c.batches[topic])]


def refusals(feed: RecordedFeed) -> list[tuple[str, str, str]]:
    return [(r.topic, r.source, r.reason) for c in feed.chunks() for r in c.rejects]


def alpaca(tmp_path: Path, *pages: Any) -> AlpacaJsonFeed:
    return AlpacaJsonFeed([written(tmp_path / "a.json", list(pages))])


def polygon(tmp_path: Path, results: Any, name: str = "v3_trades_AAPL.json", **more: Any) -> PolygonJsonFeed:
    return PolygonJsonFeed([written(tmp_path / name, {"results": results, "status": "OK", **more})])


def option_trade(**given: Any) -> dict[str, Any]:
    return {"t": TIME, "p": 0.24, "s": 3, "x": "M", "c": "j"} | given


def stock_trade(**given: Any) -> dict[str, Any]:
    return {"t": TIME, "p": 159.07, "s": 2.5, "x": "D", "c": ["@", "T", "I"], "i": 151, "z": "C"} | given


def test_an_alpaca_option_trade(tmp_path: Path) -> None:
    feed = alpaca(tmp_path, {"trades": {CALL: [option_trade()]}, "next_page_token": None})
    (row,) = rows(feed, "options.prints")
    assert (row["contract"], row["underlying"], row["source_ts"]) == (SERIES, "SPY", NS)
    assert (row["price"], row["size"], row["venue"], row["condition"]) == (240 * MS, 3, "M", "j")
    assert (row["event_ts"], row["has_event_ts"], row["trade_id"]) == (NS, False, "")
    assert feed.name == "alpaca_json"
    assert feed.capabilities["option_conditions"] is True
    assert feed.capabilities["participant_times"] is False


def test_an_alpaca_stock_trade_and_its_tape(tmp_path: Path) -> None:
    trades = [stock_trade(), stock_trade(c=["B"], z="A", x="N", i=2), stock_trade(c=["B"], x="Q", i=3)]
    first, second, third = rows(alpaca(tmp_path, {"trades": {"AAPL": trades}}), "equities.prints")
    assert (first["price"], first["size"]) == (159_070 * MS, 2_500_000)
    assert (first["off_exchange"], first["conditions"], first["trade_id"]) == (True, "@TI", "151")
    assert first["condition_bits"] == BIT["regular"] | BIT["extended_hours"] | BIT["odd_lot"]
    assert second["condition_bits"] == BIT["average_price"]
    assert third["condition_bits"] == BIT["bunched"]
    assert not second["off_exchange"]


def test_alpaca_quotes_count_lots_until_the_day_they_count_shares(tmp_path: Path) -> None:
    quote = {"ap": 158.65, "as": 1, "ax": "K", "bp": 159.52, "bs": 4, "bx": "Q", "c": ["R"], "z": "C"}
    old, new = {"t": "2025-10-31T14:00:00Z", **quote}, {"t": "2025-11-03T14:30:00Z", **quote}
    gone = {"t": "2025-11-03T14:30:01Z", **quote, "ap": 0, "as": 0, "ax": " "}
    feed = alpaca(tmp_path, {"quotes": {"AAPL": [old, new, gone]}})
    found = rows(feed, "equities.quotes")
    assert [r["bid_size"] for r in found] == [400 * MS, 4 * MS, 4 * MS]
    assert [(r["bid_venue"], r["ask_venue"]) for r in found] == [("Q", "K"), ("Q", "K"), ("Q", "none")]
    assert (found[2]["ask"], found[2]["ask_size"]) == (-1, 0)
    assert feed.capabilities["quote_scope"] == "nbbo"


def test_quotes_of_one_free_venue_are_no_national_best(tmp_path: Path) -> None:
    quote = {"t": TIME, "ap": 2, "as": 1, "ax": "V", "bp": 1, "bs": 4, "bx": "V", "c": ["R"], "z": "C"}
    assert alpaca(tmp_path, {"quotes": {"AAPL": [quote]}}).capabilities["quote_scope"] == "venue"


def test_every_shape_of_an_alpaca_answer(tmp_path: Path) -> None:
    def at(second: int) -> str:
        return f"2024-03-12T14:00:{second:02}Z"

    quote = {"ap": 2, "as": 1, "ax": "N", "bp": 1, "bs": 4, "bx": "N", "c": "A"}
    pages: tuple[dict[str, Any], ...] = (
        {"symbol": "AAPL", "trades": [stock_trade(t=at(1))], "next_page_token": "x"},
        {"symbol": "AAPL", "trade": stock_trade(t=at(2))},
        {"trade": {CALL: option_trade(t=at(3))}},
        {"snapshots": {CALL: {"latestQuote": {"t": at(4), **quote}, "latestTrade": option_trade(t=at(5))}}},
        {"AAPL": {"latestTrade": stock_trade(t=at(6)), "minuteBar": {"t": at(0), "o": 1}}},
        {"url": ["https://x/y"], "response": {"quotes": {CALL: {"t": at(7), **quote}}}},
        {"bars": {"AAPL": [{"t": at(8), "o": 1}]}},
        {"trades": {}, "next_page_token": None},
    )
    feed = alpaca(tmp_path, *pages)
    seconds = {
        t: [r["source_ts"] // USD % 60 for r in rows(feed, t)]
        for t in ("equities.prints", "options.prints", "options.nbbo")
    }
    assert seconds == {"equities.prints": [1, 2, 6], "options.prints": [3, 5], "options.nbbo": [4, 7]}
    assert refusals(feed) == []


def test_what_a_later_answer_repeats_counts_once(tmp_path: Path) -> None:
    twin = option_trade()
    page = {"trades": {CALL: [twin, twin, option_trade(p=0.3)]}}
    assert len(rows(alpaca(tmp_path, page), "options.prints")) == 3
    feed = alpaca(tmp_path, page, {"trades": {CALL: twin}}, {"trades": {CALL: [twin, twin, twin]}})
    assert len(rows(feed, "options.prints")) == 4
    other = written(tmp_path / "b.json", {**page, "next_page_token": "y"})
    both = AlpacaJsonFeed([tmp_path / "a.json", other])
    assert len(rows(both, "options.prints")) == 4


def test_pages_in_any_order_come_out_in_the_order_of_time(tmp_path: Path) -> None:
    times = [
        "2024-03-12T14:00:02Z",
        "2024-03-12T14:00:01.5Z",
        "2024-03-12T14:00:01.5Z",
        "2024-03-12T09:00:00-05:00",
    ]
    pages = [{"trades": {CALL: [option_trade(t=t, s=n) for n, t in enumerate(times, 1)]}}]
    found = rows(alpaca(tmp_path, *pages), "options.prints")
    assert [r["size"] for r in found] == [4, 3, 2, 1]
    assert found[0]["source_ts"] == 1_710_252_000 * USD


BAD_TRADES: Final[Mapping[str, dict[str, Any]]] = {
    "the price of a trade is not above zero": {"p": 0},
    "p is no number": {"p": "0.24"},
    "p is not finite": {"p": float("nan")},
    "p is above 10,000,000 USD": {"p": 1e12},
    "the size of a trade is not above zero": {"s": None},
    "s is no whole number": {"s": 0.5},
    "t is no time of the form 2024-03-12T13:34:54.178322688Z": {"t": "yesterday"},
    "it has no time": {"t": None},
    "t is no time between 1980 and 2100 in ns": {"t": 12},
    "exchange '?' is no letter": {"x": "?"},
    "c is neither texts nor numbers": {"c": [{}]},
}


@pytest.mark.parametrize("reason", BAD_TRADES)
def test_a_trade_that_is_none_is_refused_with_its_place(tmp_path: Path, reason: str) -> None:
    feed = alpaca(tmp_path, {"trades": {CALL: [option_trade(), option_trade(**BAD_TRADES[reason])]}})
    place = f"a.json:answer 1:trades.{CALL}.2"
    assert refusals(feed) == [("options.prints", place, reason)]
    assert len(rows(feed, "options.prints")) == 1


def test_symbols_that_name_nothing_are_refused(tmp_path: Path) -> None:
    page = {"trades": {CALL: [option_trade()], "SPY241326C00555000": [option_trade()], "": [stock_trade()]}}
    topics = [(topic, reason) for topic, _, reason in refusals(alpaca(tmp_path, page))]
    assert ("equities.prints", "'' is no symbol") in topics
    assert [t for t, _ in topics] == ["options.prints", "equities.prints"]


def stock_row(**given: Any) -> dict[str, Any]:
    plain = {
        "conditions": [12, 37],
        "exchange": 4,
        "id": "7",
        "price": 156.43,
        "sequence_number": 5,
        "tape": 3,
    }
    times = {"participant_timestamp": NS - MS, "sip_timestamp": NS, "trf_id": 201, "trf_timestamp": NS - 9}
    return {**plain, "size": 10, **times, **given}


def test_a_polygon_trade_of_a_finra_facility(tmp_path: Path) -> None:
    feed = polygon(tmp_path, [stock_row(), stock_row(exchange=12, correction=10, sequence_number=6)])
    first, second = rows(feed, "equities.prints")
    assert (first["source_ts"], first["event_ts"], first["has_event_ts"]) == (NS, NS - MS, True)
    assert (first["off_exchange"], first["venue"], first["vendor_seq"]) == (True, "D", 5)
    assert (first["underlying"], first["trade_id"], first["conditions"]) == ("AAPL", "7", "12,37")
    assert first["condition_bits"] == BIT["extended_hours"] | BIT["odd_lot"]
    assert (second["venue"], second["report"], first["report"]) == ("T", "cancel", "trade")
    assert feed.capabilities["participant_times"] is True
    assert feed.capabilities["sequence"] is True


def test_polygon_rows_newest_first_are_put_in_the_order_of_their_sequence(tmp_path: Path) -> None:
    feed = polygon(tmp_path, [stock_row(sequence_number=n, id=str(n)) for n in (9, 8, 7)])
    assert [r["vendor_seq"] for r in rows(feed, "equities.prints")] == [7, 8, 9]


def test_where_the_ticker_stands(tmp_path: Path) -> None:
    option = {"price": 0.5, "size": 2, "exchange": 302, "conditions": [227], "sip_timestamp": NS}
    in_next = {"next_url": "https://api.polygon.io/v3/trades/O:SPY240426C00555000?cursor=abc"}
    (row,) = rows(polygon(tmp_path, [option], "page.json", **in_next), "options.prints")
    assert (row["contract"], row["venue"], row["condition"]) == (SERIES, "C", "a")
    in_address = {
        "url": "https://api.polygon.io/v3/trades/TSLA?limit=2",
        "response": {"results": [stock_row()]},
    }
    in_address["response"]["status"] = "OK"  # type: ignore[index]
    feed = PolygonJsonFeed([written(tmp_path / "p.json", [in_address])])
    assert [r["underlying"] for r in rows(feed, "equities.prints")] == ["TSLA"]
    in_name = polygon(tmp_path, [stock_row()], "v3_trades_BRK.B_limit_2.json")
    assert [r["underlying"] for r in rows(in_name, "equities.prints")] == ["BRK.B"]
    named = polygon(tmp_path, [stock_row()], "page.json", ticker="MSFT")
    assert [r["underlying"] for r in rows(named, "equities.prints")] == ["MSFT"]
    last = {"T": "NVDA", "t": NS, "p": 2.5, "s": 1, "x": 11, "q": 3}
    assert [r["underlying"] for r in rows(polygon(tmp_path, last, "x.json"), "equities.prints")] == ["NVDA"]


def test_rows_of_no_known_ticker_are_refused(tmp_path: Path) -> None:
    good = written(tmp_path / "v3_trades_AAPL.json", {"results": [stock_row()], "status": "OK"})
    page = written(tmp_path / "page.json", {"results": [stock_row()], "status": "OK", "count": 1})
    feed = PolygonJsonFeed([good, page])
    assert refusals(feed) == [("equities.prints", "page.json:results.1", "the answer names no ticker")]


def test_a_polygon_quote_and_a_last_quote_in_short_names(tmp_path: Path) -> None:
    quote = {"ask_exchange": 15, "ask_price": 155.87, "ask_size": 3, "bid_price": 155.85, "bid_size": 4}
    quote |= {"bid_exchange": 19, "participant_timestamp": NS - 5, "sip_timestamp": NS}
    (row,) = rows(polygon(tmp_path, [quote], "v3_quotes_AAPL.json"), "equities.quotes")
    assert (row["bid"], row["ask"], row["bid_size"]) == (155_850 * MS, 155_870 * MS, 400 * MS)
    assert (row["bid_venue"], row["ask_venue"], row["event_ts"]) == ("Z", "V", NS - 5)
    last = {"T": "AAPL", "P": 3, "S": 1, "X": 12, "p": 2.5, "s": 2, "x": 11, "t": NS, "y": NS - 1}
    (row,) = rows(polygon(tmp_path, last, "x.json"), "equities.quotes")
    assert (row["bid"], row["ask"], row["bid_venue"], row["ask_venue"]) == (2.5 * USD, 3 * USD, "P", "T")


def test_a_snapshot_gives_what_carries_a_time(tmp_path: Path) -> None:
    snapshot = {
        "details": {"ticker": "O:" + CALL, "contract_type": "call", "expiration_date": "2024-04-26"},
        "last_quote": {"ask": 2, "ask_size": 5, "bid": 0, "bid_size": 0, "last_updated": NS},
        "last_trade": {
            "price": 1.5,
            "size": 1,
            "conditions": [209],
            "exchange": 309,
            "sip_timestamp": NS + 1,
        },
        "open_interest": 77,
    }
    feed = polygon(tmp_path, [snapshot], "snapshot.json")
    assert [(r["venue"], r["condition"]) for r in rows(feed, "options.prints")] == [("J", "I")]
    assert [(r["bid"], r["ask"]) for r in rows(feed, "options.nbbo")] == [(0, 2 * USD)]
    notes = {n.name: n for c in feed.chunks() for n in c.notes}
    assert notes["open_interest"].detail["open_interest"] == 77
    assert notes["open_interest"].source_ts == NS + 1
    assert notes["definition"].detail["expiry"] == 20240426


def test_contracts_count_from_the_beginning_of_the_recording(tmp_path: Path) -> None:
    contract = {"ticker": "O:" + CALL, "strike_price": 555, "expiration_date": "2024-04-26"}
    contract |= {"contract_type": "call", "shares_per_contract": 10, "underlying_ticker": "SPY"}
    page = {"results": [contract], "status": "OK"}
    alone = written(tmp_path / "contracts.json", page)
    with pytest.raises(UserError, match=r"contracts\.json: contracts alone have no time"):
        PolygonJsonFeed([alone])
    trades = written(tmp_path / "v3_trades_AAPL.json", {"results": [stock_row()], "status": "OK"})
    ((note,),) = [c.notes for c in PolygonJsonFeed([alone, trades]).chunks() if c.notes]
    assert (note.source_ts, note.detail["multiplier"], note.detail["strike"]) == (NS, 10, 555 * USD)


SENTENCES: Final = {
    "is cut short at line 1": '{"trades": {"AAPL": [{"t": "2024',
    "is no JSON at line 1": "{trades: 1}",
    "holds no answer of a vendor": "[1, 2]",
    "holds no answers of Alpaca": '{"results": [], "status": "OK"}',
    "no trade, quote or contract": '{"bars": {"AAPL": []}}',
    "is empty": "",
}


@pytest.mark.parametrize("sentence", SENTENCES)
def test_a_file_that_cannot_be_taken_is_refused_in_one_sentence(tmp_path: Path, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence) as caught:
        AlpacaJsonFeed([written(tmp_path / "a.json", SENTENCES[sentence])])
    assert "a.json" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_one_answer_a_line_is_a_recording_too(tmp_path: Path) -> None:
    lines = [{"trades": {CALL: [option_trade(s=n)]}} for n in (1, 2)]
    path = written(tmp_path / "a.jsonl", "\n".join(json.dumps(x) for x in lines) + "\n")
    assert [r["size"] for r in rows(AlpacaJsonFeed([path]), "options.prints")] == [1, 2]


def test_symbols_and_times_are_chosen(tmp_path: Path) -> None:
    trades = {"AAPL": [stock_trade(i=1), stock_trade(i=2, t="2024-03-12T15:00:00Z")], "TSLA": [stock_trade()]}
    path = written(tmp_path / "a.json", {"trades": trades})
    feed = AlpacaJsonFeed([path], Selection(("AAPL",), NS + 1))
    assert [r["trade_id"] for r in rows(feed, "equities.prints")] == ["2"]
    assert list(feed.identity["files"]) == ["a.json"]  # type: ignore[call-overload]


def counted(chunks: list[Chunk]) -> dict[str, int]:
    topics = sorted({t for c in chunks for t in c.batches})
    return {t: sum(len(c.batches[t]) for c in chunks if t in c.batches) for t in topics}


def distinct(
    responses: list[Any], keys: tuple[str, ...], inner: str, is_option: bool
) -> list[dict[str, Any]]:
    """All rows of some answers of Alpaca by the json module alone, those that repeat once."""
    found: dict[str, dict[str, Any]] = {}
    for response in responses:
        for key in keys:
            for symbol, value in response.get(key, {}).items():
                for row in value if isinstance(value, list) else [value]:
                    found[json.dumps([symbol, row], sort_keys=True)] = row
        for symbol, value in {**response, **response.get("snapshots", {})}.items():
            if isinstance(value, dict) and inner in value:
                found[json.dumps([symbol, value[inner]], sort_keys=True)] = value[inner]
    assert all(("i" in r or "bx" in r) or is_option for r in found.values())
    return list(found.values())


@recorded
@pytest.mark.parametrize("kind", ["option", "stock"])
def test_the_recorded_alpaca_answers_by_the_json_module(kind: str) -> None:
    path = DATA / "alpaca" / f"historical_{kind}_responses.json"
    responses = [x["response"] for x in json.loads(path.read_text())]
    feed = AlpacaJsonFeed([path])
    market = {"option": ("options.prints", "options.nbbo"), "stock": ("equities.prints", "equities.quotes")}[
        kind
    ]
    trades = distinct(responses, ("trades", "trade"), "latestTrade", kind == "option")
    quotes = distinct(responses, ("quotes",), "latestQuote", kind == "option")
    assert counted(list(feed.chunks())) == {market[0]: len(trades), market[1]: len(quotes)}
    assert refusals(feed) == []
    scale = 1 if kind == "option" else MS
    found = rows(feed, market[0])
    assert sum(r["price"] * r["size"] for r in found) == sum(
        round(r["p"] * USD) * round(r["s"] * scale) for r in trades
    )
    assert sorted(r["venue"] for r in found) == sorted(r["x"] for r in trades)
    assert [r["source_ts"] for r in found] == sorted(r["source_ts"] for r in found)
    lot = 1 if kind == "option" else 100 * MS
    both = rows(feed, market[1])
    assert sum(r["bid"] * r["bid_size"] for r in both) == sum(
        round(r["bp"] * USD) * r["bs"] * lot for r in quotes
    )
    assert sum(r["ask"] * r["ask_size"] for r in both) == sum(
        round(r["ap"] * USD) * r["as"] * lot for r in quotes
    )


@recorded
def test_the_recorded_polygon_answers_by_the_json_module() -> None:
    files = sorted((DATA / "polygon").glob("*.json"))
    pages = {p.name: json.loads(p.read_text())["results"] for p in files}
    feed = PolygonJsonFeed(files)
    counts = counted(list(feed.chunks()))
    assert counts == {"options.prints": 1, "options.nbbo": 1, "equities.prints": 2, "equities.quotes": 10}
    assert refusals(feed) == []
    quotes = pages["v3_quotes_AAPL.json"]
    found = rows(feed, "equities.quotes")
    assert [r["source_ts"] for r in found] == sorted(q["sip_timestamp"] for q in quotes)
    assert sum(r["bid"] * r["bid_size"] for r in found) == sum(
        round(q["bid_price"] * USD) * q["bid_size"] * 100 * MS for q in quotes
    )
    trades = pages["v3_trades_AAPL_limit_2.json"]
    prints = rows(feed, "equities.prints")
    assert [(r["price"], r["event_ts"], r["vendor_seq"]) for r in prints] == [
        (round(t["price"] * USD), t["participant_timestamp"], t["sequence_number"]) for t in trades
    ]
    notes = [n for c in feed.chunks() for n in c.notes]
    assert sum(n.name == "definition" for n in notes) == len(pages["v3_reference_options_contracts.json"]) + 1
    assert [n.detail["open_interest"] for n in notes if n.name == "open_interest"] == [8133]
