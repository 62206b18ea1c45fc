"""Rows of options.placed: each print beside the quote it traded against.

Owns the assembly of that topic from the prints and what each stage found for them. Refuses to judge.
"""

from collections.abc import Mapping

import numpy as np

from dataflows.analytics.options_layout import Placed, Prints
from dataflows.analytics.options_money import premiums
from dataflows.analytics.options_names import EXPIRY, RIGHT, STRIKE, Names
from dataflows.analytics.release import ROW_PRINT, Longs, Release
from schemas.columns import Batch, Column, complete
from schemas.fields import ABSENT
from schemas.topics import TOPIC


def placed_batch(
    release: Release, names: Names, prints: Prints, placed: Placed, more: Mapping[str, Column]
) -> Batch:
    """Return one row per print in the order of application; `seq` is left at 0.

    `more` holds columns that other stages found, by the rows of the prints.
    """
    is_print = release.row_kind == ROW_PRINT
    order = release.row[is_print]
    facts = names.facts(prints.contract)
    source = release.prints
    low, high = _bar_premiums(source)
    columns = {
        "print_seq": prints.seq,
        "source_ts": prints.source_ts,
        "event_ts": prints.event_ts,
        "underlying": source["underlying"],
        "contract": source["contract"],
        "expiry": facts[:, EXPIRY].astype(np.int32),
        "strike": facts[:, STRIKE].copy(),
        "right": facts[:, RIGHT].astype(np.int32),
        "price": prints.price,
        "size": prints.size,
        "premium": prints.premium,
        "premium_low": low,
        "premium_high": high,
        "venue": source["venue"],
        "condition": source["condition"],
        "code_family": prints.family.astype(np.int32),
        "status": prints.status.astype(np.int32),
        "quote_state": placed.state,
        "placement": placed.placement,
        "is_placement_stable": placed.is_stable,
        "quote_source": placed.source,
        "quote_ts": placed.quote[:, 0].copy(),
        "quote_seq": placed.quote[:, 1].copy(),
        "bid": placed.quote[:, 2].copy(),
        "ask": placed.quote[:, 3].copy(),
        "bid_size": placed.quote[:, 4].copy(),
        "ask_size": placed.quote[:, 5].copy(),
        "quote_age_ns": placed.age_ns,
        "side": placed.side,
        **more,
    }
    topic = TOPIC["options.placed"]
    rows = Batch(topic, columns)
    if not np.array_equal(order, np.arange(len(order))):
        rows = rows.take(order)
    head = {"seq": np.zeros(len(order), np.int64), "emit_ts": release.effective_ts[is_print]}
    both = {**head, **rows.columns}
    return complete(Batch(topic, both))


def _bar_premiums(source: Batch) -> tuple[Longs, Longs]:
    """Return the premium interval of bars; absent on trades and where a bar has no low or high."""
    size, multiplier = source["size"], source["multiplier"].astype(np.int64)
    bounds = []
    for name in ("price_low", "price_high"):
        bound = np.full(len(source), ABSENT, np.int64)
        has = source["is_bar"] & (source[name] >= 0)
        bound[has] = premiums(source[name][has], size[has], multiplier[has])
        bounds.append(bound)
    return bounds[0], bounds[1]
