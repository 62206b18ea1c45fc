"""Option symbols and roots: named examples, each refusal with its reason, spellings of BRK.B."""

import pyarrow as pa
import pytest

from schemas.roots import ROOTS, equity_underlying, equity_underlyings, underlying_of
from schemas.symbology import (
    Unreadable,
    format_dashed,
    format_osi,
    parse_contract,
    parse_contracts,
)


@pytest.mark.parametrize(
    ("symbol", "contract", "underlying", "strike_usd"),
    [
        ("AAPL  240119C00150000", "AAPL  240119C00150000", "AAPL", 150.0),
        ("AAPL240119C00150000", "AAPL  240119C00150000", "AAPL", 150.0),
        ("AAPL-2024-01-19-150-C", "AAPL  240119C00150000", "AAPL", 150.0),
        ("AAPL-2024-01-19-150.50-C", "AAPL  240119C00150500", "AAPL", 150.5),
        ("BRK-B-2024-01-19-350.125-C", "BRKB  240119C00350125", "BRK.B", 350.125),
        ("BRKB  240119C00350125", "BRKB  240119C00350125", "BRK.B", 350.125),
        ("SPXW  240119C05000000", "SPXW  240119C05000000", "SPX", 5000.0),
        ("SPX   240119C05000000", "SPX   240119C05000000", "SPX", 5000.0),
        ("NDXP  240119C05000000", "NDXP  240119C05000000", "NDX", 5000.0),
        ("RUTW  240119C02000000", "RUTW  240119C02000000", "RUT", 2000.0),
        ("VIXW  240119C00020000", "VIXW  240119C00020000", "VIX", 20.0),
        ("AAPL1 240119C00150000", "AAPL1 240119C00150000", "AAPL", 150.0),
        ("F     240229C99999999", "F     240229C99999999", "F", 99_999.999),
    ],
)
def test_a_symbol_is_read(symbol: str, contract: str, underlying: str, strike_usd: float) -> None:
    read = parse_contract(symbol)
    assert read.contract == contract
    assert read.underlying == underlying
    assert read.strike == round(strike_usd * 1000) * 10**6
    assert read.is_adjusted_suspected == ("1" in read.root)
    assert read.right == 0


@pytest.mark.parametrize(
    ("symbol", "reason"),
    [
        ("", "neither OSI nor"),
        ("AAPL", "neither OSI nor"),
        ("AAPL  240119C0015000", "neither OSI nor"),
        ("aapl  240119C00150000", "root 'aapl'"),
        ("AAPL  240119c00150000", "right 'c'"),
        ("AAPL  240119X00150000", "right 'X'"),
        ("AAPL  240230C00150000", "2024-02-30 is no date"),
        ("AAPL  230229C00150000", "2023-02-29 is no date"),
        ("AAPL  241319C00150000", "2024-13-19 is no date"),
        ("AAPL  240100C00150000", "2024-01-00 is no date"),
        ("AAPL  240119C00000000", "not above 0"),
        ("AAPL 240119C00150000", "pad the root"),
        (" AAPL 240119C00150000", "root ' AAPL'"),
        ("123456240119C00150000", "root '123456'"),
        ("ABCDEFG240119C00150000", "root 'ABCDEFG'"),
        ("AAPL-2024-01-19-0-C", "not above 0"),
        ("AAPL-2024-01-19--5-C", "not above 0"),
        ("AAPL-2024-01-19-100000-C", "not above 0 and at most"),
        ("AAPL-2024-01-19-1.0001-C", "more than 3 decimals"),
        ("AAPL-2024-01-19-1e3-C", "neither OSI nor"),
        ("AAPL-1999-01-19-10-C", "outside 2000 to 2099"),
        ("AAPL-2024-01-19-10-CALL", "right 'CALL'"),
        ("AAPL-2024-01-19-1٣-C", "neither OSI nor"),
        ("A" * 1000, "longer than 64"),
    ],
)
def test_a_refusal_says_why(symbol: str, reason: str) -> None:
    with pytest.raises(Unreadable, match=reason):
        parse_contract(symbol)
    columns = parse_contracts(pa.array(["F     240229C00010000", symbol]))
    assert columns.is_read.tolist() == [True, False]
    assert reason in columns.reason[1].as_py()


def test_a_column_repeats_and_misses() -> None:
    name = "SPXW  240119P05000000"
    columns = parse_contracts(pa.array([name, None, name, "?"]))
    assert columns.is_read.tolist() == [True, False, True, False]
    assert columns.reason.to_pylist()[1] == "no symbol"
    assert columns.right.tolist() == [1, 0, 1, 0]
    assert len(parse_contracts(pa.array([], pa.string())).is_read) == 0


def test_formatting_refuses_what_a_symbol_cannot_say() -> None:
    assert format_dashed("BRKB240119P00350100") == "BRKB-2024-01-19-350.1-P"
    with pytest.raises(AssertionError, match="finer than"):
        format_osi("A", 20240119, 0, 1)
    with pytest.raises(AssertionError, match="eight digits"):
        format_osi("A", 20240119, 0, 100_000 * 10**9)


@pytest.mark.parametrize("spelling", ["BRKB", "BRK-B", "BRK/B", "BRK B", "BRK.B"])
def test_share_classes_have_one_spelling(spelling: str) -> None:
    assert equity_underlying(spelling) == "BRK.B"


def test_other_names_are_their_own_underlying() -> None:
    symbols = pa.array(["IBM", "BRK-B", "BAC-L", "IBM"])
    assert equity_underlyings(symbols).to_pylist() == ["IBM", "BRK.B", "BAC-L", "IBM"]


def test_a_root_means_its_underlying_only_while_its_entry_holds() -> None:
    weekly = next(r for r in ROOTS if r.root == "SPXW")
    assert underlying_of("SPXW", weekly.first_day) == "SPX"
    assert underlying_of("SPXW", weekly.first_day - 1) == "SPXW"
    assert underlying_of("BRKB1", 20240119) == "BRK.B"
