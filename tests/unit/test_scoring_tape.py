"""The scorer on a tape made by hand, through the real flow: what is planted is what is found."""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
import pytest

from connectors.errors import UserError
from connectors.feed import Chunk, SessionStart
from connectors.memory_log import raw_log
from schemas.columns import from_rows
from schemas.partition import partition
from schemas.topics import TOPIC
from scoring import alerts, dark, opening, packages, parents, scorer, side, tapes
from scoring.claims import members
from scoring.report import drawn, grids, markdown
from scoring.run import EQUITY_SIDE, OPTION_SIDE, PACKETS, flow
from scoring.truth import NOTHING, Truth, beside, truth_of

START = 1_700_000_000 * 10**9
SECOND = 10**9
MILLISECOND = 10**6
USD = 10**9
Flags = npt.NDArray[np.bool_]
SERIES = "IBM   240119C00100000"
PRINTS = 1800


class HandFeed:
    """Half an hour of one stock and one series: a quote a second, then prints at bid or ask by `buys`."""

    name = "hand"
    is_synthetic = True
    is_paced_live = False
    identity: Mapping[str, object] = {"hand": 1}
    inputs = ("options.prints", "options.nbbo", "equities.prints", "equities.quotes")
    symbols = ("IBM",)
    heartbeat_ns = 200 * MILLISECOND

    def __init__(
        self, buys: np.ndarray, true_side: str = "none", aggressor: np.ndarray | None = None
    ) -> None:
        self.buys, self.aggressor = buys, aggressor
        self.capabilities: Mapping[str, object] = {"true_side": true_side}

    def chunks(self, start: int = 0) -> Iterator[Chunk]:
        session = SessionStart("day", START, START, START + 3600 * SECOND, 0)
        rows: dict[str, list[dict[str, Any]]] = {t: [] for t in self.inputs}
        for i, is_buy in enumerate(self.buys.tolist()):
            at = START + (i + 1) * SECOND
            for topic in ("options.nbbo", "equities.quotes"):
                sizes = {"bid_size": 10, "ask_size": 4, "bid_venue": "C", "ask_venue": "N"}
                rows[topic].append(self._row(topic, at, bid=100 * USD, ask=101 * USD, **sizes))
            price = (101 if is_buy else 100) * USD
            for topic, venue in (("options.prints", "CNX"[i % 3]), ("equities.prints", "NPQ"[i % 3])):
                more = {"aggressor": "none" if self.aggressor is None else self.aggressor[i]}
                rows[topic].append(
                    self._row(topic, at + 300 * MILLISECOND, price=price, size=10, venue=venue, **more)
                )
        upto = START + (len(self.buys) + 2) * SECOND - 1
        batches = {t: from_rows(TOPIC[t], r) for t, r in rows.items()}
        yield Chunk(session, batches, (), {t: len(r) for t, r in rows.items()}, upto)

    def _row(self, topic: str, at: int, **values: Any) -> dict[str, Any]:
        row = {"kind": "data", "seq": 0, "source_ts": at, "event_ts": at, "underlying": "IBM", **values}
        if topic.startswith("options"):
            row["contract"] = SERIES
        else:
            row |= {k: row[k] * 10**6 for k in ("size", "bid_size", "ask_size") if k in row}
        if topic == "options.prints":
            row |= {"price_low": -1, "price_high": -1, "multiplier": 100, "condition": "I", "is_bar": False}
        if topic == "equities.prints":
            row |= {"off_exchange": False, "conditions": "", "condition_bits": 0, "has_event_ts": True}
        return row


RNG = np.random.default_rng(5)
BUYS = RNG.random(PRINTS) < 0.5
IS_RIGHT = RNG.random(PRINTS) < 0.8  # of the aggressors: the rest bought at the bid, as resting orders do


@cache
def logs() -> Any:
    return raw_log(HandFeed(BUYS), 10)


@cache
def outputs() -> dict[str, pl.DataFrame]:
    wanted = {"options.placed": OPTION_SIDE, "equities.joins": EQUITY_SIDE}
    return flow(logs(), {**wanted, "flow.packets": (*PACKETS, "status", "package_members")})


def fills(**columns: Any) -> Truth:
    """Return truth in the order of the prints; what is not given is nothing."""
    aggressor = np.where(BUYS == IS_RIGHT, 1, -1)
    given: dict[str, Any] = {"aggressor": aggressor, "exact_ts": np.arange(PRINTS) * SECOND, **columns}
    both = []
    for topic in ("options.prints", "equities.prints"):
        seq = outputs()["options.placed" if topic[0] == "o" else "equities.joins"]["print_seq"]
        table = pl.DataFrame({"topic": topic, "partition": partition("IBM"), "seq": seq}).with_columns(
            **{k: pl.Series(v) for k, v in given.items()},
            **{k: pl.lit(v) for k, v in NOTHING.items() if k not in given},
        )
        both.append(table)
    return truth_of({"fills": pl.concat(both)})


def scores(truth: Truth) -> dict[tuple[str, str, str], Any]:
    rows = side.rows_of(outputs(), None, truth, 1)
    return {(s["topic"], s["target"], s["method"]): s for s in side.score(rows, {})}


def test_side_is_right_where_the_quote_shows_it() -> None:
    found = scores(fills(customer=np.where(BUYS, 1, -1)))
    for topic in ("options.prints", "equities.prints"):
        quote = found[topic, "aggressor", "quote"]
        assert (quote["n"], quote["coverage"]) == (PRINTS, 1.0)
        assert quote["accuracy"] == pytest.approx(IS_RIGHT.mean())
        low, high = quote["accuracy_blocks"]
        assert low < IS_RIGHT.mean() < high
        assert found[topic, "customer", "quote"]["accuracy"] == 1.0, "the two targets are mixed"
        assert quote["baseline"]["accuracy"] < 0.55
        assert set(quote["splits"]["place"]) == {"at quote"}
        assert quote["splits"]["venue"].keys() == set("CNX" if topic[0] == "o" else "NPQ")
        assert sum(b["n"] for b in quote["splits"]["venue"].values()) == PRINTS
    product = found["options.prints", "aggressor", "product"]
    assert product["accuracy"] == pytest.approx(IS_RIGHT.mean(), abs=0.01)
    assert found["options.prints", "aggressor", "gsu_large"]["uses_future"]


def test_the_venue_of_the_best_quote_is_that_venues_own() -> None:
    """Every print is of the bid's size; only those at the venue that made the bid filled it there."""
    rows = side.rows_of(outputs(), scorer.venues(tapes.Tape(1, logs(), fills(), 1.0)), fills(), 1)
    found = rows["options.prints"]
    assert (found["m_trade_size"] == 1).all()
    np.testing.assert_array_equal(found["m_trade_size_venue"] == 1, found["venue"] == "C")


def test_a_side_without_a_customer_is_left_out_and_counted() -> None:
    customer = np.where(np.arange(PRINTS) % 3 == 0, 0, 1)
    quote = scores(fills(customer=customer))["options.prints", "customer", "quote"]
    assert (quote["n"], quote["undefined"]) == (PRINTS * 2 // 3, PRINTS // 3)


@pytest.mark.parametrize("how", ["sides", "venues", "times"])
def test_dealing_the_truth_brings_sides_to_their_base_rate(how: str) -> None:
    found = scores(fills(customer=np.where(BUYS, 1, -1)))
    for (_, target, method), s in found.items():
        if s["coverage"] and s["coverage"] > 0.5:
            assert s["null"][how] == pytest.approx(s["null"]["base_rate"], abs=0.05), (target, method)


def test_truth_must_know_every_print() -> None:
    truth = fills()
    with pytest.raises(ValueError, match="knows nothing of 1 of 1800 prints"):
        beside(
            outputs()["options.placed"],
            Truth(truth.fills[1:], truth.parents, truth.packages),
            "options.prints",
        )


def test_cancels_and_repeats_are_no_fills() -> None:
    reports = np.array(["original", "cancel", "duplicate", "cancelled"])[np.arange(PRINTS) % 4]
    found = beside(outputs()["options.placed"], fills(report=reports), "options.prints")
    assert len(found.rows) == PRINTS // 2
    assert found.left_out == {"cancel": PRINTS // 4, "duplicate": PRINTS // 4}


def test_parents_of_one_print_each_are_no_pairs_and_of_ten_are() -> None:
    """Prints a second apart are no packet; truth of ten prints a parent is recalled by nobody."""
    truth = fills(order_id=np.arange(PRINTS), parent_id=np.arange(PRINTS) // 10)
    rows = parents.rows_of(outputs(), truth, 1)
    found = {(s["target"], s["method"]): s for s in parents.score([rows])}
    assert found["order", "product"]["recall"] is None, "orders of one print hold no pair"
    assert found["parent", "product"]["recall"] == 0.0
    assert found["burst", "product"]["recall"] is None, "a second apart is another burst"
    wide = rows.with_columns(pl.col("g_parent").alias("c_product"))
    again = {(s["target"], s["method"]): s for s in parents.score([wide, wide])}
    perfect = again["parent", "product"]
    assert (perfect["precision"], perfect["recall"]) == (1.0, 1.0), "runs were mixed"
    assert all(perfect["null"][how] < 0.05 for how in ("sides", "venues", "times"))


def test_package_claims_are_scored_by_pairs_and_class() -> None:
    """Ten packages of two legs; the claims hold three, one of them with the wrong class."""
    ids = np.where(np.arange(PRINTS) < 20, np.arange(PRINTS) // 2, -1)
    names = ["vertical"] * 6 + ["roll"] * 4
    table = {
        "package_id": range(10),
        "underlying": "IBM",
        "class": names,
        "start_ts": 0,
        "purpose": "package",
    }
    truth = fills(package_id=ids)
    known = Truth(truth.fills, truth.parents, truth_of({"packages": pl.DataFrame(table)}).packages)
    packets = outputs()["flow.packets"]
    seqs = outputs()["options.placed"]["print_seq"].to_list()
    claims = [seqs[0:2], seqs[2:4], seqs[12:14]]
    claimed = packets[:4].with_columns(
        pl.Series("package_members", [json.dumps(c) for c in claims] + ["[]"]),
        pl.Series("package_class", ["vertical", "roll", "roll", ""]),
    )
    rows = packages.rows_of({**outputs(), "flow.packets": claimed}, known, 1)
    product = packages.score([rows])[0]
    assert (product["precision"], product["recall"]) == (1.0, pytest.approx(0.3))
    assert product["coverage"] == pytest.approx(0.3)
    assert product["class_accuracy"] == pytest.approx(2 / 3)
    vertical, roll = product["classes"]["vertical"], product["classes"]["roll"]
    assert (vertical["n"], vertical["precision"], vertical["recall"]) == (6, 1.0, pytest.approx(1 / 6))
    assert (roll["n"], roll["precision"], roll["recall"]) == (4, 0.5, 0.25)


def test_no_package_claims_are_a_coverage_of_nothing() -> None:
    product = packages.score([packages.rows_of(outputs(), fills(), 1)])[0]
    assert (product["coverage"], product["precision"]) == (None, None)


def test_one_violated_bound_is_counted() -> None:
    placed = outputs()["options.placed"].with_columns(
        pl.lit(4, pl.Int64).alias("opened_min_buy"), pl.lit(0, pl.Int64).alias("opened_min_sell")
    )
    opened = np.where(np.arange(PRINTS) == 7, 3, 10)
    rows = opening.rows_of({"options.placed": placed}, fills(open_buy=opened, open_sell=opened), 1)
    product, baseline = (s for s in opening.score([rows]) if s["method"] in ("product", "all_of_it_opened"))
    assert (product["violated"], product["coverage"]) == (1, 0.5)
    assert product["precision"] == pytest.approx(1 - 1 / PRINTS)
    assert product["classes"]["sell"]["coverage"] == 0.0
    assert (baseline["violated"], baseline["precision"]) == (2, pytest.approx(1 - 1 / PRINTS))


def test_the_identity_counts_what_traded_before_and_the_badge_does_not() -> None:
    """Ten contracts a print, twelve open before: the first print proves nothing, later ones nothing either.

    With four open, the first print opened at least six, the second none; the badge says ten of each.
    """
    for before, first in ((12, 0), (4, 6)):
        interest = pl.DataFrame({"contract": [SERIES], "open_interest": [before]})
        rows = opening.rows_of(outputs(), fills(open_buy=np.full(PRINTS, 6)), 1, interest)
        assert rows["b_identity_buy"].to_list()[:3] == [first, 0, 0]
        assert rows["b_size_over_oi_buy"].to_list()[:2] == ([10, 10] if before == 4 else [0, 0])
        identity, badge = (s for s in opening.score([rows]) if s["method"] in ("identity", "size_over_oi"))
        assert identity["classes"]["buy"]["violated"] == 0
        assert badge["classes"]["buy"]["violated"] == (PRINTS if before == 4 else 0)


def test_a_bound_that_a_later_print_weakens_counts_by_what_stands_of_it() -> None:
    """The first print opened 6 of 10 where 4 were open; it said 9, and later prints leave 6 or 7 of that."""
    interest = pl.DataFrame({"contract": [SERIES], "open_interest": [4]})
    truth = fills(open_buy=np.full(PRINTS, 6), open_sell=np.full(PRINTS, 6))
    bare = outputs()["options.placed"]
    first = int(bare["print_seq"][0])
    said = pl.Series("opened_min_buy", [9] + [0] * (PRINTS - 1))
    for left, violated in ((6, 0), (7, 2)):
        texts = ["[]"] * (PRINTS - 2) + [f"[[{first},8]]", f"[[{first},{left}]]"]
        claims = bare.with_columns(said, said.alias("opened_min_sell"), pl.Series("weakens", texts))
        rows = opening.rows_of({"options.placed": claims}, truth, 1, interest)
        product = opening.score([rows])[0]
        assert (product["violated"], product["violated_when_said"]) == (violated, 2)
        assert product["violated_by_seed"] == {"1": violated}
        assert product["violated_by_the_truth"] == 0
        assert (product["provable_contracts"], product["provable_claimed"]) == (12, 1.0)


def test_a_truth_that_closes_more_than_is_open_is_told_apart() -> None:
    interest = pl.DataFrame({"contract": [SERIES], "open_interest": [4]})
    said = pl.Series("opened_min_buy", [6] + [0] * (PRINTS - 1))
    claims = outputs()["options.placed"].with_columns(said, said.alias("opened_min_sell"))
    truth = fills(open_buy=np.full(PRINTS, 6), open_sell=np.zeros(PRINTS, np.int64))
    product = opening.score([opening.rows_of({"options.placed": claims}, truth, 1, interest)])[0]
    assert (product["violated"], product["violated_by_the_truth"]) == (1, 1)


def test_nothing_is_called_provable_after_a_halt() -> None:
    interest = pl.DataFrame({"contract": [SERIES], "open_interest": [4], "halt_ts": [0]})
    rows = opening.rows_of(outputs(), fills(open_buy=np.full(PRINTS, 6)), 1, interest)
    assert opening.score([rows])[0]["provable_claimed"] is None


def test_dark_claims_are_right_on_either_party() -> None:
    """Three claims: the taker accumulates, the resting party distributes, and neither."""
    joins = outputs()["equities.joins"].with_columns(pl.lit(True).alias("off_exchange"))
    seqs = joins["print_seq"].to_list()
    events = pl.DataFrame(
        {
            "dark_id": ["a", "b", "c", "c"], "version": [1, 1, 1, 2], "status": [0, 0, 0, 0],
            "kind": [0, 0, 0, 0], "print_seq": [seqs[0], seqs[1], seqs[2], seqs[2]],
            "partition": partition("IBM"),
        }
    )  # fmt: skip
    purpose = np.array(["noise_retail"] * PRINTS, object)
    purpose[[0, 5]] = "accumulate"
    resting = np.where(np.arange(PRINTS) == 1, 77, -1)
    parent_id = np.where(np.arange(PRINTS) == 5, 6, 5)
    truth = fills(purpose=purpose.tolist(), resting_parent_id=resting, parent_id=parent_id)
    names = {
        "parent_id": [77],
        "underlying": "IBM",
        "side": [-1],
        "purpose": "distribute",
        "size_ordered": [1],
    }
    more = {"start_ts": [0], "end_ts": [1], "style": "dark", "package_id": [-1]}
    known = Truth(truth.fills, truth_of({"parents": pl.DataFrame({**names, **more})}).parents, truth.packages)
    product = dark.score([dark.rows_of({"equities.joins": joins, "dark.events": events}, known, 1)])[0]
    assert (product["claims"], product["precision"]) == (3, pytest.approx(2 / 3))
    assert (product["n"], product["recall"]) == (3, pytest.approx(2 / 3))
    assert product["classes"]["distribute"]["recall"] == 1.0
    assert product["classes"]["accumulate"]["recall"] == 0.5


def alert_outputs(alerted: list[int]) -> dict[str, pl.DataFrame]:
    """Return outputs whose alerts, each a story of its own, stand on the packets of the prints named."""
    listed = members(outputs()["flow.packets"]).select("print_seq", "packet_id")
    seqs = outputs()["options.placed"]["print_seq"].to_list()
    ids = dict(listed.rows())
    rows = [
        {"alert_id": f"a{i}", "story_id": f"s{i}", "packet_ids": json.dumps([ids[seqs[i]], {"more": 2}])}
        for i in alerted
    ]
    more = {"version": 1, "status": 0, "rule_id": 0, "is_delivered": True}
    return {
        **outputs(),
        "flow.alerts": pl.DataFrame(rows).with_columns(**{k: pl.lit(v) for k, v in more.items()}),
    }


def test_alerts_are_right_on_packets_of_planted_parents(monkeypatch: pytest.MonkeyPatch) -> None:
    """Prints 0 to 9 are one planted parent of a million USD; print 10 is another one, below the floor."""
    monkeypatch.setattr(alerts, "PREMIUM_FLOOR", 500_000 * 10_000)
    purpose = np.array(["noise_retail"] * PRINTS, object)
    purpose[:20] = "institution"
    parent = np.where(np.arange(PRINTS) < 10, 1, np.where(np.arange(PRINTS) < 11, 2, -1))
    truth = fills(purpose=purpose.tolist(), parent_id=parent)
    made = alert_outputs([0, 3, 10, 100])
    rows = alerts.rows_of(made, truth, 1, 30.0)
    product, baseline = alerts.score([rows])
    assert (product["claims"], product["precision"], product["story_precision"]) == (4, 0.5, 0.5)
    assert (product["n"], product["recall"], product["recall_delivered"]) == (1, 1.0, 1.0)
    assert product["classes"]["call_sweep"]["precision"] == 0.5
    assert baseline["claims"] == 4
    assert (product["stories"], product["stories_per_hour"], product["stories_per_underlying"]) == (
        4,
        8.0,
        4.0,
    )


def test_alerts_of_several_times_of_day_stand_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """One run finds its parent and the other does not: half of the parents, and none in the worst decile."""
    monkeypatch.setattr(alerts, "PREMIUM_FLOOR", 500_000 * 10_000)
    parent = np.where(np.arange(PRINTS) < 10, 1, -1)
    truth = fills(purpose=np.where(parent > 0, "institution", "noise_retail").tolist(), parent_id=parent)
    runs = [alerts.rows_of(alert_outputs([n]), truth, n, 10.0, at) for n, at in ((0, 0), (100, 200))]
    product = alerts.score(runs)[0]
    assert (product["n"], product["recall"], product["stories_per_hour"]) == (2, 0.5, 6.0)
    assert product["classes"]["from minute 0"]["recall"] == 1.0
    assert product["classes"]["from minute 200"]["recall"] == 0.0
    assert product["seeds"]["worst_decile"] == product["seeds"]["worst_decile_recall"] == 0.0


def test_prints_of_all_legs_belong_to_a_package() -> None:
    rows = {"partition": 3, "packet_id": ["p", "q"], "members": ["[5]", '[1,2,{"more":7}]']}
    packets = pl.DataFrame({**rows, "package_members": ["[5,6,7]", "[]"]})
    assert sorted(alerts.prints_of(packets).rows()) == [
        (3, "p", 5), (3, "p", 6), (3, "p", 7), (3, "q", 1), (3, "q", 2),
    ]  # fmt: skip


@pytest.mark.parametrize("how", ["sides", "venues", "times"])
def test_dealing_the_truth_brings_every_claim_to_its_base_rate(
    how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Claims that are all right: packages, openings, dark prints and alerts."""
    half = np.arange(PRINTS) % 2 == 0
    shuffled = RNG.permutation(half)
    purpose = np.where(shuffled, "institution", "noise_retail").tolist()
    dark_purpose = np.where(shuffled, "accumulate", "noise_retail").tolist()
    ids = np.arange(PRINTS) // 2
    opened = np.where(shuffled, 10, 0)
    parent = np.where(shuffled, ids % 9, 10 + ids)
    truth = fills(purpose=purpose, parent_id=parent, package_id=ids, open_buy=opened, open_sell=opened)
    found = []
    legs = packages.rows_of(outputs(), truth, 1)
    found += packages.score([legs.with_columns(pl.col("g").alias("c_product"))])[:1]
    placed = outputs()["options.placed"].with_columns(opened_min_buy=opened, opened_min_sell=opened)
    found += opening.score([opening.rows_of({"options.placed": placed}, truth, 1)])[:1]
    joins = outputs()["equities.joins"].with_columns(pl.lit(True).alias("off_exchange"))
    events = joins.filter(pl.Series(shuffled)).select("print_seq", "partition").with_columns(
        pl.col("print_seq").cast(pl.String).alias("dark_id"), version=1, status=0, kind=0
    )  # fmt: skip
    known = fills(purpose=dark_purpose, parent_id=ids)
    found += dark.score([dark.rows_of({"equities.joins": joins, "dark.events": events}, known, 1)])[:1]
    made = alert_outputs(np.flatnonzero(shuffled).tolist())
    monkeypatch.setattr(alerts, "PREMIUM_FLOOR", 0)
    found += alerts.score([alerts.rows_of(made, truth, 1)])[:1]
    for s in found:
        assert s["precision"] == 1.0, s["topic"]
        assert s["null"][how] == pytest.approx(s["null"]["base_rate"], abs=0.06), s["topic"]
        assert s["null"]["base_rate"] < 0.6, s["topic"]


def test_a_recording_that_states_the_side_is_scored() -> None:
    names = np.where(BUYS == IS_RIGHT, "buy", "sell")
    names[:9] = "none"
    tape = tapes.of_feed(HandFeed(BUYS, "aggressor", names), "hand.file")
    found = scorer.recording("side", tape, "hand", "hand.file")
    quote = next(s for s in found.scores if (s["topic"], s["method"]) == ("equities.prints", "quote"))
    assert (quote["n"], quote["undefined"]) == (PRINTS - 9, 9)
    assert quote["accuracy"] == pytest.approx(IS_RIGHT[9:].mean())
    assert {s["target"] for s in found.scores} == {"aggressor"}, "a recording knows no customer"
    assert quote["splits"]["visibility"].keys() == {"visible"}
    assert found.to_json()["scores"][0]["heading"] == "recorded: hand"


def test_a_recording_without_a_true_side_is_refused() -> None:
    with pytest.raises(UserError, match="does not say who took"):
        tapes.of_feed(HandFeed(BUYS), "hand.file")


def test_a_report_is_the_same_in_the_terminal_and_in_markdown(tmp_path: Path) -> None:
    from scoring.plots import plot

    rows = side.rows_of(outputs(), None, fills(), 1)
    found = scorer.Report("side", {"kind": "synthetic", "seeds": [1]}, side.score(rows, {}))
    tables = list(grids(found))
    assert all("synthetic only" in t.title for t in tables)
    text = markdown(tables[0])
    assert "| quote | 1,800 | 100.0 % |" in text
    assert drawn(tables[0]).row_count == len(tables[0].rows)
    data = json.loads(json.dumps(found.to_json()))
    buy = data["scores"][0]["classes"]["buy"]
    assert {"n", "coverage", "precision", "recall"} <= buy.keys()
    assert data["source"]["bootstrap_seed"] and data["scores"][0]["heading"] == "synthetic only"
    paths = plot(found, tmp_path / "pictures")
    assert len(paths) == 2 and all(p.stat().st_size > 5_000 for p in paths)
