"""What is left of a package that lost some of its prints.

Owns the columns that follow from its members: legs, form, class and the claims that rest on them. A package
that keeps all its series keeps its name; one that lost a leg is named anew by those left, with the signs it
had. Refuses to weigh prices again: what rests on the price of a leg that changed is no longer claimed.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import numpy as np
import orjson

from dataflows.analytics import packages_layout as at
from dataflows.analytics.packages_forms import (
    CALENDAR,
    DIAGONAL,
    E_EXPIRY,
    E_RATIO,
    E_RIGHT,
    E_STRIKE,
    GEOMETRY,
    STOCK_TIED,
    gcd_of,
    geometry_of,
)
from dataflows.analytics.packages_signs import VECTORS_MAX, vectors_of
from dataflows.analytics.packages_tables import GEOMETRY_P
from dataflows.analytics.release import Longs
from schemas.fields import ABSENT
from schemas.flow_fields import NO_MONEY, NO_RATIO
from schemas.kinds import DIRECTION, PACKAGE_CLASS, PACKET_KIND, VOLATILITY_DIRECTION
from schemas.symbology import parse_contract

MONEY_PER_USD: Final = 10_000
UNNAMED: Final = PACKAGE_CLASS.index("unnamed")
NO_DIRECTION: Final[Mapping[str, Any]] = {
    "direction": DIRECTION.index("unknown"),
    "volatility_direction": VOLATILITY_DIRECTION.index("unknown"),
    "direction_p": float(ABSENT),
    "net_premium": NO_MONEY,
    "package_delta": float(NO_RATIO),
}
ALONE: Final[Mapping[str, Any]] = {
    **NO_DIRECTION,
    "kind": PACKET_KIND.index("leg"),
    "package_class": PACKAGE_CLASS.index("none"),
    "geometry": "",
    "units": 0,
    "grouping_p": float(ABSENT),
    "geometry_p": float(ABSENT),
    "sign_p": float(ABSENT),
    "roll_p": float(ABSENT),
    "package_evidence": "{}",
}
Leg = dict[str, Any]


def reclassify(row: Mapping[str, Any], remaining: Iterable[int]) -> dict[str, Any]:
    """Return the columns of a package that change once only `remaining` of its prints stand.

    `row` holds the columns of flow.packets with enums as codes. A print that the package did not know stands
    for a corrected one: legs and names stay then, and nothing that rests on prices is claimed.
    """
    standing, legs = set(remaining), orjson.loads(row["legs"])
    known = {seq for leg in legs for seq, _ in leg["prints"]}
    if standing - known:
        return dict(NO_DIRECTION)
    signs = _signs(row, len(legs))
    kept = [(_reduced(leg, standing), sign) for leg, sign in zip(legs, signs, strict=True)]
    left = [(leg, sign) for leg, sign in kept if leg["prints"]]
    if not left:
        return dict(ALONE)
    if len(left) == len(legs):
        return _fewer(row, [leg for leg, _ in left])
    return _named_anew(row, left)


def _signs(row: Mapping[str, Any], count: int) -> list[int]:
    """Return the relative signs that the package was given; 0 where none were."""
    told = orjson.loads(row["package_evidence"]).get("signs", "")
    is_named = row["package_class"] not in (UNNAMED, PACKAGE_CLASS.index("none"))
    return [1 if s == "+" else -1 for s in told] if is_named and len(told) == count else [0] * count


def _reduced(leg: Leg, standing: set[int]) -> Leg:
    """Return a leg with the prints that stand; one series has one price, so premium goes with size."""
    prints = [pair for pair in leg["prints"] if pair[0] in standing]
    size = sum(pair[1] for pair in prints)
    premium = round(leg["premium"] * MONEY_PER_USD) * size // max(leg["size"], 1)
    first = prints[0][0] if prints else leg["first_seq"]
    changed = {"prints": prints, "size": size, "premium": premium / MONEY_PER_USD, "first_seq": first}
    return {**leg, **changed}


def _fewer(row: Mapping[str, Any], legs: list[Leg]) -> dict[str, Any]:
    """Return the columns of a package that keeps every series and its ratios, in fewer units."""
    found: dict[str, Any] = {
        "legs": orjson.dumps(legs).decode(),
        "units": min(leg["size"] // abs(leg["ratio"]) for leg in legs),
    }
    if row["net_premium"] != NO_MONEY:
        paid = [round(leg["premium"] * MONEY_PER_USD) * (1 if leg["ratio"] > 0 else -1) for leg in legs]
        found["net_premium"] = sum(paid)
    return found


def _named_anew(row: Mapping[str, Any], left: list[tuple[Leg, int]]) -> dict[str, Any]:
    """Return the columns of what lost a leg: another form, or a leg alone."""
    is_stock = row["code_family"] == at.STOCK_FAMILY
    lines = _lines([leg for leg, _ in left])
    form_lines = np.ascontiguousarray(lines[:, at.N_EXPIRY : at.N_EXPIRY + 4])
    form = int(geometry_of(form_lines, is_stock))
    legs = [
        {**leg, "ratio": int(ratio), "is_signed": False}
        for (leg, _), ratio in zip(left, form_lines[:, E_RATIO].tolist(), strict=True)
    ]
    first = parse_contract(legs[0]["contract"])
    found: dict[str, Any] = {
        "legs": orjson.dumps(legs).decode(),
        "contract": first.contract,
        "expiry": first.expiry,
        "strike": first.strike,
        "right": first.right,
    }
    if len(left) == 1 and form != STOCK_TIED:
        return {**ALONE, **found}
    kind = _class_of(form, is_stock, lines, [sign for _, sign in left])
    return {
        **NO_DIRECTION,
        **found,
        "package_class": kind,
        "geometry": GEOMETRY[form],
        "geometry_p": round(float(GEOMETRY_P[form]), 4) if form else float(ABSENT),
        "sign_p": row["sign_p"] if kind != UNNAMED else float(ABSENT),
        "roll_p": row["roll_p"] if form in (CALENDAR, DIAGONAL) else float(ABSENT),
        "units": int(gcd_of(lines[:, at.N_SIZE])),
        "package_evidence": "{}",
    }


def _lines(legs: list[Leg]) -> Longs:
    """Return the legs as lines of a package, in the order they stand in."""
    lines = np.zeros((len(legs), at.LINE_FIELDS), np.int64)
    for k, leg in enumerate(legs):
        series = parse_contract(leg["contract"])
        of_form = lines[k, at.N_EXPIRY : at.N_EXPIRY + 4]
        of_form[E_EXPIRY], of_form[E_STRIKE], of_form[E_RIGHT] = series.expiry, series.strike, series.right
        lines[k, at.N_SIZE] = leg["size"]
    lines[:, at.N_RATIO] = lines[:, at.N_SIZE] // max(int(gcd_of(lines[:, at.N_SIZE])), 1)
    return lines


def _class_of(form: int, is_stock: bool, lines: Longs, signs: list[int]) -> int:
    """Return the class of a form whose legs keep the signs they had, either way round."""
    tried = np.ones((VECTORS_MAX, len(lines)), np.int64)
    named, odds = np.zeros(VECTORS_MAX, np.int64), np.ones(VECTORS_MAX)
    count = vectors_of(form, is_stock, lines, tried, named, odds)
    for vector, kind in zip(tried[:count].tolist(), named[:count].tolist(), strict=True):
        if signs in (vector, [-s for s in vector]):
            return int(kind)
    return UNNAMED
