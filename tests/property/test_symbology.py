"""Laws of option symbols: every spelling of a series is one series, and nothing else is."""

from datetime import date
from typing import Any

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.symbology import (
    PRICE_PER_MILL,
    STRIKE_MILLS_MAX,
    Unreadable,
    format_dashed,
    format_osi,
    parse_contract,
    parse_contracts,
)

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
ROOTS = st.builds(str.__add__, st.sampled_from(LETTERS), st.text(LETTERS + "0123456789", max_size=5))
DATES = st.dates(date(2000, 1, 1), date(2099, 12, 31))
MILLS = st.integers(1, STRIKE_MILLS_MAX)


@st.composite
def series(draw: st.DrawFn) -> dict[str, Any]:
    day = draw(DATES)
    return {
        "root": draw(ROOTS),
        "expiry": day.year * 10_000 + day.month * 100 + day.day,
        "right": draw(st.sampled_from([0, 1])),
        "strike": draw(MILLS) * PRICE_PER_MILL,
    }


@given(series())
def test_every_spelling_is_the_same_series(parts: dict[str, Any]) -> None:
    name = format_osi(**parts)
    assert len(name) == 21
    read = parse_contract(name)
    assert {k: getattr(read, k) for k in parts} == parts
    assert read.contract == name
    assert read.is_adjusted_suspected == parts["root"][-1].isdigit()
    assert parse_contract(name.replace(" ", "")) == read
    assert parse_contract(format_dashed(name)) == read


@given(series(), st.sampled_from(".-/ "), st.integers(1, 5))
def test_separators_inside_a_dashed_root_do_not_matter(
    parts: dict[str, Any], separator: str, place: int
) -> None:
    dashed = format_dashed(format_osi(**parts))
    root = parts["root"]
    spelled = root[:place] + separator + root[place:] + dashed[len(root) :]
    assert parse_contract(spelled) == parse_contract(dashed)


@given(st.text(max_size=40) | st.text("AZ09- .CP", max_size=30))
@settings(max_examples=300)
def test_anything_else_is_refused_with_a_reason_or_is_stable(text: str) -> None:
    try:
        read = parse_contract(text)
    except Unreadable as error:
        assert str(error)
    else:
        assert parse_contract(read.contract) == read


@given(st.lists(series().map(lambda parts: format_osi(**parts)) | st.text(max_size=30) | st.none()))
def test_a_column_is_read_as_its_rows_are(symbols: list[str | None]) -> None:
    columns = parse_contracts(pa.array(symbols, pa.string()))
    for i, symbol in enumerate(symbols):
        try:
            read = parse_contract(symbol or "")
        except Unreadable:
            assert not columns.is_read[i]
            assert columns.reason[i].as_py()
            assert columns.contract[i].as_py() == ""
        else:
            assert columns.is_read[i]
            assert columns.contract[i].as_py() == read.contract
            assert columns.underlying[i].as_py() == read.underlying
            assert columns.root[i].as_py() == read.root
            numbers = columns.expiry[i], columns.strike[i], columns.right[i]
            assert numbers == (read.expiry, read.strike, read.right)
            assert columns.is_adjusted_suspected[i] == read.is_adjusted_suspected
