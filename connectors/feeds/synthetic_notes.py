"""What the synthetic market says beside its tape: what trades, what is open, what companies do, what halts.

Owns the notes of a session, at most two for each underlying and a few for the day. Refuses a note for each
series: those are listed inside the note of their underlying.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from connectors.feed import Gap, Note
from connectors.feeds.synthetic_rows import Names
from synthetic.sessions import Action, Day
from synthetic.tape_incidents import EQUITIES, Incidents
from synthetic.universe import Universe

Vector = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Listing:
    """The series of a day: names, the symbol and open interest of each, and shares by contract."""

    names: Names
    symbol: Vector
    open_interest: Vector


def definitions(universe: Universe, listing: Listing, at_ts: int) -> list[Note]:
    """Return one definition for each underlying: its listing, lots and series that are not standard."""
    odd = np.flatnonzero(listing.names.multiplier != 100)
    series = listing.names.series.take(np.ascontiguousarray(odd)).to_pylist() if len(odd) else []
    adjusted: dict[int, dict[str, int]] = {}
    for row, name in zip(odd.tolist(), series, strict=True):
        adjusted.setdefault(int(listing.symbol[row]), {})[name] = int(listing.names.multiplier[row])
    counts = np.bincount(listing.symbol, minlength=len(universe))
    return [
        Note(
            "definition",
            symbol,
            at_ts,
            {
                "listing": chr(int(universe.listing[n])),
                "tape": "C" if universe.is_tape_c[n] else "A/B",
                "round_lot": int(universe.round_lot[n]),
                "series": int(counts[n]),
                "multiplier": 100,
                "adjusted": adjusted.get(n, {}),
            },
        )
        for n, symbol in enumerate(universe.symbols)
    ]


def open_interest(universe: Universe, listing: Listing, at_ts: int) -> list[Note]:
    """Return one note for each underlying with series: open contracts at the start of the day, by series."""
    order = np.argsort(listing.symbol, kind="stable")
    firsts = np.searchsorted(listing.symbol[order], np.arange(len(universe) + 1))
    names = listing.names.series.take(order).to_pylist()
    counts = listing.open_interest[order].tolist()
    notes: list[Note] = []
    for n, symbol in enumerate(universe.symbols):
        first, last = int(firsts[n]), int(firsts[n + 1])
        if last > first:
            of = dict(zip(names[first:last], counts[first:last], strict=True))
            notes.append(Note("open_interest", symbol, at_ts, {"contracts": of}))
    return notes


def corporate_actions(universe: Universe, actions: tuple[Action, ...], day: Day, at_ts: int) -> list[Note]:
    """Return a note for each dividend and split that is effective on the day."""
    unit = {"dividend": "usd_per_share", "split": "new_per_old"}
    return [
        Note(
            "corporate_action",
            universe.symbols[action.symbol],
            at_ts,
            {"kind": action.kind, "date": day.date.isoformat(), unit[action.kind]: action.amount},
        )
        for action in actions
    ]


def halts(universe: Universe, incidents: Incidents) -> list[Note]:
    """Return a note where a halt begins and one where trading goes on, in the order of time."""
    notes: list[Note] = []
    for symbol in incidents.halted:
        for times, action in ((incidents.halt_start, "halt"), (incidents.halt_stop, "trading")):
            is_open = action == "trading"
            detail: Mapping[str, object] = {
                "action": action,
                "reason": "volatility pause",
                "is_trading": is_open,
                "is_quoting": is_open,
            }
            notes.append(Note("status", universe.symbols[symbol], int(times[symbol]), detail))
    return sorted(notes, key=lambda note: (note.source_ts, note.underlying))


def gaps(incidents: Incidents) -> list[Gap]:
    """Return a gap where each outage of a quote channel ends."""
    lost = {
        True: ("equity quotes were lost", ("equities.quotes",)),
        False: ("option quotes were lost", ("options.nbbo",)),
    }
    return [Gap(o.stop_ts, *lost[o.market == EQUITIES]) for o in incidents.outages]
