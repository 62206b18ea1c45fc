"""The process that fills the raw topics of a namespace from one feed.

Owns the specification of a feed as JSON, and the life of the process: SIGTERM and SIGINT end it after
the chunk in hand, the same command again goes on. Refuses a specification it does not understand.

    python -m connectors.ingest --namespace NAME --spec '{"feed": "lean", "root": ...}'
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from threading import Event
from types import FrameType
from typing import Any, Final

from connectors.configured import configured
from connectors.errors import UserError
from connectors.feed import Feed
from connectors.formats import BY_NAME, open_recorded
from connectors.process import broker_address, exit_code, record_codec
from connectors.progress import reporter
from connectors.publish import publish
from connectors.warm_file import warmed

COMMON: Final = frozenset({"feed", "speed", "progress", "configuration", "warm"})


def _lean(spec: Mapping[str, Any]) -> Feed:
    from connectors.feeds.lean import LeanFeed

    return LeanFeed(Path(spec["root"]), spec["symbols"], spec["dates"], spec.get("kind") or "auto")


def _synthetic(spec: Mapping[str, Any]) -> Feed:
    from connectors.feeds.synthetic import SyntheticFeed

    given = (spec["profile"], spec["seed"], spec.get("minutes"), spec.get("symbols"))
    return SyntheticFeed(*given, throttle_ms=spec.get("throttle_ms") or 0)


_Build = Callable[[Mapping[str, Any]], Feed]
_RECORDED: Final = (
    open_recorded,
    frozenset({"paths"}),
    frozenset({"symbols", "start_ts", "end_ts", "options", "facts"}),
)
FEEDS: Final[Mapping[str, tuple[_Build, frozenset[str], frozenset[str]]]] = {
    "lean": (_lean, frozenset({"root", "symbols", "dates"}), frozenset({"kind"})),
    "synthetic": (
        _synthetic,
        frozenset({"profile", "seed"}),
        frozenset({"minutes", "symbols", "throttle_ms"}),
    ),
    **dict.fromkeys(BY_NAME, _RECORDED),
}


def build_feed(spec: Mapping[str, Any]) -> Feed:
    """Return the feed a specification describes.

    lean: root, symbols, dates, kind (auto, equity, option). synthetic: profile, seed, minutes (null is
    endless), symbols, throttle_ms. Formats of connectors.formats: paths, symbols, start_ts, end_ts,
    options. All: speed, and progress, a file that is told how far it is; they do not change the records.
    All: configuration, of the rules, which stands in the records of sessions and in the identity; warm, the
    path of a warm start, told at the start of each session, whose hash stands in the identity.

    Raises:
        UserError: an unknown feed, a missing or unknown part, or data that is not there.
    """
    name = spec.get("feed")
    if not isinstance(name, str) or name not in FEEDS:
        raise UserError(f"feed {name!r}: {', '.join(FEEDS)} are allowed")
    build, needed, optional = FEEDS[name]
    missing = sorted(needed - spec.keys())
    unknown = sorted(spec.keys() - needed - optional - COMMON)
    if missing:
        raise UserError(f"feed {name}: {missing[0]} is missing from its specification")
    if unknown:
        allowed = ", ".join(sorted(needed | optional | COMMON))
        raise UserError(f"feed {name}: {unknown[0]!r} is no part of its specification, which has {allowed}")
    return warmed(configured(build(spec), spec.get("configuration")), spec.get("warm"))


def speed_of(spec: Mapping[str, Any]) -> float | None:
    """Return the pace in event seconds per second, None for full speed."""
    speed = spec.get("speed")
    if speed is None:
        return None
    if isinstance(speed, bool) or not isinstance(speed, int | float):
        raise UserError(f"speed {speed!r}: a number above 0, or null for full speed, is expected")
    return float(speed)


def main() -> int:
    """Publish a feed until it ends or the process is told to stop; print one line of JSON."""
    namespace, spec = _arguments()
    stop = Event()

    def leave(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, leave)
    signal.signal(signal.SIGINT, leave)
    feed = build_feed(spec)
    told = spec.get("progress")
    summary = publish(
        feed,
        namespace,
        broker_address(),
        speed=speed_of(spec),
        stop=stop,
        on_progress=reporter(Path(told) if told else None, feed),
        codec=record_codec(),
    )
    print(json.dumps(asdict(summary)), flush=True)
    return 0


def _arguments() -> tuple[str, dict[str, Any]]:
    parser = argparse.ArgumentParser(prog="connectors.ingest", description="Fill the raw topics from a feed.")
    parser.add_argument("--namespace", required=True)
    parser.add_argument("--spec", required=True, help="the feed as JSON")
    found = parser.parse_args()
    try:
        spec = json.loads(found.spec)
    except json.JSONDecodeError as error:
        raise UserError(f"--spec is no JSON: {error}") from None
    if not isinstance(spec, dict):
        raise UserError("--spec: a JSON object is expected")
    return found.namespace, spec


if __name__ == "__main__":
    sys.exit(exit_code(main))
