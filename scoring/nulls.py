"""Nulls: the truth dealt to other prints, so that every score must fall to its base rate.

Owns three ways of dealing, each inside a session: sides (at random), venues (to a print of another venue)
and times (to a print of the other half). A score that stays above its base rate under one of them measures
something else than the claim. Refuses to deal across sessions.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from scoring.intervals import Longs

HOW: Final = ("sides", "venues", "times")
NULL_SEED: Final = 97


def dealt(how: str, session: Longs, ts: Longs, venue: npt.ArrayLike, seed: int = NULL_SEED) -> Longs:
    """Return for each row the row whose truth it gets.

    `session` names the session of each row, `ts` its time, `venue` its venue by any value that compares.
    """
    assert how in HOW, how
    rng = np.random.default_rng(seed)
    order = np.arange(len(session), dtype=np.int64)
    venues = np.unique(np.asarray(venue), return_inverse=True)[1]
    for name in np.unique(session):
        rows = np.flatnonzero(session == name)
        if how == "sides":
            order[rows] = rng.permutation(rows)
        elif how == "times":
            in_time = rows[np.argsort(ts[rows], kind="stable")]
            order[in_time] = _other_half(in_time, rng)
        else:
            order[rows] = _other_venue(rows, venues[rows], rng)
    return order


def _other_half(ordered: Longs, rng: np.random.Generator) -> Longs:
    """Return for each row, in the order of time, a random one of the other half of the session.

    A move by one distance would not do: neighbours would stay neighbours, and parents stay whole. Of an odd
    number the last row keeps its own.
    """
    half = len(ordered) // 2
    first, second, rest = ordered[:half], ordered[half : 2 * half], ordered[2 * half :]
    return np.concatenate([rng.permutation(second), rng.permutation(first), rest])


def _other_venue(rows: Longs, venue: Longs, rng: np.random.Generator) -> Longs:
    """Return for each row one of another venue, as far as no venue has more than half of them.

    In the order of venues a move by the size of the largest one leaves every venue; within it the order
    is random. A venue with more than half gives its own rows one another's truth.
    """
    shuffled = rng.permutation(len(rows))
    by_venue = shuffled[np.argsort(venue[shuffled], kind="stable")]
    largest = min(int(np.bincount(venue).max()), len(rows) // 2) if len(rows) else 0
    given = np.empty(len(rows), np.int64)
    given[by_venue] = rows[np.roll(by_venue, largest)]
    return given
