"""Sale conditions: what each spelling means, and the strictest rule among several."""

import numpy as np
import pyarrow as pa
import pytest

from schemas import conditions as c
from schemas import opra
from schemas.kinds import CODE_FAMILY


def allowed(bits: int) -> str:
    """Which of last, high and low, volume the bits allow, as three letters."""
    column = np.array([bits], np.int64)
    functions = (c.updates_last, c.updates_high_low, c.updates_volume)
    return "".join("Y" if f(column)[0] else "N" for f in functions)


@pytest.mark.parametrize(
    ("tape", "text", "expected"),
    [
        ("CTA", "", "YYY"),
        ("CTA", "    ", "YYY"),
        ("UTP", "@", "YYY"),
        ("CTA", "B", "NNY"),
        ("UTP", "B", "YYY"),
        ("UTP", "W", "NNY"),
        ("CTA", "C", "NNY"),
        ("CTA", "N", "NNY"),
        ("CTA", "R", "NNY"),
        ("CTA", "E", "YYY"),
        ("CTA", " F", "YYY"),
        ("UTP", "G", "NYY"),
        ("CTA", "H", "NNY"),
        ("CTA", "I", "NNY"),
        ("CTA", "K", "YYY"),
        ("CTA", "L", "YYY"),
        ("CTA", "M", "NNN"),
        ("CTA", "Q", "NNN"),
        ("CTA", "O", "YYY"),
        ("CTA", "5", "YYY"),
        ("CTA", "6", "YYY"),
        ("CTA", "P", "NYY"),
        ("CTA", "T", "NNY"),
        ("CTA", "U", "NNY"),
        ("CTA", "V", "NNY"),
        ("CTA", "X", "YYY"),
        ("CTA", "Z", "NYY"),
        ("CTA", " 4", "NYY"),
        ("CTA", " 7 V", "NNY"),
        ("CTA", "9", "YYN"),
        ("CTA", "?", "NNY"),
        ("CTA", "F  I", "NNY"),
        ("CTA", " F M", "NNN"),
        ("UTP", "@4 W", "NNY"),
    ],
)
def test_a_tape_condition_allows_what_its_rules_say(tape: str, text: str, expected: str) -> None:
    assert allowed(c.sip_bit(text, "CTA" if tape == "CTA" else "UTP")) == expected


def test_the_strictest_of_any_two_conditions_wins() -> None:
    for left in c.BIT.values():
        for right in c.BIT.values():
            both = zip(allowed(left), allowed(right), strict=True)
            assert allowed(left | right) == "".join(min(pair) for pair in both)


def test_no_condition_forbids_nothing() -> None:
    assert allowed(0) == "YYY"


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("1", {"regular"}),
        ("20", {"intermarket_sweep"}),
        ("0x20", {"intermarket_sweep"}),
        ("", set()),
        ("0", set()),
        ("400", {"extended_hours"}),
        ("2000", {"extended_hours"}),
        ("40000", {"contingent"}),
        ("1000000", {"official_close"}),
        ("2000000", {"prior_reference_price"}),
        ("4000000", {"official_open"}),
        ("40000000", {"unknown"}),
        ("80000001", {"regular", "odd_lot"}),
        ("20000020", {"trade_through_exempt", "intermarket_sweep"}),
    ],
)
def test_lean_bits_become_ours(text: str, names: set[str]) -> None:
    assert set(c.names_of(c.lean_bit(text))) == names


def test_columns_equal_single_texts() -> None:
    texts = pa.array(["1", "20", "1", "4000000"])
    assert c.lean_bits(texts).tolist() == [c.lean_bit(t) for t in texts.to_pylist()]
    letters = pa.array(["@F I", "", "@F I"])
    assert c.sip_bits(letters, "UTP").tolist() == [c.sip_bit(t, "UTP") for t in letters.to_pylist()]
    assert c.lean_bits(pa.array([], pa.string())).dtype == np.int64


@pytest.mark.parametrize("text", ["100000000", "-1", "xyz"])
def test_what_is_no_bit_set_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        c.lean_bit(text)


def test_flags_name_what_is_late_no_trade_or_of_another_price() -> None:
    bits = np.array([c.BIT["official_open"], c.sip_bit("Z", "CTA"), c.sip_bit(" 7 V", "CTA"), 0])
    assert c.is_no_trade(bits).tolist() == [True, False, False, False]
    assert c.is_report_late(bits).tolist() == [False, True, False, False]
    assert c.is_price_not_current(bits).tolist() == [False, False, True, False]


def test_the_bits_are_dense_and_fit_a_long() -> None:
    assert [c.BIT[n] for n in c.CONDITION] == [1 << i for i in range(len(c.CONDITION))]
    assert len(c.CONDITION) <= 52  # JSON numbers stay exact


@pytest.mark.parametrize(
    ("codes", "family"),
    [
        (" I", "electronic"),
        ("S", "iso"),
        ("ab", "auction"),
        ("cd", "cross"),
        ("e", "floor"),
        ("fghijlmt", "multi_leg"),
        ("knopqrs", "stock_option"),
        ("BDFH", "late"),
        ("ACEG", "cancel"),
        ("Juv", "other"),
        ("?xZ", "unknown"),
    ],
)
def test_sale_codes_fall_into_families(codes: str, family: str) -> None:
    for code in codes:
        byte = opra.code_bytes(pa.array([code]))[0]
        assert CODE_FAMILY[opra.FAMILY[byte]] == family, code
        assert opra.IS_CANCEL[byte] == (family == "cancel")
        assert opra.IS_REPORT_LATE[byte] == (family == "late")


def test_an_odd_sale_code_is_unknown_and_never_an_error() -> None:
    found = opra.code_bytes(pa.array(["", "ab", "Ä", "a", "A"]))
    families = [CODE_FAMILY[i] for i in opra.FAMILY[found]]
    assert families == ["unknown", "unknown", "unknown", "auction", "cancel"]


def test_the_code_table_is_closed_and_unambiguous() -> None:
    assert len({code.code for code in opra.CODES}) == len(opra.CODES)
    assert {code.family for code in opra.CODES} <= set(CODE_FAMILY)
    assert not opra.FAMILY.flags.writeable
    assert opra.IS_VOLUME_ONLY.nonzero()[0].tolist() == [ord("t"), ord("u")]
