"""The tapes that are scored: synthetic ones with their truth, and recordings that state who took.

Owns the one place where parameters of a region become a tape. Scores are made on the region `scoring`,
whatever is fitted on `tuning`: `for_tuning` can name no other. Refuses a recording without a true side.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl

from connectors.errors import UserError
from connectors.feed import Feed
from connectors.memory_log import Logs, raw_log
from connectors.recorded import Selection
from schemas.topics import TOPIC
from scoring.run import raw
from scoring.truth import Truth, of_recording, truth_of
from synthetic.params import PROFILES, Region

SCORING: Final[Region] = "scoring"
TUNING: Final[Region] = "tuning"
SEEDS_MAX: Final = 1_000
RUNS: Final = 10_000  # above every seed and minute, so that numbers of tapes never meet
MINUTES_MAX: Final = 390
FROM_OPEN: Final = (0,)
CHUNKS_MAX: Final = 400  # of a recording held in memory at once, 50,000 rows each; the rest is not scored
SYNTHETIC_CHUNKS_MAX: Final = 1_000_000  # far above the slices of a second of the longest tape
PRINT_TOPICS: Final = ("options.prints", "equities.prints")


@dataclass(frozen=True, slots=True)
class Tape:
    """One tape in memory: its records, what really happened, and the seed it came from (0: recorded).

    `at` is the minute of the session at which it begins.
    """

    seed: int
    logs: Logs
    truth: Truth
    minutes: float
    note: str = ""
    at: int = 0

    @property
    def number(self) -> int:
        """What tells it from other tapes: its seed, with the minute where that is not the first."""
        return self.seed if not self.at else self.seed * RUNS + self.at


def check_profile(profile: str) -> str:
    """Return the profile, or raise UserError."""
    if profile not in PROFILES:
        raise UserError(f"--synthetic {profile!r} is no profile; allowed: {', '.join(PROFILES)}")
    return profile


def check_seeds(count: int) -> int:
    """Return the number of seeds, or raise UserError."""
    if not 1 <= count <= SEEDS_MAX:
        raise UserError(f"--seeds {count}: a number of seeds from 1 to {SEEDS_MAX} is expected")
    return count


def check_minutes(minutes: int) -> int:
    """Return the minutes, or raise UserError."""
    if not 1 <= minutes <= MINUTES_MAX:
        raise UserError(f"--minutes {minutes}: 1 to {MINUTES_MAX} minutes of a session are allowed")
    return minutes


def check_at(at: Sequence[int], minutes: int) -> tuple[int, ...]:
    """Return the minutes at which tapes begin, each once and in order, or raise UserError."""
    last = MINUTES_MAX - minutes
    wrong = next((m for m in at if not 0 <= m <= last), None)
    if wrong is not None:
        raise UserError(
            f"--at {wrong}: a tape of {minutes} minutes begins at minute 0 to {last} of a session"
        )
    return tuple(sorted(set(at))) or FROM_OPEN


def for_scoring(
    profile: str, seeds: Sequence[int], minutes: int, at: Sequence[int] = FROM_OPEN
) -> Iterator[Tape]:
    """Yield one tape a seed and minute of beginning, its parameters drawn from the scoring region."""
    for seed in seeds:
        for minute in at:
            yield _synthetic(profile, seed, (minute, minutes), SCORING)


def for_tuning(
    profile: str, seeds: Sequence[int], minutes: int, at: Sequence[int] = FROM_OPEN
) -> Iterator[Tape]:
    """Yield such tapes with parameters drawn from the tuning region; all that may be fitted on."""
    for seed in seeds:
        for minute in at:
            yield _synthetic(profile, seed, (minute, minutes), TUNING)


def _synthetic(profile: str, seed: int, stretch: tuple[int, int], region: Region) -> Tape:
    """Return the tape of a stretch of the first session: (minute of beginning, minutes)."""
    from connectors.feeds.synthetic import SyntheticFeed
    from connectors.truth_files import labelled

    at, minutes = stretch
    feed = SyntheticFeed(profile, seed, minutes, region=region, start_minute=at)
    logs, tables = labelled(feed, SYNTHETIC_CHUNKS_MAX)
    return Tape(seed, logs, truth_of(tables), float(minutes), at=at)


def recorded(name: str, source: str) -> Tape:
    """Return a recording as a tape whose truth is the aggressor that it states.

    Raises:
        UserError: an unknown feed, a source it cannot read, or one that does not say who took.
    """
    from connectors.formats import LEAN, NAMES, recognise, spec_of
    from connectors.ingest import build_feed

    if name not in NAMES:
        raise UserError(f"{name!r} is no recorded feed; allowed: {', '.join(NAMES)}, or --synthetic PROFILE")
    found = recognise([Path(source)], name)
    if found.format == LEAN:  # before it asks which of its days are meant
        raise _unsigned(name, source)
    return of_feed(build_feed(spec_of(found, Selection())), source)


def of_feed(feed: Feed, source: str) -> Tape:
    """Return the tape of a feed that states the true side; UserError where it does not."""
    if feed.capabilities.get("true_side", "none") == "none":
        raise _unsigned(feed.name, source)
    logs = raw_log(feed, CHUNKS_MAX)
    is_cut = next(feed.chunks(CHUNKS_MAX), None) is not None
    frames = [of_recording(_stated(logs, t), t) for t in PRINT_TOPICS if t in feed.inputs]
    if not sum(int((t.fills["aggressor"] != 0).sum()) for t in frames):
        raise UserError(f"{feed.name} {source}: no print of this recording says who took")
    note = f"only the first {CHUNKS_MAX} chunks of the recording are scored" if is_cut else ""
    return Tape(0, logs, _joined(frames), 0.0, note)


def _unsigned(name: str, source: str) -> UserError:
    return UserError(
        f"{name} {source}: this recording does not say who took (true_side is none); `score side` needs DBN "
        "with a side or LOBSTER messages, or --synthetic PROFILE"
    )


def _stated(logs: Logs, topic: str) -> pl.DataFrame:
    """Return who took as the prints of a topic say it; an option print is never called hidden."""
    names = [n for n in ("seq", "aggressor", "source_ts", "is_hidden") if n in TOPIC[topic].field_names]
    found = raw(logs, topic, names)
    return found if "is_hidden" in names else found.with_columns(pl.lit(False).alias("is_hidden"))


def _joined(truths: Sequence[Truth]) -> Truth:
    fills = pl.concat([t.fills for t in truths])
    return Truth(fills, truths[0].parents, truths[0].packages)
