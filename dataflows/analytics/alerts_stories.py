"""Stories: alerts of one underlying, direction, volatility direction and expiry bucket, one after another.

Owns a story's counts, premium and score, how rare it is, and whether it is within the budget of delivery. A
story ends when 30 minutes have passed without an alert of it, at a time of its own, and with its session.
Refuses to let the budget touch anything but `is_delivered` and the count of what it held back.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from heapq import heapify, heappop, heappush
from typing import Any, Final

from dataflows.analytics.alerts_config import SECOND_NS, STORY_GAP_NS
from dataflows.analytics.ids import evidence_id
from schemas.kinds import EXPIRY_BUCKET, SEVERITY

HOUR_NS: Final = 3_600 * SECOND_NS
STORY_PACKETS: Final = 512  # premiums kept apart, so that they can be restated; older ones only count
SESSIONS_MIN: Final = 5
RATES: Final = (("high", 10.0), ("medium", 50.0))  # stories a day with at least this score
_DAYS: Final = ((0, "same_day"), (7, "week"), (31, "month"), (92, "quarter"))

Key = tuple[str, int, int, int]


def expiry_bucket(days_to_expiry: int) -> int:
    """Return the code of the bucket of calendar days to expiry; below 0 they are not known."""
    if days_to_expiry < 0:
        return EXPIRY_BUCKET.index("unknown")
    names = (name for most, name in _DAYS if days_to_expiry <= most)
    return EXPIRY_BUCKET.index(next(names, "later"))


@dataclass(slots=True)
class Story:
    """One story. `latest` is the newest alert of each rule, `scores` those of its alerts that stand."""

    story_id: str
    key: Key
    last_ts: int
    is_delivered: bool
    latest: dict[str, str] = field(default_factory=dict)
    scores: dict[str, int] = field(default_factory=dict)
    premiums: dict[str, int] = field(default_factory=dict)
    older_premium: int = 0

    @property
    def due_ts(self) -> int:
        """When it ends, if nothing follows; an alert at that very time still belongs to it."""
        return self.last_ts + STORY_GAP_NS

    @property
    def score(self) -> int:
        """Its highest score so far, in ten-thousandths."""
        return max(self.scores.values(), default=0)

    def count_premium(self, packet_id: str, premium: int) -> None:
        """Count or restate the premium of one packet."""
        self.premiums[packet_id] = premium
        if len(self.premiums) > STORY_PACKETS:
            self.older_premium += self.premiums.pop(next(iter(self.premiums)))

    def drop_premium(self, packet_id: str) -> None:
        """Take back the premium of a packet that no longer alerts."""
        self.premiums.pop(packet_id, None)

    def columns(self) -> dict[str, Any]:
        """Return the columns of flow.alerts that tell of the story so far."""
        return {
            "story_id": self.story_id,
            "story_alert_count": len(self.scores),
            "story_premium": self.older_premium + sum(self.premiums.values()),
            "story_score": self.score / 10_000,
            "expiry_bucket": self.key[3],
            "is_delivered": self.is_delivered,
        }


@dataclass(slots=True)
class Rates:
    """How many stories a day had at least a score, over trailing sessions; nothing known is unrated."""

    sessions: int = 0
    scores: tuple[float, ...] = ()
    per_day: tuple[float, ...] = ()

    @classmethod
    def read(cls, detail: Mapping[str, Any]) -> "Rates":
        """Return the rates of a `story_rates` note; one that does not hold together says nothing."""
        sessions: Any = detail.get("sessions")
        scores: Any = detail.get("scores")
        per_day: Any = detail.get("per_day")
        is_list = isinstance(scores, list | tuple) and isinstance(per_day, list | tuple)
        if not isinstance(sessions, int) or not is_list or not scores or len(scores) != len(per_day):
            return cls()
        pairs = sorted(zip(map(float, scores), map(float, per_day), strict=True))
        return cls(sessions, tuple(s for s, _ in pairs), tuple(r for _, r in pairs))

    def severity(self, score: float) -> int:
        """Return the code of a score's severity; between two known scores the commoner one decides."""
        if self.sessions < SESSIONS_MIN or not self.scores:
            return SEVERITY.index("unrated")
        below = [rate for at, rate in zip(self.scores, self.per_day, strict=True) if at <= score]
        if not below:
            return SEVERITY.index("low")
        name = next((name for name, most in RATES if below[-1] <= most), "low")
        return SEVERITY.index(name)


@dataclass(slots=True)
class Delivery:
    """What one underlying was delivered: stories in the present hour, alerts held back in the session."""

    hour: int = -1
    stories: int = 0
    held_back: int = 0


class Stories:
    """The open stories of a shard, their ends, and the budget of each underlying in the session."""

    def __init__(self, stories_per_hour: int) -> None:
        self._per_hour = stories_per_hour
        self._by_key: dict[Key, Story] = {}
        self._due: list[tuple[int, str, Key]] = []
        self._delivered: dict[str, Delivery] = {}

    def snapshot(self) -> dict[str, Any]:
        """Return plain data from which `restore` continues."""
        return {
            "stories": [asdict(story) for story in self._by_key.values()],
            "delivered": {name: asdict(d) for name, d in self._delivered.items()},
        }

    @classmethod
    def restore(cls, snapshot: Mapping[str, Any], stories_per_hour: int) -> "Stories":
        """Return what `snapshot` described."""
        made = cls(stories_per_hour)
        for plain in snapshot["stories"]:
            u, d, v, e = plain["key"]
            own = {name: dict(plain[name]) for name in ("latest", "scores", "premiums")}
            made._by_key[(u, d, v, e)] = story = Story(**{**plain, **own, "key": (u, d, v, e)})
            made._due.append((story.due_ts, story.story_id, story.key))
        heapify(made._due)
        made._delivered = {name: Delivery(**d) for name, d in snapshot["delivered"].items()}
        return made

    def find(self, key: Key) -> Story | None:
        """Return the open story of a key."""
        return self._by_key.get(key)

    def join(self, key: Key, ts: int, first_alert: str) -> Story:
        """Return the story that an alert at `ts` belongs to; it begins one where none is open."""
        story = self._by_key.get(key)
        if story is None:
            story = Story(evidence_id("story", first_alert, ts), key, ts, self._deliver(key[0], ts))
            self._by_key[key] = story
            heappush(self._due, (story.due_ts, story.story_id, key))
        story.last_ts = ts
        return story

    def held_back(self, underlying: str) -> int:
        """Return how many alerts of an underlying the budget held back in the session."""
        found = self._delivered.get(underlying)
        return found.held_back if found else 0

    def count_held_back(self, underlying: str) -> None:
        """Count an alert that is not delivered."""
        self._delivered[underlying].held_back += 1

    def ended(self, until_ts: int) -> Story | None:
        """Take out the next story that ends at or before `until_ts`, in the order of their ends."""
        while self._due and self._due[0][0] <= until_ts:
            due_ts, story_id, key = heappop(self._due)
            story = self._by_key[key]
            assert story.story_id == story_id, "a story has one end"
            if story.due_ts == due_ts:
                return self._by_key.pop(key)
            heappush(self._due, (story.due_ts, story_id, key))  # an alert put its end off
        return None

    def end_session(self) -> list[Story]:
        """Take out every story, in the order of their ends, and forget the budget."""
        left = sorted(self._by_key.values(), key=lambda s: (s.due_ts, s.story_id))
        self._by_key, self._due, self._delivered = {}, [], {}
        return left

    def _deliver(self, underlying: str, ts: int) -> bool:
        """Tell whether one more story of the underlying is within the budget of its hour."""
        used = self._delivered.setdefault(underlying, Delivery())
        if used.hour != ts // HOUR_NS:
            used.hour, used.stories = ts // HOUR_NS, 0
        used.stories += 1
        return used.stories <= self._per_hour
