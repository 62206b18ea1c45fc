"""Fits the table of opening chances on the tuning region and writes it as a module of the flow.

Owns the seeds and times of day it is fitted on, which cells it tells apart, and the text of
dataflows/analytics/opening_chance_table.py. A packet counts with the share of its contracts that whoever is
on its side opened, and only where all its prints are listed. Refuses any tape of the scoring region. The same
tapes give the same bytes.

    python -m scoring.open_fit [FILE]
"""

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl

from dataflows.analytics.opening_chance import READ, cells, is_judged
from dataflows.analytics.sides_cells import BASE, DIGITS
from dataflows.analytics.sides_lookup import UNIT
from schemas.kinds import SIDE
from scoring.claims import OPTIONS, members, standing
from scoring.intervals import Floats, Longs
from scoring.run import Frames, Wanted, flow
from scoring.tapes import Tape, for_tuning
from scoring.truth import ARE_FILLS, Truth

PROFILE: Final = "normal"
SEEDS: Final = (1, 2, 3, 4)
MINUTES: Final = 1
AT: Final = (0, 150)  # minutes of the session at which tapes begin: the opening, and later
PACKETS: Final = "flow.packets"
COLUMNS: Final = tuple(dict.fromkeys(("packet_id", "version", "members", "print_count", *READ)))
WANTED: Final[Wanted] = {PACKETS: COLUMNS}
PRIOR: Final = 30.0  # packets of the coarser cell added to each
LEAST_ROWS: Final = 300  # a first digit with fewer has no chance at all: its packets abstain
LEAST_FINER: Final = 40  # and a finer cell with fewer none of its own
LEAST_CHANGE: Final = 0.01  # nearer to the coarser cell than this is the same
LEAST_SIGMAS: Final = 2.0  # as is what chance alone would show
TARGET: Final = Path("dataflows/analytics/opening_chance_table.py")
WIDTH: Final = 106


def with_opened(packets: pl.DataFrame, truth: Truth) -> pl.DataFrame:
    """Return standing packets with `t_open`, the share opened on their side; null where it is not known.

    It is not known without a side, and of packets that count prints which they do not list.
    """
    fills = truth.fills.filter(pl.col("topic") == OPTIONS, pl.col("report").is_in(ARE_FILLS))
    rows = standing(packets, "packet_id").with_columns(pl.col("partition").cast(pl.Int64))
    opened = (
        members(rows)
        .select("partition", "packet_id", "print_seq")
        .join(fills, left_on=["partition", "print_seq"], right_on=["partition", "seq"], how="inner")
        .group_by("packet_id")
        .agg(pl.col("open_buy").sum(), pl.col("open_sell").sum(), pl.len().alias("listed"))
    )
    joined = rows.join(opened, on="packet_id", how="left", maintain_order="left")
    side = {SIDE.index("buy"): pl.col("open_buy"), SIDE.index("sell"): pl.col("open_sell")}
    mine = pl.coalesce(pl.when(pl.col("side") == code).then(column) for code, column in side.items())
    is_whole = pl.col("listed") == pl.col("print_count")
    share = (mine / pl.col("size")).clip(0.0, 1.0)
    return joined.with_columns(pl.when(is_whole).then(share).alias("t_open")).drop(
        "open_buy", "open_sell", "listed"
    )


def known(outputs: Frames, truth: Truth) -> tuple[Longs, Floats]:
    """Return the cells of packets that may have a chance from the table, and what share of each opened."""
    rows = with_opened(outputs[PACKETS], truth).filter(pl.col("t_open").is_not_null())
    columns = {name: rows[name].cast(pl.Int64).to_numpy() for name in READ}
    mask = is_judged(columns)
    return cells(columns)[mask], rows["t_open"].to_numpy()[mask]


def fitted(tapes: Iterator[Tape]) -> dict[str, int]:
    """Return the table fitted on tapes; who calls hands in the tuning region and nothing else."""
    parts = [known(flow(tape.logs, WANTED), tape.truth) for tape in tapes]
    return table(np.concatenate([p[0] for p in parts]), np.concatenate([p[1] for p in parts]))


def table(cell: Longs, opened: Floats) -> dict[str, int]:
    """Return the chance in 1e-4 that a contract opened, by prefix of its cell, from the coarse to the fine.

    A cell is drawn to its coarser one by PRIOR packets of it, the first digit to all packets.
    """
    found: dict[str, int] = {}
    coarser = np.full(len(cell), opened.mean() if len(opened) else 0.0)
    is_known = np.ones(len(cell), np.bool_)
    for length in range(1, DIGITS + 1):
        keys, of_row = np.unique(cell // BASE ** (DIGITS - length), return_inverse=True)
        n, total = np.bincount(of_row), np.bincount(of_row, opened)
        before, has_coarser = np.zeros(len(keys)), np.zeros(len(keys), np.bool_)
        before[of_row], has_coarser[of_row] = coarser, is_known
        chance = np.round((total + PRIOR * before) / (n + PRIOR) * UNIT) / UNIT
        is_own = (n >= LEAST_ROWS) if length == 1 else _is_told(n, total / n, before) & has_coarser
        chance = np.where(is_own, chance, before)
        for key, value in zip(keys[is_own].tolist(), chance[is_own].tolist(), strict=True):
            found[f"{key:0{length}o}"] = round(value * UNIT)
        coarser = chance[of_row]
        is_known = is_known & (is_own[of_row] | (length > 1))
    return found


def _is_told(n: Longs, share: Floats, before: Floats) -> np.ndarray:
    """Tell which cells differ from their coarser one by more than chance would show."""
    sigma = np.sqrt(np.maximum(before * (1 - before), 1e-4) / n)
    change = np.abs(share - before)
    return np.asarray((n >= LEAST_FINER) & (change >= LEAST_CHANGE) & (change >= LEAST_SIGMAS * sigma))


def module(cells_of: Mapping[str, int]) -> str:
    """Return the text of the module that holds the table."""
    seeds, at = (" ".join(str(n) for n in values) for values in (SEEDS, AT))
    return f'''"""Chances that a contract of a packet opened, by cell, fitted on a synthetic market.

Generated by `python -m scoring.open_fit`; do not edit.

Profile {PROFILE}, region tuning, seeds {seeds}, {MINUTES} minutes from each of the minutes {at} of a
session. Each pair is a key (octal digits, a prefix of a cell) and the chance in 1e-4 that a contract of the
packet opened for whoever is on its side. Owns the figures, and refuses to be edited by hand.
"""

from typing import Final

TABLE: Final = """
{_pairs(cells_of)}"""
'''


def _pairs(cells_of: Mapping[str, int]) -> str:
    lines = [""]
    for key in sorted(cells_of):
        pair = f"{key} {cells_of[key]}"
        if len(lines[-1]) + 1 + len(pair) > WIDTH:
            lines.append("")
        lines[-1] += f" {pair}" if lines[-1] else pair
    return "\n".join(lines) + "\n"


def main() -> int:
    """Fit the table; the first argument is the file, the module of the flow without one."""
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else TARGET
    path.write_text(module(fitted(for_tuning(PROFILE, SEEDS, MINUTES, AT))), encoding="utf-8")
    print(f"wrote {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
