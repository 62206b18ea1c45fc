"""`python -m cli.receipts.ask --namespace NS --alert ID [--deep]`: one receipt as JSON on stdout.

Owns the order: collect, compute again, compare. It is what the command line calls and what the gateway
starts as a process of its own, so that computing again can neither slow nor stop the gateway.
"""

import argparse
import sys
from dataclasses import dataclass
from typing import Any, Final

import orjson

from cli.receipts.collect import Collector, Gathered
from cli.receipts.compare import Check, Verdict
from cli.receipts.index import Index
from cli.receipts.judge import IDENTITY, archive_checks, deep_checks, shallow_checks
from cli.receipts.raw import RawLog
from cli.receipts.replay import Replayed, Task, replay
from cli.receipts.report import receipt
from connectors.clickhouse_read import ReadStore
from connectors.errors import ServiceError, UserError
from connectors.registry import Codec, codec_for
from connectors.settings import load_settings

SECONDS: Final = 600.0
ID_CHARS: Final = 64


@dataclass(frozen=True, slots=True)
class Question:
    """Which alert of which namespace, where broker and store are, and how it is computed again.

    `source` is the namespace of the raw topics, where a replay wrote its results under another name.
    """

    bootstrap: str
    clickhouse: str
    namespace: str
    alert_id: str
    is_deep: bool = False
    seconds: float = SECONDS
    source: str = ""


def ask(question: Question, codec: Codec) -> dict[str, Any]:
    """Return the receipt of an alert.

    Raises:
        UserError: there is no such alert.
        ServiceError: store or broker do not answer, or the time given is over.
    """
    if not question.alert_id.isalnum() or len(question.alert_id) > ID_CHARS:
        raise UserError(f"{question.alert_id[:ID_CHARS]!r} is not an alert id: those are letters and digits")
    store = ReadStore(question.clickhouse, question.namespace)
    derived = RawLog(question.bootstrap, question.namespace)
    source = RawLog(question.bootstrap, question.source or question.namespace)
    try:
        found = Collector(Index(store, question.source), derived, source, codec).collect(question.alert_id)
    finally:
        derived.close()
        source.close()
        store.close()
    checks = archive_checks(found)
    how: dict[str, Any] = {"namespace": question.namespace, "mode": "deep" if question.is_deep else "shallow"}
    if question.is_deep:
        replayed, more = _deep(question, found, codec)
        checks += more
        how |= {"records_replayed": replayed.rows_read, "replay_s": round(replayed.seconds, 3)}
    else:
        checks += shallow_checks(found, codec.learn(found.raw_values()))
    return receipt(found, Verdict(tuple(checks)), how)


def _deep(question: Question, found: Gathered, codec: Codec) -> tuple[Replayed, list[Check]]:
    copies = (*found.alerts, *found.packets, *found.hits)
    ids: dict[str, set[str]] = {topic: set() for topic in IDENTITY}
    for copy in copies:
        ids[copy.topic].add(copy.row[IDENTITY[copy.topic]])
    task = Task(
        question.bootstrap,
        question.source or question.namespace,
        found.partition,
        max(int(c.row["emit_ts"]) for c in copies),
        {topic: frozenset(names) for topic, names in ids.items()},
        question.seconds,
    )
    replayed = replay(task, codec)
    return replayed, deep_checks(found, replayed)


def main(argv: list[str] | None = None) -> int:
    """Print one receipt; 2 for a wrong question, 1 for a service that fails."""
    parser = argparse.ArgumentParser(prog="python -m cli.receipts.ask", description=__doc__)
    parser.add_argument("--namespace", required=True)
    parser.add_argument("--alert", required=True)
    parser.add_argument("--deep", action="store_true")
    parser.add_argument("--seconds", type=float, default=SECONDS)
    args = parser.parse_args(argv)
    try:
        settings = load_settings()
        bootstrap, url = settings.kafka_bootstrap_servers, settings.clickhouse_url
        if bootstrap is None or url is None:
            raise UserError("KAFKA_BOOTSTRAP_SERVERS and CLICKHOUSE_URL must be set")
        question = Question(bootstrap, url, args.namespace, args.alert, args.deep, args.seconds)
        said = ask(question, codec_for(settings))
    except (UserError, ServiceError) as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    sys.stdout.buffer.write(orjson.dumps(said))
    return 0


if __name__ == "__main__":
    sys.exit(main())
