"""LOBSTER files: who took, what was hidden, the book's best quote before the event, and bad lines."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from connectors.errors import UserError
from connectors.feed import Chunk, Note, Reject
from connectors.feeds import lobster
from connectors.recorded import RecordedFeed
from connectors.table_feed import InputFile
from schemas.columns import Batch, concat, to_rows
from schemas.conditions import names_of

S = 1_000_000_000
DAY = "2012-06-21"
MIDNIGHT = 1_340_251_200 * S  # 21 June 2012 in New York
EMPTY_ASK, EMPTY_BID = 9_999_999_999, -9_999_999_999


@dataclass
class Market:
    """A book of limit orders kept by hand; each event adds one line to both files."""

    levels: int = 2
    orders: dict[int, tuple[int, int, int]] = field(default_factory=dict)  # id: side, price, size
    messages: list[str] = field(default_factory=list)
    books: list[str] = field(default_factory=list)
    tops: list[tuple[int, int, int, int]] = field(default_factory=list)
    clock: float = 34_200.0
    last_id: int = 100

    def _side(self, side: int) -> list[tuple[int, int]]:
        prices: dict[int, int] = {}
        for of, price, size in self.orders.values():
            if of == side:
                prices[price] = prices.get(price, 0) + size
        return sorted(prices.items(), reverse=side == 1)

    def write(self, kind: int, order: int, size: int, price: int, side: int) -> None:
        self.clock += 0.000123456
        self.messages.append(f"{self.clock:.9f},{kind},{order},{size},{price},{side}")
        asks, bids, cells = self._side(-1), self._side(1), []
        for level in range(self.levels):
            ask = asks[level] if level < len(asks) else (EMPTY_ASK, 0)
            bid = bids[level] if level < len(bids) else (EMPTY_BID, 0)
            cells += [*ask, *bid]
        self.books.append(",".join(map(str, cells)))
        self.tops.append((cells[2], cells[3], cells[0], cells[1]))

    def post(self, side: int, price: int, size: int) -> int:
        self.last_id += 1
        self.orders[self.last_id] = (side, price, size)
        self.write(1, self.last_id, size, price, side)
        return self.last_id

    def take(self, order: int, size: int, kind: int = 4) -> None:
        side, price, left = self.orders[order]
        self.orders[order] = (side, price, left - size)
        if left == size:
            del self.orders[order]
        self.write(kind, order, size, price, side)

    def save(self, folder: Path, symbol: str = "IBM", day: str = DAY) -> list[InputFile]:
        stem = f"{symbol}_{day}_34200000_57600000"
        texts = {"message": self.messages, "orderbook": self.books}
        out = []
        for kind, lines in texts.items():
            name = f"{stem}_{kind}_{self.levels}.csv"
            (folder / name).write_text("\n".join([*lines, ""]))
            out.append(InputFile(folder / name, name))
        return out


def market() -> tuple[Market, dict[str, int]]:
    m = Market()
    ids = {
        "bid": m.post(1, 1_911_400, 300),
        "ask": m.post(-1, 1_911_600, 200),
        "deep": m.post(-1, 1_912_000, 900),
    }
    return m, ids


def read(files: list[InputFile]) -> tuple[list[Chunk], RecordedFeed]:
    feed = lobster.open_feed(files)
    return list(feed.chunks()), feed


def rows_of(chunks: list[Chunk], topic: str) -> Batch:
    return concat([c.batches[topic] for c in chunks])


def rejects_of(chunks: list[Chunk]) -> list[Reject]:
    return [r for c in chunks for r in c.rejects]


def test_whoever_took_is_on_the_other_side_of_the_resting_order(tmp_path: Path) -> None:
    m, ids = market()
    m.take(ids["ask"], 150)
    m.take(ids["bid"], 300)
    chunks, feed = read(m.save(tmp_path))
    buy, sell = to_rows(rows_of(chunks, "equities.prints"))
    assert (buy["aggressor"], buy["price"], buy["size"]) == ("buy", 191_160_000_000, 150_000_000)
    assert (sell["aggressor"], sell["price"], sell["venue"]) == ("sell", 191_140_000_000, "Q")
    assert not buy["is_hidden"] and not buy["off_exchange"]
    assert buy["source_ts"] == MIDNIGHT + round((34_200 + 4 * 0.000123456) * S)
    assert (feed.capabilities["true_side"], feed.symbols) == ("resting-derived", ("IBM",))


@pytest.mark.parametrize(
    ("day", "side"), [("2014-07-11", "buy"), ("2014-07-14", "none"), ("2020-03-02", "none")]
)
def test_hidden_executions_have_a_side_only_before_14_july_2014(tmp_path: Path, day: str, side: str) -> None:
    m, ids = market()
    m.take(ids["deep"], 100, kind=5)
    chunks, feed = read(m.save(tmp_path, day=day))
    (row,) = to_rows(rows_of(chunks, "equities.prints"))
    assert (row["is_hidden"], row["aggressor"]) == (True, side)
    assert feed.capabilities["is_hidden_signed"] is (side == "buy")


def test_the_quote_strictly_before_an_execution_is_that_of_the_book_before_it(tmp_path: Path) -> None:
    m, ids = market()
    m.take(ids["ask"], 200)
    chunks, _ = read(m.save(tmp_path))
    quotes, prints = rows_of(chunks, "equities.quotes"), rows_of(chunks, "equities.prints")
    before = int(np.searchsorted(quotes["source_ts"], prints["source_ts"][0])) - 1
    assert quotes["ask"][before] == prints["price"][0] == 191_160_000_000
    assert quotes["ask"][before + 1] == 191_200_000_000


def test_quotes_are_the_changes_of_the_best_prices_and_sizes(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    m = Market(levels=3)
    for _ in range(400):
        side = 1 if rng.random() < 0.5 else -1
        rest = [i for i, (of, _, _) in m.orders.items() if of == side]
        if len(rest) > 3 and rng.random() < 0.5:
            best = min(rest, key=lambda i: -side * m.orders[i][1])
            m.take(best, m.orders[best][2])
        else:
            m.post(side, 1_000_000 - side * 100 * int(rng.integers(1, 8)), 100 * int(rng.integers(1, 5)))
    chunks, _ = read(m.save(tmp_path))
    found = [
        (r["bid"], r["bid_size"], r["ask"], r["ask_size"])
        for r in to_rows(rows_of(chunks, "equities.quotes"))
    ]
    expected: list[tuple[int, ...]] = []
    for bid, bid_size, ask, ask_size in m.tops:
        top = (
            bid * 10**5 if bid != EMPTY_BID else -1,
            bid_size * 10**6,
            ask * 10**5 if ask != EMPTY_ASK else -1,
            ask_size * 10**6,
        )
        if not expected or expected[-1] != top:
            expected.append(top)
    assert found == expected
    executed = [line.split(",") for line in m.messages if line.split(",")[1] == "4"]
    prints = rows_of(chunks, "equities.prints")
    assert prints["size"].tolist() == [int(e[3]) * 10**6 for e in executed]
    assert int(prints["price"].sum()) == sum(int(e[4]) for e in executed) * 10**5


def test_crosses_have_no_side_and_say_which_they_are(tmp_path: Path) -> None:
    m, _ = market()
    for order in (-1, -2, -3):
        m.write(6, order, 5_000, 1_911_500, -1)
    chunks, _ = read(m.save(tmp_path))
    rows = to_rows(rows_of(chunks, "equities.prints"))
    assert {r["aggressor"] for r in rows} == {"none"}
    assert [names_of(r["condition_bits"]) for r in rows] == [
        ("opening", "cross"),
        ("closing", "cross"),
        ("cross",),
    ]


def test_halts_become_notes(tmp_path: Path) -> None:
    m, _ = market()
    for price in (-1, 0, 1, 7):
        m.write(7, 0, 0, price, -1)
    chunks, _ = read(m.save(tmp_path))
    notes: list[Note] = [n for c in chunks for n in c.notes]
    assert [n.detail["action"] for n in notes] == ["halt", "quoting", "trading", "unknown"]
    assert {(n.name, n.underlying) for n in notes} == {("status", "IBM")}
    assert [n.detail["is_trading"] for n in notes] == [False, False, True, None]
    assert not rejects_of(chunks)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("34200.0005,4,1,100,NaN,1", "price is 'NaN'"),
        ("34200.0005,4,1,100,0,1", "price of an execution"),
        ("34200.0005,5,1,-100,1911600,1", "size of an execution"),
        ("34200.0005,4,1,100,1911600,0", "direction is neither"),
        ("34200.0005,9,1,100,1911600,1", "none of 1 to 7"),
        ("34100.5,1,1,100,1911600,1", "runs backwards"),
        ("-5,1,1,100,1911600,1", "time is negative"),
        ("99999,1,1,100,1911600,1", "after the end of the day"),
        ("inf,1,1,100,1911600,1", "time is 'inf'"),
        ("34200.0005,1,1,100", "4 columns where 6"),
    ],
)
def test_a_bad_message_is_refused_and_its_neighbours_stay(tmp_path: Path, line: str, reason: str) -> None:
    m, ids = market()
    m.take(ids["ask"], 50)
    m.messages.append(line)
    m.books.append(m.books[-1])
    m.take(ids["ask"], 50)
    chunks, _ = read(m.save(tmp_path))
    assert len(rows_of(chunks, "equities.prints")) == 2
    refused = next(r for r in rejects_of(chunks) if r.topic == "equities.prints")
    assert reason in refused.reason
    assert (refused.raw, refused.source.rpartition(":")[2]) == (line.encode(), "5")
    for topic in ("equities.prints", "equities.quotes"):
        rejected = sum(r.topic == topic for r in rejects_of(chunks))
        assert sum(c.read[topic] for c in chunks) == len(rows_of(chunks, topic)) + rejected


@pytest.mark.parametrize(
    "line", ["x,1,2,3,4,5,6,7", "1911600,-5,1911400,1,1,1,1,1", "1,2,3", "-4,5,1911400,1,1,1,1,1"]
)
def test_a_bad_line_of_the_book_is_refused_and_the_execution_stays(tmp_path: Path, line: str) -> None:
    m, ids = market()
    m.take(ids["ask"], 50)
    m.books[-1] = line
    m.take(ids["ask"], 50)
    chunks, _ = read(m.save(tmp_path))
    (refused,) = rejects_of(chunks)
    assert (refused.topic, refused.raw) == ("equities.quotes", line.encode())
    assert refused.source.endswith("orderbook_2.csv:4")
    assert len(rows_of(chunks, "equities.prints")) == 2


def test_pieces_of_both_files_stay_line_by_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    m, _ = market()
    for k in range(200):
        m.post(1, 1_900_000 - k % 7 * 100, 100)
    m.messages[50], m.books[90] = "broken", "broken"
    files = m.save(tmp_path)
    whole, _ = read(files)
    monkeypatch.setattr("connectors.tabular.PIECE_BYTES", 700)
    pieces, feed = read(files)
    for topic in ("equities.prints", "equities.quotes"):
        assert to_rows(rows_of(pieces, topic)) == to_rows(rows_of(whole, topic))
    assert [(r.source, r.reason) for r in rejects_of(pieces)] == [
        (r.source, r.reason) for r in rejects_of(whole)
    ]
    assert feed.share_done == 1.0


def test_messages_alone_give_executions_alone(tmp_path: Path) -> None:
    m, ids = market()
    m.take(ids["ask"], 50)
    chunks, feed = read(m.save(tmp_path)[:1])
    assert feed.inputs == ("equities.prints",)
    assert feed.capabilities["quote_scope"] == "none"
    assert len(rows_of(chunks, "equities.prints")) == 1


def test_files_that_do_not_belong_together_are_said_in_one_sentence(tmp_path: Path) -> None:
    m, _ = market()
    messages, book = m.save(tmp_path)
    with pytest.raises(UserError, match="its message file is missing"):
        read([book])
    odd = tmp_path / "trades.csv"
    odd.write_text("1,2,3")
    with pytest.raises(UserError, match="not named as LOBSTER"):
        read([InputFile(odd, "trades.csv")])
    book.path.write_text("\n".join([*m.books, m.books[-1], ""]))
    with pytest.raises(UserError, match=r"3 lines and .* 4; they belong line by line"):
        read([messages, book])
    book.path.write_text("1,2,3,4\n")
    with pytest.raises(UserError, match="has 4 columns where 8 are expected"):
        read([messages, book])
    with pytest.raises(UserError, match="2012-13-21 is no date"):
        read(m.save(tmp_path, day="2012-13-21"))


def test_several_days_and_symbols_make_one_feed(tmp_path: Path) -> None:
    files: list[InputFile] = []
    for symbol, day in (("IBM", "2012-06-22"), ("BRK.B", DAY), ("IBM", DAY)):
        m, ids = market()
        m.take(ids["ask"], 50)
        m.clock += ord(symbol[0])
        m.take(ids["ask"], len(files) + 1)
        files += m.save(tmp_path, symbol, day)
    chunks, feed = read(files)
    assert [c.session.name for c in chunks if c.session] == [DAY, "2012-06-22"]
    assert feed.symbols == ("BRK.B", "IBM")
    assert len(rows_of(chunks, "equities.prints")) == 6


def test_a_day_without_trading_gives_nothing(tmp_path: Path) -> None:
    m, ids = market()
    m.take(ids["ask"], 50)
    with pytest.raises(UserError, match="nothing is left"):
        read(m.save(tmp_path, day="2012-06-23"))
