"""`score`: runs the flow over tapes, puts its claims beside the truth, and makes one report a claim.

Owns which outputs each claim needs and the order of work: a tape is made, run and reduced to rows before
the next one, so that memory holds one tape. Refuses an unknown claim, and fits nothing on what it scores.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import polars as pl

from connectors.errors import UserError
from schemas.kinds import VENUE_LETTER
from schemas.topics import TOPIC
from scoring import adversarial, alerts, dark, open_chances, opening, packages, parents, side, side_chances
from scoring.intervals import BOOTSTRAP_SEED
from scoring.metrics import Measures
from scoring.nulls import NULL_SEED
from scoring.run import EQUITY_SIDE, OPTION_SIDE, PACKETS, Frames, Wanted, flow, raw
from scoring.tapes import FROM_OPEN, SCORING, TUNING, Tape, for_scoring, for_tuning
from scoring.truth import ARE_FILLS

CLAIMS: Final = ("side", "parents", "packages", "opening", "dark", "alerts", "adversarial")
RECORDED_CLAIMS: Final = ("side",)
SYNTHETIC_ONLY: Final = "synthetic only"
OPTIONS_PLACED: Final = "options.placed"
TUNING_SEEDS: Final = (1,)
_ALERT: Final = (
    "alert_id", "emit_ts", "version", "status", "packet_id", "rule_id", "score", "underlying",
    "direction", "volatility_direction", "premium", "packet_ids", "story_id", "is_delivered",
)  # fmt: skip
_DARK: Final = ("dark_id", "version", "status", "kind", "print_seq", "underlying", "source_ts")
_PLACED: Final = ("options.placed", OPTION_SIDE)
_PACKETS: Final = ("flow.packets", (*PACKETS, "status", "package_members"))
_SIDES: Final = ("options.placed", (*OPTION_SIDE, *side_chances.PRINT_CLAIMS))
_SIDE_PACKETS: Final = (side_chances.PACKETS, side_chances.PACKET_CLAIMS)
_JOINS: Final = ("equities.joins", EQUITY_SIDE)
NEEDS: Final[dict[str, tuple[tuple[str, tuple[str, ...]], ...]]] = {
    "side": (_SIDES, _SIDE_PACKETS, _JOINS),
    "parents": (_PLACED, _PACKETS),
    "packages": (_PLACED, _PACKETS),
    "opening": (_PLACED, (open_chances.PACKETS, (*open_chances.NEEDED, *open_chances.CLAIMED))),
    "dark": (_JOINS, ("dark.events", _DARK)),
    "alerts": (_PLACED, _PACKETS, ("flow.alerts", _ALERT)),
    "adversarial": (
        ("options.placed", (*OPTION_SIDE, *adversarial.PLACED)),
        ("flow.packets", (*PACKETS, "status", *adversarial.PACKETS)),
        ("flow.hits", ("hit_id", "version", "status", "packet_id")),
        ("flow.alerts", _ALERT),
        _JOINS,
        ("dark.events", _DARK),
    ),
}
OPTIONAL: Final = {"options.placed": opening.CLAIM_FIELDS, "flow.packets": packages.CLAIM_FIELDS}


@dataclass(frozen=True, slots=True)
class Report:
    """The scores of one claim and all that is needed to make them again."""

    claim: str
    source: dict[str, Any]
    scores: list[Measures]
    notes: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """Return plain data; every score of options says that it is synthetic only."""
        headed = [{"heading": heading(s, self.source), **s} for s in self.scores]
        seeds = {"bootstrap_seed": BOOTSTRAP_SEED, "null_seed": NULL_SEED}
        return {
            "claim": self.claim,
            "source": {**self.source, **seeds},
            "notes": self.notes,
            "scores": headed,
        }


def heading(score: Measures, source: dict[str, Any]) -> str:
    """Return what must stand over a score."""
    return SYNTHETIC_ONLY if source["kind"] == "synthetic" else f"recorded: {source['feed']}"


def check_claim(claim: str) -> str:
    """Return the claim, or raise UserError."""
    if claim not in CLAIMS:
        raise UserError(f"score {claim!r} is no claim; allowed: {', '.join(CLAIMS)}")
    return claim


@dataclass(slots=True)
class Collected:
    """The reduced rows of all tapes so far, by claim."""

    side: Frames = field(default_factory=dict)
    runs: dict[str, list[pl.DataFrame]] = field(default_factory=dict)
    open_chances: list[pl.DataFrame] = field(default_factory=list)
    unlisted: int = 0
    left_out: int = 0


def synthetic(
    claims: Sequence[str],
    profile: str,
    seeds: Sequence[int],
    minutes: int,
    at: Sequence[int] = FROM_OPEN,
) -> list[Report]:
    """Score claims on the scoring region of a profile; the fitted table is made on the tuning region.

    Tapes begin at each minute of `at`.
    """
    is_fitted = "side" in claims
    tables = tuned(profile, minutes) if is_fitted else {}
    found = collect(claims, for_scoring(profile, seeds, minutes, at))
    source = {
        "kind": "synthetic",
        "profile": profile,
        "region": SCORING,
        "seeds": list(seeds),
        "minutes": minutes,
        "at": list(at),
        "tuned_on": {"region": TUNING, "seeds": list(TUNING_SEEDS), "minutes": minutes}
        if is_fitted
        else None,
    }
    return [report(claim, found, source, tables) for claim in claims]


def tuned(profile: str, minutes: int) -> side.Tables:
    """Fit what is fitted, on the tuning region alone."""
    return side.fitted(collect(("side",), for_tuning(profile, TUNING_SEEDS, minutes)).side)


def check_recorded(claim: str) -> str:
    """Return a claim that a recording can judge, or raise UserError."""
    if claim not in RECORDED_CLAIMS:
        raise UserError(
            f"score {claim}: a recording holds the true side at most, so only `score side` can use one; "
            f"score {claim} with --synthetic PROFILE"
        )
    return claim


def recording(claim: str, tape: Tape, feed: str, source: str) -> Report:
    """Score a claim on a recording; only a side can be checked there."""
    check_recorded(claim)
    made = {"kind": "recorded", "feed": feed, "source": source}
    found = report(claim, collect((claim,), [tape]), made, {})
    found.notes.extend(filter(None, [tape.note]))
    return found


def collect(claims: Sequence[str], tapes: Iterable[Tape]) -> Collected:
    """Run the flow over each tape and keep the rows that the claims need."""
    found = Collected(runs={claim: [] for claim in claims})
    sides: dict[str, list[pl.DataFrame]] = {}
    for tape in tapes:
        outputs = flow(tape.logs, wanted(claims))
        if "side" in claims:
            for topic, rows in side.rows_of(outputs, venues(tape), tape.truth, tape.number).items():
                sides.setdefault(topic, []).append(rows)
        for claim, module in _MODULES.items():
            if claim in claims:
                more = _more(claim, tape)
                found.runs[claim].append(module.rows_of(outputs, tape.truth, tape.number, *more))
        if "opening" in claims:
            chances = open_chances.rows_of(outputs, tape.truth, tape.number)
            found.open_chances += [] if chances is None else [chances]
        if "parents" in claims:
            found.unlisted += parents.unlisted(outputs)
        found.left_out += tape.truth.fills.filter(~pl.col("report").is_in(ARE_FILLS)).height
        del tape, outputs  # or the next tape is made while this one is still held
    found.side = {topic: pl.concat(rows) for topic, rows in sides.items()}
    return found


def _more(claim: str, tape: Tape) -> tuple[Any, ...]:
    """Return what only one claim wants to know of a tape."""
    if claim == "opening":
        return (opening.open_interest(tape.logs),)
    return (tape.minutes, tape.at) if claim == "alerts" else ()


_MODULES: Final[dict[str, Any]] = {
    "parents": parents,
    "packages": packages,
    "opening": opening,
    "dark": dark,
    "alerts": alerts,
    "adversarial": adversarial,
}


def wanted(claims: Sequence[str]) -> Wanted:
    """Return the topics and columns that claims read, those that a later flow may add included."""
    found: dict[str, tuple[str, ...]] = {}
    for claim in claims:
        for topic, names in NEEDS[claim]:
            later = [n for n in OPTIONAL.get(topic, ()) if n in TOPIC[topic].field_names]
            found[topic] = tuple(dict.fromkeys((*found.get(topic, ()), *names, *later)))
    return found


def venues(tape: Tape) -> pl.DataFrame:
    """Return the letters of who made each national option quote; "none" where the feed names nobody."""
    codes = raw(tape.logs, "options.nbbo", ("seq", "bid_venue", "ask_venue"))
    letters = dict(enumerate(VENUE_LETTER))
    return codes.with_columns(
        pl.col("bid_venue", "ask_venue").replace_strict(letters, return_dtype=pl.String)
    )


def report(claim: str, found: Collected, source: dict[str, Any], tables: side.Tables) -> Report:
    """Score what was collected for one claim."""
    runs, notes = found.runs.get(claim, []), []
    if found.left_out:
        notes.append(f"{found.left_out:,} records are cancels, corrections or repeats and no fills: left out")
    if claim == "side":
        return Report(claim, source, side.score(found.side, tables), notes)
    if claim == "adversarial" and source.get("profile") != "adversarial":
        notes.append("baits and twins are only in --synthetic adversarial")
    if claim == "parents" and found.unlisted:
        notes.append(f"{found.unlisted} members that packets count and do not list are not scored")
    if claim == "packages" and not packages.has_claims():
        notes.append("the flow claims no packages: its coverage is 0; the baseline stands beside it")
    if claim == "opening" and not set(opening.CLAIM_FIELDS) <= set(TOPIC[OPTIONS_PLACED].field_names):
        notes.append("the flow proves no openings: its coverage is 0; the baseline stands beside it")
    more = open_chances.score(found.open_chances) if claim == "opening" else []
    return Report(claim, source, [*_MODULES[claim].score(runs), *more], notes)
