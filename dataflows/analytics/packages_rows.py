"""Rows of flow.packets for packages and lone legs: sums and claims as columns.

Owns which claim is made: a class and a direction only where their confidence is high enough. Refuses to
decide anything else, and to know text: that is written beside.
"""

from typing import Any, Final

import numpy as np
import pyarrow as pa

from dataflows.analytics import packages_layout as at
from dataflows.analytics.options_codes import venue_letters
from dataflows.analytics.options_money import average_prices
from dataflows.analytics.options_names import Names
from dataflows.analytics.packages_directions import directions
from dataflows.analytics.packages_forms import CALENDAR, DIAGONAL, GEOMETRY
from dataflows.analytics.packages_layout import Doubles, Parcels, Read
from dataflows.analytics.packages_stock import Tie
from dataflows.analytics.packages_tables import GROUPING_FROM, GROUPING_P, ROLL_NEVER, ROLL_P, SURE_MAX
from dataflows.analytics.packages_text import Claim, Prints, described, identity, listed
from dataflows.analytics.packages_totals import T_FIELDS, Totals, totals_of
from dataflows.analytics.release import Longs
from schemas.columns import Column
from schemas.fields import ABSENT
from schemas.flow_fields import NO_MONEY, NO_RATIO
from schemas.kinds import PACKAGE_CLASS, PACKET_KIND
from schemas.opra import IS_AUCTION, IS_CROSS, IS_FLOOR

CLASS_FROM: Final = 0.9  # a class is claimed from this confidence in it, and signs of legs so too
DIRECTION_FROM: Final = 0.9  # and a direction from this confidence in who paid
STEP: Final = 1e-4
KIND_PACKAGE: Final = PACKET_KIND.index("package")
KIND_LEG: Final = PACKET_KIND.index("leg")
NONE: Final = PACKAGE_CLASS.index("none")
UNNAMED: Final = PACKAGE_CLASS.index("unnamed")
_LINE_COLUMNS: Final = {
    "expiry": at.N_EXPIRY,
    "strike": at.N_STRIKE,
    "right": at.N_RIGHT,
    "quote_state": at.N_STATE,
    "placement": at.N_PLACEMENT,
    "quote_ts": at.N_QUOTE_TS,
    "quote_seq": at.N_QUOTE_SEQ,
    "bid": at.N_BID,
    "ask": at.N_ASK,
}
_CODED: Final = ("expiry", "right", "quote_state", "placement")


def columns_of(parcels: Parcels, read: Read, ties: list[Tie], names: Names) -> dict[str, Column]:
    """Return columns of flow.packets, a row a package in the order given; {} where there is none."""
    count = len(parcels.emit_ts)
    if not count:
        return {}
    totals = totals_of(parcels.legs, parcels.starts)
    claims = [_claim(read, k, ties[k]) for k in range(count)]
    head = read.lines[read.starts[:-1]]
    columns: dict[str, Column] = dict(zip(T_FIELDS, totals.sums.T.copy(), strict=True))
    columns |= {n: head[:, f].astype(np.int32 if n in _CODED else np.int64) for n, f in _LINE_COLUMNS.items()}
    columns |= _constant(parcels, totals, head, names)
    columns |= _texts(parcels, read, claims, names)
    return columns | _claimed(parcels, read, claims)


def _no_scores(rows: int) -> dict[str, Column]:
    """Return the scores against baselines that are not made yet."""
    found: dict[str, Column] = {name: np.zeros(rows) for name in ("premium_z", "size_z", "spread_z")}
    return {**found, "baseline": np.zeros(rows, np.int32), "baseline_count": np.zeros(rows, np.int64)}


def _constant(parcels: Parcels, totals: Totals, head: Longs, names: Names) -> dict[str, Column]:
    """Return the columns that every package has."""
    first = parcels.legs[parcels.starts[:-1]]
    size, code = totals.sums[:, T_FIELDS.index("size")], first[:, at.L_CODE]
    rows = len(first)
    roots = first[:, at.L_ROOT].tolist()
    return {
        "seq": np.zeros(rows, np.int64),
        "version": np.ones(rows, np.int32),
        "status": np.zeros(rows, np.int32),
        "iso_size": np.zeros(rows, np.int64),
        **_no_scores(rows),
        "emit_ts": parcels.emit_ts.copy(),
        "underlying": pa.array([names.underlyings[u] for u in roots], pa.string()),
        "contract": pa.array([names.contracts[c] for c in head[:, at.N_CONTRACT].tolist()], pa.string()),
        "side": np.zeros(rows, np.int32),
        "average_price": average_prices(totals.dollars, totals.rest, size),
        "venue_count": np.ones(rows, np.int32),
        "venues": pa.array([venue_letters(1 << v) for v in first[:, at.L_VENUE].tolist()], pa.string()),
        "code_family": first[:, at.L_FAMILY].astype(np.int32),
        "leg_size": size.copy(),
        "auction_size": np.where(IS_AUCTION[code], size, 0),
        "cross_size": np.where(IS_CROSS[code], size, 0),
        "floor_size": np.where(IS_FLOOR[code], size, 0),
    }


def _claim(read: Read, k: int, tie: Tie) -> Claim:
    """Return which claims about package `k` are made."""
    whole, real = read.whole[k], read.real[k]
    sign_p, direction_p = min(real[at.R_SIGN], SURE_MAX), real[at.R_DIRECTION]
    is_package = read.starts[k + 1] - read.starts[k] > 1 or whole[at.K_IS_STOCK] == 1
    is_named = is_package and real[at.R_CLASS] >= CLASS_FROM
    kind = NONE if not is_package else int(whole[at.K_CLASS]) if is_named else UNNAMED
    is_signed = is_named and sign_p >= CLASS_FROM
    way = int(whole[at.K_ORIENTATION]) if is_signed and direction_p >= DIRECTION_FROM else 0
    delta, vega = float(real[at.R_DELTA_SHARE]), float(real[at.R_VEGA_SHARE])
    if is_named and way == 0 and PACKAGE_CLASS[kind] in ("box", "conversion", "jelly_roll"):
        both = directions(kind, 1, delta, vega, False)  # flat, whoever bought
    else:
        both = directions(kind, way, delta, vega, tie.seq >= 0) if way else (0, 0)
    return Claim(is_package, kind, way, both[0], both[1], tie)


def _texts(parcels: Parcels, read: Read, claims: list[Claim], names: Names) -> dict[str, Column]:
    """Return identity, members, legs and evidence of each package."""
    ids, members, shown, legs, evidence = [], [], [], [], []
    starts = parcels.starts.tolist()
    prints = parcels.legs[:, (at.L_SEQ, at.L_CONTRACT, at.L_SIZE)].tolist()
    roots = parcels.legs[parcels.starts[:-1], at.L_ROOT].tolist()
    for k, claim in enumerate(claims):
        mine = sorted(prints[starts[k] : starts[k + 1]])
        seqs = [seq for seq, _, _ in mine]
        by_series: Prints = {}
        for seq, series, size in mine:
            by_series.setdefault(series, []).append((seq, size))
        ids.append(identity(names.underlyings[roots[k]], seqs))
        members.append(listed(seqs))
        shown.append(listed(seqs, at.GROUP_LEGS))
        told = described(read, k, claim, by_series, names)
        legs.append(told[0])
        evidence.append(told[1])
    return {
        "packet_id": pa.array(ids, pa.string()),
        "members": pa.array(shown, pa.string()),
        "package_members": pa.array(members, pa.string()),
        "legs": pa.array(legs, pa.string()),
        "package_evidence": pa.array(evidence, pa.string()),
        "geometry": pa.array([GEOMETRY[f] for f in read.whole[:, at.K_FORM].tolist()], pa.string()),
    }


def _claimed(parcels: Parcels, read: Read, claims: list[Claim]) -> dict[str, Column]:
    """Return the four claims, and what follows from them, as columns."""
    real, way = read.real, np.array([c.way for c in claims], np.int64)
    is_package = np.array([c.is_package for c in claims], np.bool_)
    has_signs = is_package & np.array([c.kind not in (NONE, UNNAMED) for c in claims], np.bool_)
    grouping = GROUPING_P[np.searchsorted(GROUPING_FROM, parcels.chance, side="right") - 1]
    return {
        "kind": np.where(is_package, KIND_PACKAGE, KIND_LEG).astype(np.int32),
        "package_class": np.array([c.kind for c in claims], np.int32),
        "direction": np.array([c.direction for c in claims], np.int32),
        "volatility_direction": np.array([c.volatility for c in claims], np.int32),
        "units": np.where(is_package, read.whole[:, at.K_UNITS], 0),
        "net_premium": np.where(way != 0, way * _net_premium(read), NO_MONEY),
        "grouping_p": np.where(is_package, grouping, ABSENT),
        "geometry_p": _known(real[:, at.R_GEOMETRY], is_package, ABSENT),
        "sign_p": _known(np.minimum(real[:, at.R_SIGN], SURE_MAX), is_package, ABSENT),
        "direction_p": _known(real[:, at.R_DIRECTION], has_signs, ABSENT),
        "roll_p": _roll(read),
        "stock_print_seq": np.array([c.tie.seq for c in claims], np.int64),
        "stock_tie_p": np.array([c.tie.confidence for c in claims]),
        "package_delta": _known(way * real[:, at.R_DELTA], way != 0, NO_RATIO),
    }


def _known(values: Doubles, mask: Any, absent: int) -> Doubles:
    """Return values in steps of 1e-4 where they are known and meant, else the absent one."""
    has = mask & ~np.isnan(values)
    return np.where(has, np.round(np.floor(np.where(has, values, 0.0) / STEP + 0.5) * STEP, 4), float(absent))


def _net_premium(read: Read) -> Longs:
    """Return the premium of the legs added up as written: paid positive."""
    signed = read.signs * read.lines[:, at.N_PREMIUM]
    return np.add.reduceat(signed, read.starts[:-1])


def _roll(read: Read) -> Doubles:
    """Return the chance that a calendar or diagonal moves a position: not where more trades than was open."""
    near = read.lines[read.starts[:-1]]
    form = read.whole[:, at.K_FORM]
    open_interest = near[:, at.N_OPEN_INTEREST]
    is_too_large = (open_interest >= 0) & (near[:, at.N_SIZE] > open_interest + near[:, at.N_VOLUME])
    chance = np.where(is_too_large, ROLL_NEVER, ROLL_P)
    return np.where((form == CALENDAR) | (form == DIAGONAL), chance, float(ABSENT))
