"""Prints and packets as the tables of sides see them, beside the truth.

Owns the way from columns of options.placed and flow.packets to the cells of `dataflows.analytics`, and the
true side of a packet: that of most of its contracts. Refuses to rebuild a rule: gate, cells and turn are
those of the flow.
"""

from typing import Final, NamedTuple

import numpy as np
import polars as pl
import pyarrow as pa

from dataflows.analytics.options_codes import venue_bit
from dataflows.analytics.release import Codes, Flags
from dataflows.analytics.side_ticks import new_ticks
from dataflows.analytics.sides_cells import GROUP_OF, GROUP_UNCODED, Cells, Seen, describe
from dataflows.analytics.sides_gate import CODE, LATE, NO_TRADE, NONE, PACKAGE_LEG, Gate, abstentions
from dataflows.analytics.sides_packets import READ, is_open, packet_cells
from schemas.kinds import VENUE_LETTER
from schemas.opra import IS_FLOOR, NO_CODE, code_bytes
from scoring.claims import OPTIONS, members, standing
from scoring.intervals import Longs
from scoring.metrics import Sides
from scoring.run import Frames
from scoring.truth import ARE_FILLS, Truth

TARGETS: Final = ("aggressor", "customer")


class Known(NamedTuple):
    """Cells with the true sides (+1, -1, 0 undefined) of those who may be judged."""

    cells: Cells
    truth: dict[str, Sides]


def with_truth(rows: pl.DataFrame, truth: Truth) -> pl.DataFrame:
    """Return rows of options.placed in their order with the true sides; 0 where there is none."""
    fills = truth.fills.filter(pl.col("topic") == OPTIONS, pl.col("report").is_in(ARE_FILLS))
    named = fills.select("partition", "seq", *(pl.col(t).alias(f"t_{t}") for t in TARGETS))
    keyed = rows.with_columns(pl.col("partition").cast(pl.Int64))
    joined = keyed.join(
        named,
        left_on=["partition", "print_seq"],
        right_on=["partition", "seq"],
        how="left",
        maintain_order="left",
    )
    return joined.with_columns(pl.col(f"t_{t}").fill_null(0) for t in TARGETS)


def prints(rows: pl.DataFrame, has_codes: bool, has_venues: bool) -> Known:
    """Return the cells of prints as a feed with or without sale codes and venues of the quote shows them.

    `rows` are options.placed in order of application with `bid_venue` and `ask_venue` (letters) and truth.
    """
    family = (rows["code_family"].to_numpy() * has_codes).astype(np.int8)
    reasons = abstentions(_gate(rows, has_codes, family))
    group = GROUP_OF[family] if has_codes else np.full(len(rows), GROUP_UNCODED, np.int8)
    number = rows.select(pl.struct("partition", "contract").rank("dense") - 1).to_series()
    is_tick = ~np.isin(reasons, (NO_TRADE, LATE, PACKAGE_LEG, CODE))
    nobody = np.zeros(len(rows), np.int64)
    seen = Seen(
        number.cast(pl.Int64).to_numpy(),
        is_tick,
        rows["price"].to_numpy(),
        rows["size"].to_numpy(),
        group,
        letters(rows["venue"]),
        rows["bid"].to_numpy(),
        rows["ask"].to_numpy(),
        rows["bid_size"].to_numpy(),
        rows["ask_size"].to_numpy(),
        letters(rows["bid_venue"]) if has_venues else nobody,
        letters(rows["ask_venue"]) if has_venues else nobody,
    )
    contracts = int(seen.contract.max()) + 1 if len(rows) else 0
    found = describe(new_ticks(contracts), seen, np.arange(len(rows), dtype=np.int64))
    return _where(found, rows, reasons == NONE)


def _gate(rows: pl.DataFrame, has_codes: bool, family: Codes) -> Gate:
    code = code_bytes(rows["condition"].to_arrow().cast(pa.string()))
    code = code if has_codes else np.full(len(rows), NO_CODE, np.uint8)
    return Gate(
        rows["status"].to_numpy(),
        family,
        code,
        np.asarray(IS_FLOOR[code]),
        np.zeros(len(rows), np.bool_),  # a print of doubtful time has no stable placement
        rows["size"].to_numpy(),
        rows["quote_state"].to_numpy(),
        rows["is_placement_stable"].to_numpy(),
    )


def letters(venues: pl.Series) -> Longs:
    """Return the code in VENUE_LETTER of each venue, 0 for what is no letter A to Z."""
    texts = venues.fill_null("").unique().to_list()
    last = len(VENUE_LETTER) - 1
    codes = {text: bit + 1 if (bit := venue_bit(text)) < last else 0 for text in texts}
    return venues.fill_null("").replace_strict(codes, return_dtype=pl.Int64).to_numpy()


def packets(outputs: Frames, rows: pl.DataFrame) -> Known:
    """Return the cells of packets; `rows` are the prints with their truth."""
    found = with_packet_truth(standing(outputs["flow.packets"], "packet_id"), rows)
    columns = {name: found[name].cast(pl.Int64).to_numpy() for name in READ}
    return _where(packet_cells(columns), found, is_open(columns))


def with_packet_truth(found: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """Return packets with the side of most of their listed contracts; 0 where neither side has more."""
    fills = rows.select("partition", "print_seq", *(pl.col(f"t_{t}") * pl.col("size") for t in TARGETS))
    listed = members(found.with_columns(pl.col("partition").cast(pl.Int64)))
    sums = (
        listed.select("partition", "packet_id", "print_seq")
        .join(fills, on=["partition", "print_seq"], how="inner")
        .group_by("packet_id")
        .agg(pl.col(f"t_{t}").sum().sign().cast(pl.Int8) for t in TARGETS)
    )
    joined = found.join(sums, on="packet_id", how="left", maintain_order="left")
    return joined.with_columns(pl.col(f"t_{t}").fill_null(0) for t in TARGETS)


def _where(cells: Cells, rows: pl.DataFrame, mask: Flags) -> Known:
    truth = {t: rows[f"t_{t}"].to_numpy()[mask] for t in TARGETS}
    return Known(Cells(cells.cell[mask], cells.way[mask]), truth)
