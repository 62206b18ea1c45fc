"""`python -m benchmarks.flow`: what the flow costs beside a bare consume-and-decode loop.

Owns one run over recorded (where present) and synthetic topics: the bare loop, the market flow, the
archive, their ratios and peak memory. Every figure is taken in this run; machines differ, ratios less.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pyruhvro
from confluent_kafka import TopicPartition
from rich.table import Table

from cli.console import err, out
from cli.stack.supervise import Stack, open_stack
from connectors.feed import Feed
from connectors.feeds.lean import LeanFeed
from connectors.feeds.synthetic import SyntheticFeed
from connectors.kafka import reader, take
from connectors.publish import publish
from connectors.scan import log_sizes, watermarks
from connectors.topics_admin import ensure_topics
from schemas.codec import HEADER_BYTES, twin_schema_json
from schemas.topics import DERIVED_TOPICS, PARTITION_COUNT, RAW_TOPICS, physical_name

POLL: Final = 4000
LEAN: Final = Path(__file__).parents[1].parent / "shared" / "data" / "lean"


@dataclass(frozen=True, slots=True)
class Measured:
    """One step over one log: records, seconds of wall and of processor, and peak memory."""

    name: str
    records: int
    wall_s: float
    cpu_s: float
    peak_mb: int

    @property
    def rate(self) -> float:
        return self.records / self.wall_s


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
    consumer = reader(bootstrap, **{"queued.max.messages.kbytes": 65536, "fetch.wait.max.ms": 20})
    consumer.assign([TopicPartition(n, k, 0) for n in names for k in range(PARTITION_COUNT)])
    seen = 0
    while seen < total:
        bodies: dict[str, list[bytes]] = {}
        for m in take(consumer, min(POLL, total - seen), 1.0):
            bodies.setdefault(m.topic(), []).append(m.value()[HEADER_BYTES:])
            seen += 1
        for name, found in bodies.items():
            pyruhvro.deserialize_array(found, names[name])
    consumer.close()
    return seen


def _bare_process(arguments: list[str]) -> int:
    """Run the bare loop in a process of its own and print what it cost."""
    before = time.monotonic()
    records = bare_loop(*arguments)
    print(json.dumps({"records": records, "wall_s": time.monotonic() - before}))
    return 0


def measure(name: str, argv: list[str], env: dict[str, str], records: int) -> Measured:
    """Run a process to its end. Wall time is its own where it prints it, without imports."""
    started, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    process = subprocess.Popen(
        [sys.executable, "-m", *argv], env=os.environ | env, stdout=subprocess.PIPE, text=True
    )
    text, _ = process.communicate()
    _, status, usage = (0, process.returncode, resource.getrusage(resource.RUSAGE_CHILDREN))
    if status:
        raise SystemExit(f"{name} ended with code {status}")
    said: dict[str, Any] = json.loads(text.strip().splitlines()[-1]) if text.strip() else {}
    wall = said.get("wall_s") or said.get("flow_s") or time.monotonic() - started
    cpu = usage.ru_utime + usage.ru_stime - before.ru_utime - before.ru_stime
    return Measured(name, records, float(wall), cpu, int(said.get("peak_mb", usage.ru_maxrss // 1024)))


def measure_log(stack: Stack, label: str, feed: Feed, folder: Path) -> list[Measured]:
    """Publish a feed, then measure each step over its log; the flow twice, the first one warms caches."""
    bootstrap, env, namespace = stack.endpoints.kafka, stack.env(), f"bench_{label}"
    started = time.monotonic()
    publish(feed, namespace, bootstrap)
    published = time.monotonic() - started
    sizes = log_sizes(bootstrap, namespace, [t.name for t in RAW_TOPICS])
    records = sum(sizes.values())
    steps = [Measured("publish", records, published, 0.0, 0)]
    bare = ["benchmarks.flow", "--bare", bootstrap, namespace]
    steps.append(measure("bare consume and decode", bare, env, records))
    for workers in (1, 2):
        steps.append(_measure_flow(stack, namespace, folder, workers, records))
    derived = sum(log_sizes(bootstrap, namespace, [t.name for t in DERIVED_TOPICS]).values())
    archive = ["dataflows.archive", "--namespace", namespace]
    steps.append(measure("archive", archive, env, records + derived))
    return steps


def _measure_flow(stack: Stack, namespace: str, folder: Path, workers: int, records: int) -> Measured:
    """Measure the flow; one worker writes beside its input, more write under their own name."""
    output = namespace if workers == 1 else f"{namespace}_{workers}"
    ensure_topics(stack.endpoints.kafka, output)
    ports = ";".join(f"127.0.0.1:{p}" for p in _ports(workers)) if workers > 1 else ""
    argv = [
        "dataflows.market", "--namespace", namespace, "--output", output,
        "--recovery", str(folder / output), "--addresses", ports,
    ]  # fmt: skip
    peers = [
        subprocess.Popen(
            [sys.executable, "-m", *argv, "--process-id", str(i)],
            env=os.environ | stack.env(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for i in range(1, workers)
    ]
    found = measure(f"market flow, {workers} process{'es' * (workers > 1)}", argv, stack.env(), records)
    for peer in peers:
        peer.wait()
    return found


def _ports(count: int) -> list[int]:
    from cli.stack.process import choose_port

    return [choose_port(0, "flow") for _ in range(count)]


def draw(label: str, steps: list[Measured]) -> Table:
    """Return the table of one log; ratios are against the bare loop of the same run."""
    bare = next(s for s in steps if s.name.startswith("bare"))
    table = Table(f"{label} log", "records", "seconds", "records/s", "ratio to bare", "peak MB")
    for column in table.columns[1:]:
        column.justify = "right"
    for step in steps:
        ratio = f"{step.rate / bare.rate:.2f}" if step.name != "publish" else ""
        peak = f"{step.peak_mb:,}" if step.peak_mb else ""
        table.add_row(step.name, f"{step.records:,}", f"{step.wall_s:.2f}", f"{step.rate:,.0f}", ratio, peak)
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
