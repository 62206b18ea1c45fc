"""The options core against a plain reference, and under any cut, resumption, mirror and renaming."""

from dataclasses import replace
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dataflows.analytics.options import OptionsCore
from dataflows.analytics.release import ROW_PRINT, ROW_QUOTE, Release
from schemas.columns import Batch, concat
from schemas.kinds import (
    CODE_FAMILY,
    PACKET_KIND,
    PLACEMENT,
    PRINT_STATUS,
    QUOTE_SOURCE,
    QUOTE_STATE,
    SIDE,
)
from tests.property.options.conftest import (
    CONTRACTS,
    END,
    FAMILY,
    MS,
    Reference,
    Row,
    logs,
    numbered,
    release_of,
)


def outputs_of(core: OptionsCore, parts: list[Release]) -> dict[str, Batch]:
    done = [core.apply(part) for part in parts]
    return {name: concat([d[name] for d in done]) for name in done[0]}


def values_of(column: Any) -> list[Any]:
    return list(column.to_pylist() if isinstance(column, pa.Array) else column.tolist())


def plain(batch: Batch) -> list[dict[str, Any]]:
    columns = {n: values_of(c) for n, c in batch.columns.items()}
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def parts_of(rows: list[Row], cuts: list[int]) -> list[Release]:
    """Cut a log at watermarks; the last release is the end of the log."""
    marks = [*sorted(set(cuts)), END]
    parts, since = [], -1
    for mark in marks:
        parts.append(release_of([r for r in rows if since < r.ts <= mark], mark))
        since = mark
    return parts


QUICK = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@QUICK
@given(logs())
def test_placed_prints_equal_the_reference(rows: list[Row]) -> None:
    placed = plain(OptionsCore().apply(release_of(rows, END))["options.placed"])
    expected = Reference().run(rows).placed
    assert len(placed) == len(expected)
    for row, want in zip(placed, expected, strict=True):
        quote = want["quote"]
        assert PRINT_STATUS[row["status"]] == want["status"]
        assert CODE_FAMILY[row["code_family"]] == want["family"]
        assert QUOTE_STATE[row["quote_state"]] == want["state"]
        assert PLACEMENT[row["placement"]] == want["placement"]
        assert row["is_placement_stable"] == want["is_stable"]
        assert SIDE[row["side"]] == want["side"]
        assert QUOTE_SOURCE[row["quote_source"]] == want["source"]
        assert row["quote_ts"] == (quote.source_ts if quote else -1)
        assert row["quote_seq"] == (quote.seq if quote else -1)
        assert row["bid_size"] == (quote.size if quote else -1)
        assert row["quote_age_ns"] == (row["event_ts"] - quote.source_ts if quote else -1)


@QUICK
@given(logs())
def test_parents_equal_the_reference(rows: list[Row]) -> None:
    rows = undisturbed(rows)
    first = [
        p for p in plain(OptionsCore().apply(release_of(rows, END))["flow.packets"]) if p["version"] == 1
    ]
    packets = [p for p in first if PACKET_KIND[p["kind"]] not in ("package", "leg")]
    expected = Reference().run(rows).packet_rows()
    assert len(packets) == len(expected)
    for row, want in zip(packets, expected, strict=True):
        row["kind"], row["side"] = PACKET_KIND[row["kind"]], SIDE[row["side"]]
        if row["kind"] == "repeat":  # of which the reference knows nothing: it would be alone
            assert want["kind"] in ("single", "iso_single")
            row["kind"] = want["kind"]
        row["members"] = orjson.loads(row["members"])
        assert {name: row[name] for name in want if name != "side_code"} == {
            name: want[name] for name in want if name != "side_code"
        }


def undisturbed(rows: list[Row]) -> list[Row]:
    """Return a log without prints that change others: those have a reference of their own."""
    return numbered(
        [r for r in rows if r.what != ROW_PRINT or not (r.late or FAMILY.get(r.code) == "cancel")]
    )


def cuts_of(data: st.DataObject, rows: list[Row]) -> list[int]:
    """Draw watermarks anywhere in the log, on rows and beside them."""
    if not rows:
        return []
    offsets = st.sampled_from((-1, 0, 1, 50 * MS, 499 * MS, 500 * MS))
    spots = st.tuples(st.sampled_from([r.ts for r in rows]), offsets).map(sum)
    return data.draw(st.lists(spots, max_size=6))


@QUICK
@given(logs(), st.data())
def test_any_cut_gives_the_same_outputs(rows: list[Row], data: st.DataObject) -> None:
    whole = outputs_of(OptionsCore(), [release_of(rows, END)])
    cut = outputs_of(OptionsCore(), parts_of(rows, cuts_of(data, rows)))
    assert {n: plain(b) for n, b in cut.items()} == {n: plain(b) for n, b in whole.items()}


@QUICK
@given(logs(), st.data())
def test_outputs_leave_within_their_release(rows: list[Row], data: st.DataObject) -> None:
    core, since = OptionsCore(), -1
    for part in parts_of(rows, cuts_of(data, rows)):
        for batch in core.apply(part).values():
            emitted = batch["emit_ts"]
            assert (np.diff(emitted) >= 0).all()
            assert ((emitted > since) & (emitted <= part.watermark)).all()
        since = part.watermark


@QUICK
@given(logs(), st.data())
def test_resuming_from_any_snapshot_gives_the_same_outputs(rows: list[Row], data: st.DataObject) -> None:
    parts = parts_of(rows, cuts_of(data, rows))
    straight = outputs_of(OptionsCore(), parts)
    core, done = OptionsCore(), []
    for part in parts:
        core = OptionsCore.restore(core.snapshot())
        done.append(core.apply(part))
    for name, batch in straight.items():
        assert plain(concat([d[name] for d in done])) == plain(batch)


@QUICK
@given(logs())
def test_a_small_pool_and_bound_conserve_prints_under_any_cut(rows: list[Row]) -> None:
    rows, config = undisturbed(rows), {"parents": {"open_parents": 2}}
    whole = outputs_of(OptionsCore(config), [release_of(rows, END)])
    cut = outputs_of(OptionsCore(config), parts_of(rows, [r.ts for r in rows]))
    assert plain(whole["flow.packets"]) == plain(cut["flow.packets"])
    first = [p for p in plain(whole["flow.packets"]) if p["version"] == 1]
    members = [s for p in first for s in orjson.loads(p["members"])]
    ok = [p["print_seq"] for p in plain(whole["options.placed"]) if p["status"] == 0]
    assert sorted(members) == sorted(ok)


@QUICK
@given(logs())
def test_premium_of_packets_is_the_sum_of_their_members(rows: list[Row]) -> None:
    out = OptionsCore().apply(release_of(undisturbed(rows), END))
    premium = {p["print_seq"]: p["premium"] for p in plain(out["options.placed"])}
    for packet in plain(out["flow.packets"]):
        assert packet["premium"] == sum(premium[s] for s in orjson.loads(packet["members"]))


@QUICK
@given(logs())
def test_renaming_contracts_only_reorders(rows: list[Row]) -> None:
    """Only names change: a series that sorted first may sort last, but every packet is the same."""
    names = dict(zip(CONTRACTS, reversed(CONTRACTS), strict=True))
    renamed = [replace(r, contract=names[r.contract]) for r in rows]
    same = ("emit_ts", "side", "size", "premium", "members", "print_count", "taker_event_count", "venues")
    ours, theirs = (
        [
            {k: v for k, v in row.items() if k in same}
            for row in sorted(
                plain(OptionsCore().apply(release_of(log, END))["flow.packets"]),
                key=lambda p: (p["emit_ts"], p["first_print_seq"]),
            )
        ]
        for log in (rows, renamed)
    )
    assert ours == theirs


MIRROR = {
    "above_ask": "below_bid",
    "at_ask": "at_bid",
    "inside_ask": "inside_bid",
    "mid": "mid",
    "at_lock": "at_lock",
    "none": "none",
}
MIRROR |= {v: k for k, v in MIRROR.items()}
AXIS = 400


@QUICK
@given(logs())
def test_mirrored_prices_give_mirrored_sides(rows: list[Row]) -> None:
    two_sided = [r for r in rows if r.what != ROW_QUOTE or (r.bid > 0 and r.ask > 0)]
    mirrored = [replace(r, bid=AXIS - r.ask, ask=AXIS - r.bid, price=AXIS - r.price) for r in two_sided]
    ours, theirs = (
        plain(OptionsCore().apply(release_of(numbered(log), END))["options.placed"])
        for log in (two_sided, mirrored)
    )
    for row, other in zip(ours, theirs, strict=True):
        assert MIRROR[PLACEMENT[row["placement"]]] == PLACEMENT[other["placement"]]
        assert {0: 0, 1: 2, 2: 1}[row["side"]] == other["side"]
        assert row["is_placement_stable"] == other["is_placement_stable"]
