"""`python -m benchmarks.flow`: what the flow costs beside a bare consume-and-decode loop.

Owns one run over recorded (where present) and synthetic topics: the bare loop, the market flow, the
archive, their ratios and peak memory. Every figure is taken in this run; machines differ, ratios less.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyruhvro
from confluent_kafka import TopicPartition
from rich.table import Table

from cli.console import err, out
from cli.stack.supervise import Stack, open_stack
from connectors.cost import Cost
from connectors.feed import Feed
from connectors.feeds.lean import LeanFeed
from connectors.feeds.synthetic import SyntheticFeed
from connectors.kafka import reader, take
from connectors.partitions import PREFETCH
from connectors.publish import publish
from connectors.scan import log_sizes, watermarks
from connectors.topics_admin import ensure_topics
from schemas.codec import HEADER_BYTES, twin_schema_json
from schemas.topics import DERIVED_TOPICS, PARTITION_COUNT, RAW_TOPICS, physical_name

POLL: Final = 4000
BARE: Final = "bare consume and decode"
LEAN: Final = Path(__file__).parents[1].parent / "shared" / "data" / "lean"


@dataclass(frozen=True, slots=True)
class Measured:
    """One step over one log: records, seconds of wall and of processor, and peak memory."""

    name: str
    records: int
    wall_s: float
    cpu_s: float
    peak_mb: int = 0


def feeds(minutes: int) -> Iterator[tuple[str, Feed]]:
    """Yield the logs to measure; recordings only where they are beside the repository."""
    if LEAN.is_dir():
        yield "recorded", LeanFeed(LEAN, ["IBM", "AIG"], ["2013-10-07", "2013-10-08"])
    else:
        err.print("no recordings beside the repository: the synthetic log only")
    yield "synthetic", SyntheticFeed("normal", 7, minutes)


def bare_loop(bootstrap: str, namespace: str) -> int:
    """Consume and decode every raw record, and do nothing else; return how many there were."""
    names = {physical_name(namespace, t.name): twin_schema_json(t) for t in RAW_TOPICS}
    marks = watermarks(bootstrap, list(names))
    total = sum(high for of in marks.values() for _, high in of)
    consumer = reader(bootstrap, **PREFETCH)
    consumer.assign([TopicPartition(n, k, 0) for n in names for k in range(PARTITION_COUNT)])
    seen = 0
    while seen < total:
        bodies: dict[str, list[bytes]] = {}
        for m in take(consumer, min(POLL, total - seen), 0.05):
            bodies.setdefault(m.topic(), []).append(m.value()[HEADER_BYTES:])
            seen += 1
        for name, found in bodies.items():
            pyruhvro.deserialize_array(found, names[name])
    consumer.close()
    return seen


def _bare_process(arguments: list[str]) -> int:
    """Run the bare loop in a process of its own and print what it cost."""
    cost = Cost()
    bare_loop(*arguments)
    print(cost.line())
    return 0


def measure(name: str, argvs: list[list[str]], env: dict[str, str], records: int) -> Measured:
    """Run processes to their end; times are their own, without imports: the longest, the sum of cores."""
    running = [
        subprocess.Popen(
            [sys.executable, "-m", *argv], env=os.environ | env, stdout=subprocess.PIPE, text=True
        )
        for argv in argvs
    ]
    said = [json.loads(p.communicate()[0].strip().splitlines()[-1]) for p in running]
    if any(p.returncode for p in running):
        raise SystemExit(f"{name} failed")
    wall, cpu = max(s["wall_s"] for s in said), sum(s["cpu_s"] for s in said)
    return Measured(name, records, wall, cpu, sum(s["peak_mb"] for s in said))


def measure_log(stack: Stack, label: str, feed: Feed, folder: Path) -> list[Measured]:
    """Publish a feed, then measure each step over its log."""
    bootstrap, env, namespace = stack.endpoints.kafka, stack.env(), f"bench_{label}"
    wall, cpu = time.monotonic(), time.process_time()
    publish(feed, namespace, bootstrap)
    wall, cpu = time.monotonic() - wall, time.process_time() - cpu
    records = sum(log_sizes(bootstrap, namespace, [t.name for t in RAW_TOPICS]).values())
    steps = [Measured("publish", records, wall, cpu)]
    bare = ["benchmarks.flow", "--bare", bootstrap, namespace]
    steps.append(measure(BARE, [bare], env, records))
    steps += [_measure_flow(stack, namespace, folder, workers, records) for workers in (1, 2)]
    steps.append(measure(BARE + ", again", [bare], env, records))
    derived = sum(log_sizes(bootstrap, namespace, [t.name for t in DERIVED_TOPICS]).values())
    archive = ["dataflows.archive", "--namespace", namespace]
    steps.append(measure("archive", [archive], env, records + derived))
    return steps


def _measure_flow(stack: Stack, namespace: str, folder: Path, workers: int, records: int) -> Measured:
    """Measure the flow; one process writes beside its input, two write under their own name."""
    output = namespace if workers == 1 else f"{namespace}_{workers}"
    ensure_topics(stack.endpoints.kafka, output)
    ports = ";".join(f"127.0.0.1:{p}" for p in _ports(workers)) if workers > 1 else ""
    argv = [
        "dataflows.market", "--namespace", namespace, "--output", output,
        "--recovery", str(folder / output), "--addresses", ports,
    ]  # fmt: skip
    argvs = [[*argv, "--process-id", str(i)] for i in range(workers)]
    name = f"market flow, {workers} process{'es' * (workers > 1)}"
    return measure(name, argvs, stack.env(), records)


def _ports(count: int) -> list[int]:
    from cli.stack.process import choose_port

    return [choose_port(0, "flow") for _ in range(count)]


def draw(label: str, steps: list[Measured]) -> Table:
    """Return the table of one log; ratios are against the quicker bare loop of the same run."""
    bare = [s for s in steps if s.name.startswith(BARE)]
    wall, cpu = min(s.wall_s for s in bare), min(s.cpu_s for s in bare)
    base = bare[0].records
    columns = (
        "records",
        "seconds",
        "records/s",
        "of bare",
        "core seconds",
        "of bare by core",
        "peak MB",
    )
    table = Table(f"{label} log", *columns)
    for column in table.columns[1:]:
        column.justify = "right"
    for step in steps:
        share = step.records / base
        table.add_row(
            step.name,
            f"{step.records:,}",
            f"{step.wall_s:.2f}",
            f"{step.records / step.wall_s:,.0f}",
            f"{wall * share / step.wall_s:.2f}",
            f"{step.cpu_s:.2f}",
            f"{cpu * share / step.cpu_s:.2f}",
            f"{step.peak_mb:,}" if step.peak_mb else "",
        )
    return table


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.flow", description=__doc__)
    parser.add_argument("--bare", nargs=2, metavar=("BOOTSTRAP", "NAMESPACE"), help=argparse.SUPPRESS)
    parser.add_argument("--minutes", type=int, default=2, help="minutes of the synthetic market")
    args = parser.parse_args()
    if args.bare:
        return _bare_process(args.bare)
    with tempfile.TemporaryDirectory(prefix="islandflow-bench-") as name:
        folder = Path(name)
        with open_stack(folder / "data") as stack:
            for label, feed in feeds(args.minutes):
                out.print(draw(label, measure_log(stack, label, feed, folder)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
