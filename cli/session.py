"""One run from feed to summary.

Owns the order: topics, then flow and archive, then the feed; done when all three have ended. Refuses to
leave a process behind: whatever happens, everything it started is stopped.
"""

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from confluent_kafka import KafkaException

from cli import runs
from cli.console import Steps
from cli.pipeline import Pipeline
from cli.services import Services, services
from cli.stack.progress import Step
from cli.summary import summarise
from connectors.feed import Feed
from connectors.scan import watermarks_now
from connectors.topics_admin import ensure_topics
from schemas.topics import DERIVED_TOPICS, RAW_TOPICS, physical_name

EXPLAIN_MODULE: Final = "cli.receipts.ask"
TICK_SECONDS: Final = 0.1
REPORT_SECONDS: Final = 1.0
REPORT_WAIT_SECONDS: Final = 2.0


@dataclass(frozen=True, slots=True)
class Plan:
    """What to run: the feed and its specification for the child process, and how."""

    feed: Feed
    spec: dict[str, Any]
    data_dir: Path
    namespace: str
    workers: int = 1
    port: int | None = None
    epoch_seconds: float = 10.0


def start_processes(plan: Plan, found: Services) -> Pipeline:
    """Create the topics and start flow, archive, feed and, where a port is given, the gateway."""
    ensure_topics(found.endpoints.kafka, plan.namespace)
    pipeline = Pipeline(plan.data_dir, plan.namespace, found.env)
    try:
        pipeline.add_flow(plan.workers, plan.epoch_seconds)
        pipeline.add("archive", [("dataflows.archive", "--namespace", plan.namespace)])
        pipeline.add(
            "feed",
            [("connectors.ingest", "--namespace", plan.namespace, "--spec", json.dumps(plan.spec))],
        )
        if plan.port is not None:
            gateway = (
                "api.serve", "--namespace", plan.namespace, "--port", str(plan.port),
                "--explain", EXPLAIN_MODULE,
            )  # fmt: skip
            pipeline.add("gateway", [gateway], is_endless=True)
    except BaseException:
        pipeline.stop()
        raise
    return pipeline


def run_to_end(plan: Plan, steps: Steps) -> dict[str, Any]:
    """Run a bounded feed through everything and return the summary; the same run again resumes."""
    data_dir = plan.data_dir
    with (
        services(data_dir, steps, is_writing=True) as found,
        runs.exclusive(data_dir, plan.namespace),
    ):
        run = runs.start(data_dir, plan.namespace, plan.feed.name, plan.spec, dict(plan.feed.identity))
        state = "stopped"
        started = time.monotonic()
        pipeline = start_processes(plan, found)
        try:
            _watch(pipeline, found, steps)
            elapsed = time.monotonic() - started
            steps(Step("summary", "started"))
            present = [t.name for t in RAW_TOPICS if t.name in plan.feed.inputs]
            ends = found.endpoints
            name, codec = plan.feed.name, found.codec()
            summary = summarise(
                ends.kafka, ends.clickhouse, plan.namespace, name, elapsed, present, codec=codec
            )
            steps(Step("summary", "done"))
            runs.finish(data_dir, run, "done", summary)
            state = "done"
            return summary
        except Exception:
            state = "failed"
            raise
        finally:
            pipeline.stop()
            if state != "done":
                runs.finish(data_dir, run, state)


def _watch(pipeline: Pipeline, found: Services, steps: Steps) -> None:
    """Tick until feed, flow and archive have ended; say how far the log has come."""
    names = ("feed", "flow", "archive")
    for name in names:
        steps(Step(name, "started"))
    reported, done = 0.0, set[str]()
    while len(done) < len(names):
        time.sleep(TICK_SECONDS)
        pipeline.keep_alive(found)
        for name in names:
            if name not in done and pipeline.is_done(name):
                done.add(name)
                steps(Step(name, "done"))
        if time.monotonic() - reported >= REPORT_SECONDS:
            reported = time.monotonic()
            _report(pipeline, found, steps)


def _report(pipeline: Pipeline, found: Services, steps: Steps) -> None:
    raw = [t.name for t in RAW_TOPICS]
    derived = [t.name for t in DERIVED_TOPICS]
    names = [physical_name(pipeline.namespace, t) for t in raw + derived]
    try:
        marks = watermarks_now(found.endpoints.kafka, names, REPORT_WAIT_SECONDS)
    except KafkaException:
        return  # a broker that is away is for `heal`; a report is only news
    counts = (sum(high - low for low, high in marks[name]) for name in names)
    sizes = dict(zip(raw + derived, counts, strict=True))
    steps.note("feed", f"{sum(sizes[t] for t in raw):,} records in the log")
    steps.note("flow", f"{sum(sizes[t] for t in derived):,} records out")
