"""Every OPRA sale code against what its specification says, written out by hand: all flags of all codes."""

from typing import Any, Final

import numpy as np
import pytest

from dataflows.analytics.options_codes import (
    CANCEL_FIRST,
    CANCEL_LAST,
    CANCEL_NONE,
    CANCEL_ONLY,
    CANCEL_OTHER,
    CANCEL_UNSAID,
    CORRECTS,
    CodeColumns,
    read_codes,
)
from schemas import opra
from schemas.columns import from_rows
from schemas.kinds import CODE_FAMILY, PRINT_STATUS
from schemas.opra_codes import CURRENT, EARLIER, MARKS, SINGLE_LEG_TYPES_DATE, TABLES
from schemas.opra_docs import sale_codes_page
from schemas.opra_policy import ACTIVE, VENDORS, policy
from schemas.topics import TOPIC

# code: family, marks (s side, a auction, c cross, f floor, i ISO, l single legs, t late, v volume only,
# x extended hours), what it takes back
NOW: Final = {
    " ": ("electronic", "s", CANCEL_NONE),
    "A": ("cancel", "", CANCEL_OTHER),
    "B": ("late", "t", CANCEL_NONE),
    "C": ("cancel", "", CANCEL_LAST),
    "D": ("late", "t", CANCEL_NONE),
    "E": ("cancel", "", CANCEL_FIRST),
    "F": ("late", "t", CANCEL_NONE),
    "G": ("cancel", "", CANCEL_ONLY),
    "H": ("late", "t", CANCEL_NONE),
    "I": ("electronic", "s", CANCEL_NONE),
    "J": ("other", "", CANCEL_NONE),
    "S": ("iso", "si", CANCEL_NONE),
    "a": ("auction", "sa", CANCEL_NONE),
    "b": ("auction", "sai", CANCEL_NONE),
    "c": ("cross", "c", CANCEL_NONE),
    "d": ("cross", "ci", CANCEL_NONE),
    "e": ("floor", "f", CANCEL_NONE),
    "f": ("multi_leg", "", CANCEL_NONE),
    "g": ("multi_leg", "a", CANCEL_NONE),
    "h": ("multi_leg", "c", CANCEL_NONE),
    "i": ("multi_leg", "f", CANCEL_NONE),
    "j": ("multi_leg", "l", CANCEL_NONE),
    "k": ("stock_option", "a", CANCEL_NONE),
    "l": ("multi_leg", "al", CANCEL_NONE),
    "m": ("multi_leg", "fl", CANCEL_NONE),
    "n": ("stock_option", "", CANCEL_NONE),
    "o": ("stock_option", "c", CANCEL_NONE),
    "p": ("stock_option", "f", CANCEL_NONE),
    "q": ("stock_option", "l", CANCEL_NONE),
    "r": ("stock_option", "al", CANCEL_NONE),
    "s": ("stock_option", "fl", CANCEL_NONE),
    "t": ("multi_leg", "fv", CANCEL_NONE),
    "u": ("other", "v", CANCEL_NONE),
    "v": ("other", "x", CANCEL_NONE),
}
BEFORE: Final = {code: NOW[code] for code in " ABCDEFGHIJS"} | {
    "K": ("other", "", CANCEL_NONE),
    "L": ("multi_leg", "", CANCEL_NONE),
    "M": ("multi_leg", "", CANCEL_NONE),
    "N": ("other", "", CANCEL_NONE),
    "O": ("cancel", "", CANCEL_OTHER),
    "P": ("stock_option", "", CANCEL_NONE),
    "Q": ("multi_leg", "", CANCEL_NONE),
    "R": ("other", "", CANCEL_NONE),
    "T": ("other", "", CANCEL_NONE),
    "X": ("other", "", CANCEL_NONE),
}
LETTER: Final = dict(zip("sacfiltvx", MARKS, strict=True))
# What a day's bar takes of a code (O open, L last, H high and low, V volume); all of it where not named.
DAY: Final = {
    "ours": dict.fromkeys("ACEGO", "") | dict.fromkeys("BDFHtuv", "V"),
    "alpaca": dict.fromkeys("ABCDEFGO", "") | dict.fromkeys("tuv", "V"),
    "nxcore": dict.fromkeys("ACEGO", "") | dict.fromkeys("BDF", "HV") | dict.fromkeys("tuv", "V"),
}
EVERY: Final = "".join(map(chr, range(1, 128)))
PRINT: Final = {
    "kind": "data",
    "source_ts": 1,
    "event_ts": 1,
    "underlying": "IBM",
    "contract": "IBM   250117C00150000",
    "price": 1,
    "size": 1,
    "multiplier": 100,
    "venue": "A",
    "is_bar": False,
}
Meant = tuple[str, str, int]


def read(codes: list[str], date: Any = None, is_late: bool = False, **columns: Any) -> CodeColumns:
    rows = [PRINT | {"seq": n, "condition": code} | columns for n, code in enumerate(codes)]
    return read_codes(from_rows(TOPIC["options.prints"], rows), np.full(len(rows), is_late), date)


def families(found: CodeColumns) -> list[str]:
    return [CODE_FAMILY[family] for family in found.family]


def statuses(found: CodeColumns) -> list[str]:
    return [PRINT_STATUS[status] for status in found.status]


@pytest.mark.parametrize(
    ("table", "date", "expected"), [(1, None, NOW), (1, 20260102, NOW), (0, 20180601, BEFORE)]
)
def test_every_code_says_what_its_date_means(
    table: int, date: int | None, expected: dict[str, Meant]
) -> None:
    found = read(list(EVERY), date)
    assert {row.code for row in TABLES[table].codes} == set(expected)
    for row, code in enumerate(EVERY):
        family, marks, takes_back = expected.get(code, ("unknown", "", CANCEL_NONE))
        status = {"cancel": "cancelled", "late": "report_late"}.get(family, "ok")
        assert CODE_FAMILY[found.family[row]] == family, code
        assert PRINT_STATUS[found.status[row]] == status, code
        assert found.takes_back[row] == takes_back, code
        assert found.is_known[row] == (code in expected), code
        assert found.is_floor[row] == ("f" in marks), code
        for letter, mark in LETTER.items():
            assert opra.DATED.marks[mark][table, ord(code)] == (letter in marks), (code, mark)


def test_the_same_letter_in_the_other_case_is_another_code() -> None:
    both = [code for code in NOW if code.isalpha() and code.swapcase() in NOW]
    assert "".join(sorted(both)) == "ABCDEFGHIJSabcdefghijs"
    for code in both:
        assert NOW[code] != NOW[code.swapcase()], code
    assert families(read(["s", "S", "i", "I", "T", "t"])) == [
        "stock_option",
        "iso",
        "multi_leg",
        "electronic",
        "unknown",
        "multi_leg",
    ]


def test_the_day_of_the_change_belongs_to_the_new_codes() -> None:
    day = SINGLE_LEG_TYPES_DATE
    dates = np.array([day - 1, day, 19950103, 99999999, 0], np.int64)  # 0: the date is not known
    assert families(read(["L"] * 5, dates)) == ["multi_leg", "unknown", "multi_leg", "unknown", "unknown"]
    assert families(read(["a"] * 5, dates)) == ["unknown", "auction", "unknown", "auction", "auction"]
    assert opra.table_number(SINGLE_LEG_TYPES_DATE) == 1


def test_an_unknown_code_and_none_are_no_error_and_claim_nothing() -> None:
    found = read(["", "?", "ab", "Ä", "Z"])
    assert families(found) == ["unknown"] * 5
    assert statuses(found) == ["ok"] * 5
    assert not found.is_known.any()
    for mark in MARKS:
        assert (opra.DATED.says[mark][:, [opra.NO_CODE, ord("?"), opra.NOT_A_CODE]] == opra.NOT_KNOWN).all()


def test_a_plain_code_rules_out_only_what_its_table_tells() -> None:
    says, plain = opra.DATED.says, ord("I")
    assert [says[mark][1, plain] for mark in ("auction", "cross", "floor", "iso")] == [0, 0, 0, 0]
    assert [says[mark][0, plain] for mark in ("auction", "cross", "floor")] == [opra.NOT_KNOWN] * 3
    assert [says["iso"][table, code] for table, code in ((0, plain), (0, ord("S")), (1, ord("b")))] == [
        0,
        1,
        1,
    ]
    assert [says["auction"][1, ord(code)] for code in "abgklr"] == [1] * 6


def test_a_vendors_record_takes_back_whatever_its_code() -> None:
    assert read(["I", "C", ""], report="cancel").takes_back.tolist() == [
        CANCEL_UNSAID,
        CANCEL_LAST,
        CANCEL_UNSAID,
    ]
    assert read(["I", "C"], report="correction").takes_back.tolist() == [CORRECTS, CORRECTS]
    assert statuses(read(["I", "A"], report="cancel")) == ["cancelled"] * 2
    bars = read(["A", ""], is_bar=True)
    assert statuses(bars) == ["bar"] * 2 and not bars.takes_back.any()


def test_log_late_gives_way_to_what_the_code_says() -> None:
    assert statuses(read(["I", "D", "A"], is_late=True)) == ["late", "report_late", "cancelled"]


@pytest.mark.parametrize("vendor", VENDORS)
def test_each_vendors_bars_take_what_it_says(vendor: str) -> None:
    day, minute = policy(vendor).eligible(), policy(vendor).eligible(is_minute=True)
    for code in NOW | BEFORE:
        said = DAY[vendor].get(code, "OLHV")
        taken = zip("OLHV", (table[ord(code)] for table in day), strict=True)
        assert "".join(letter for letter, is_taken in taken if is_taken) == said, code
        is_minute_only = code == "v" and vendor != "nxcore"
        assert minute.last[ord(code)] == ("L" in said or is_minute_only), code
    assert [bool(table[ord("?")]) for table in day] == [False, False, False, True]


def test_the_active_policy_is_ours_and_another_name_is_refused() -> None:
    assert (policy().vendor, ACTIVE, policy().version) == ("ours", "ours", 1)
    assert all(updates.is_stated for updates in policy().day.values())
    assert not policy("nxcore").day["a"].is_stated and policy("nxcore").day["B"].is_stated
    with pytest.raises(ValueError, match="there are ours, alpaca, nxcore"):
        policy("opra")


def test_the_page_holds_every_row() -> None:
    page = sale_codes_page()
    for row in (*CURRENT, *EARLIER):
        assert f"| `{row.code}` | {row.name}{'' if row.is_verified else ' (?)'} | {row.family} | " in page
    assert {row.code for row in EARLIER if not row.is_verified} == set("OTX")
    assert f"Active: `{ACTIVE}`" in page
