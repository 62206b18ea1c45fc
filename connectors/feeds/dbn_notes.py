"""Definitions, statistics and trading status of DBN records as notes beside the tape.

Owns what the details are called: prices in 1e-9 USD, times as decimal strings of ns, a date YYYYMMDD,
words in lower case. Open interest, which OPRA repeats for each of its venues, is given once for each
value of a series and day. Refuses nothing that could be read: an undefined field is null.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final, TypeAlias

import numpy as np

from connectors.feed import Note
from connectors.feeds import dbn_publishers as publishers
from connectors.feeds.dbn_header import UNDEF_TIME
from connectors.feeds.dbn_publishers import OPTIONS
from connectors.feeds.dbn_records import DEFINITION, STATISTICS
from connectors.feeds.dbn_rows import NS_PER_DAY, UNDEF_PRICE, Sheet
from connectors.feeds.dbn_symbols import Symbols
from schemas.symbology import NOTHING, Contract, Unreadable, parse_contract

Detail: TypeAlias = dict[str, object]
Record: TypeAlias = Any  # one row of the vendor's table

OPEN_INTEREST: Final = 9
UNDEF_INT: Final = 2**31 - 1
UNDEF_QUANTITY: Final = frozenset({UNDEF_INT, 2**63 - 1})
DELETED: Final = ord("D")
TAKEN_BACK: Final = 2
REMEMBERED_MAX: Final = 4_000_000  # values of open interest; beyond it they are repeated


class Notes:
    """Turns the records of one file into notes; it remembers the open interest already given."""

    def __init__(self, market: str, symbols: Symbols) -> None:
        self._market, self._symbols = market, symbols
        self._given: set[tuple[int, int, int]] = set()

    def judge(self, sheet: Sheet) -> None:
        """Refuse open interest that has no number."""
        if sheet.records.rtype == STATISTICS:
            quantity = sheet.table["quantity"].astype(np.int64)
            has_none = np.isin(quantity, list(UNDEF_QUANTITY)) | (quantity < 0)
            sheet.judge.refuse(_is_held(sheet.table) & has_none, "the open interest has no number")

    def read(self, sheet: Sheet) -> tuple[Note, ...]:
        """Return the notes of the good records of a sheet, in their order."""
        return tuple(self._read(sheet))

    def _read(self, sheet: Sheet) -> Iterator[Note]:
        rtype = sheet.records.rtype
        for row in np.flatnonzero(sheet.judge.good).tolist():
            place, ts = int(sheet.places[row]), int(sheet.times[row])
            record = sheet.table[row]
            underlying = self._symbols.underlying[place].as_py()
            head: Detail = {"symbol": self._symbols.names[place].as_py()}
            if self._market == OPTIONS:
                head = {"contract": self._symbols.contract[place].as_py()}
            if rtype == DEFINITION:
                yield Note("definition", underlying, ts, {**head, **_definition(record, head)})
            elif rtype != STATISTICS:
                yield Note("status", underlying, ts, {**head, **_status(record)})
            elif not _is_held(record):
                yield Note("statistic", underlying, ts, {**head, **_statistic(record)})
            elif self._is_new(place, ts, int(record["quantity"])):
                yield Note("open_interest", underlying, ts, _open_interest(record, head))

    def _is_new(self, place: int, ts: int, quantity: int) -> bool:
        key = (place, ts // NS_PER_DAY, quantity)
        if key in self._given:
            return False
        if len(self._given) < REMEMBERED_MAX:
            self._given.add(key)
        return True


def _is_held(table: Record) -> Any:
    """Tell which statistics are open interest; one that takes an earlier one back is none."""
    return (table["stat_type"] == OPEN_INTEREST) & (table["update_action"] != TAKEN_BACK)


def _definition(record: Record, head: Mapping[str, object]) -> Detail:
    name = head.get("contract")
    series = _series(str(name)) if name else NOTHING
    strike, expires = int(record["strike_price"]), int(record["expiration"])
    multiplier = int(record["contract_multiplier"])
    return {
        "class": _letter(record["instrument_class"]),
        "underlying": _text(record["underlying"]) or series.underlying,
        "expiry": series.expiry or _date(expires),
        "strike": series.strike or _price(strike),
        "multiplier": None if multiplier in (0, UNDEF_INT) else multiplier,
        "exchange": _text(record["exchange"]),
        "is_adjusted_suspected": series.is_adjusted_suspected,
        "is_deleted": int(record["security_update_action"]) == DELETED,
        "venue": _venue(record),
    }


def _statistic(record: Record) -> Detail:
    return {
        "statistic": _word("StatType", int(record["stat_type"])),
        "price": _price(int(record["price"])),
        "quantity": _quantity(int(record["quantity"])),
        "is_deleted": int(record["update_action"]) == TAKEN_BACK,
        "ref_ts": _time(int(record["ts_ref"])),
        "venue": _venue(record),
    }


def _open_interest(record: Record, head: Detail) -> Detail:
    name = str(head.get("contract") or head.get("symbol"))
    return {
        "contracts": {name: _quantity(int(record["quantity"]))},
        "ref_ts": _time(int(record["ts_ref"])),
    }


def _status(record: Record) -> Detail:
    return {
        "action": _word("StatusAction", int(record["action"])),
        "reason": _word("StatusReason", int(record["reason"])),
        "is_trading": _answer(record["is_trading"]),
        "is_quoting": _answer(record["is_quoting"]),
        "is_short_sell_restricted": _answer(record["is_short_sell_restricted"]),
        "venue": _venue(record),
    }


def _series(name: str) -> Contract:
    try:
        return parse_contract(name)
    except Unreadable:
        return NOTHING


def _venue(record: Record) -> str:
    """Return the market code of the publisher: more than the tapes' letters can name a fact's source."""
    found = publishers.PUBLISHERS.get(int(record["publisher_id"]))
    return found[1] if found else ""


def _price(value: int) -> int | None:
    return None if value == UNDEF_PRICE else value


def _quantity(value: int) -> int | None:
    return None if value in UNDEF_QUANTITY else value


def _time(value: int) -> str | None:
    return None if value in (0, UNDEF_TIME) else str(value)


def _date(ts: int) -> int | None:
    if ts in (0, UNDEF_TIME):
        return None
    return int(f"{datetime.fromtimestamp(ts // 10**9, UTC):%Y%m%d}")


def _text(value: bytes) -> str:
    return value.decode("utf-8", "replace")


def _letter(value: int) -> str:
    return chr(int(value)) if 32 < int(value) < 127 else ""


def _answer(value: int) -> bool | None:
    return {"Y": True, "N": False}.get(_letter(value))


def _word(kind: str, value: int) -> str:
    return _words(kind).get(value, f"unknown {value}")


@lru_cache(maxsize=8)
def _words(kind: str) -> dict[int, str]:
    """Return the vendor's names of an enumeration, in lower case, by number."""
    import databento_dbn as dbn

    variants: Callable[[], Iterator[Any]] = getattr(dbn, kind).variants
    return {int(v.value): str(v.name).lower() for v in variants()}
