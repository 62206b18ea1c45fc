"""Packages that have closed: those with a stock-option code wait for the print of their stock.

Owns the waiting packages and when each leaves: WAIT_NS after its close, with a session, or at once where too
many wait (counted). The time depends on the close alone, never on when a print is found, so the cut of
releases does not show. Refuses to read packages.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import numpy as np

from dataflows.analytics.packages_layout import L_FAMILY, L_SEQ, LEG_FIELDS, STOCK_FAMILY, Parcels
from dataflows.analytics.packages_stock import WAIT_NS
from dataflows.analytics.plain import from_plain, to_plain
from dataflows.analytics.release import Longs

WAITING: Final = 4096


class Parcel(NamedTuple):
    """A closed package: legs, when it closed, when it leaves, its chance, and the stock's middle then."""

    legs: Longs
    closed_ts: int
    leaves_ts: int
    chance: float
    spot: float


class Waiting:
    """Closed packages that have not left yet."""

    def __init__(self) -> None:
        self._held: list[Parcel] = []
        self.hurried = 0

    def take(self, closed: list[Parcel], sessions: list[int], watermark: int) -> list[Parcel]:
        """Add packages that closed, in the order of their close; return those that leave by `watermark`."""
        self._held = [_cut(p, sessions) for p in self._held]
        for parcel in closed:
            self._held.append(self._placed(parcel, sessions))
        leaving = [p for p in self._held if p.leaves_ts <= watermark]
        self._held = [p for p in self._held if p.leaves_ts > watermark]
        return sorted(leaving, key=lambda p: (p.leaves_ts, int(p.legs[:, L_SEQ].min())))

    def _placed(self, parcel: Parcel, sessions: list[int]) -> Parcel:
        if parcel.legs[0, L_FAMILY] != STOCK_FAMILY:
            return parcel
        if len(self._held) >= WAITING:
            waits = sum(p.leaves_ts > parcel.closed_ts for p in self._held)
            if waits >= WAITING:
                self.hurried += 1
                return parcel
        return _cut(parcel._replace(leaves_ts=parcel.closed_ts + WAIT_NS), sessions)

    def snapshot(self) -> dict[str, Any]:
        """Return plain data from which `restore` continues."""
        held = [(to_plain(p.legs), p.closed_ts, p.leaves_ts, p.chance, p.spot) for p in self._held]
        return {"held": tuple(held), "hurried": self.hurried}

    @classmethod
    def restore(cls, snapshot: Mapping[str, Any]) -> "Waiting":
        """Return what `snapshot` described."""
        found = cls()
        for legs, closed_ts, leaves_ts, chance, spot in snapshot["held"]:
            found._held.append(Parcel(from_plain(legs), closed_ts, leaves_ts, chance, spot))
        found.hurried = snapshot["hurried"]
        return found


def _cut(parcel: Parcel, sessions: list[int]) -> Parcel:
    """Let a package leave with the first session at or after its close, if it waits beyond that."""
    for ts in sessions:
        if parcel.closed_ts <= ts < parcel.leaves_ts:
            return parcel._replace(leaves_ts=ts)
    return parcel


def gathered(parcels: list[Parcel]) -> Parcels:
    """Return packages as columns, in the order given."""
    sizes = [len(p.legs) for p in parcels]
    legs = np.concatenate([p.legs for p in parcels]) if parcels else np.zeros((0, LEG_FIELDS), np.int64)
    return Parcels(
        legs,
        np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
        np.array([p.leaves_ts for p in parcels], np.int64),
        np.array([p.chance for p in parcels], np.float64),
    )
