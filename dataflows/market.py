"""The market flow: raw topics in, one merge and two cores a shard, derived topics out.

Owns the wiring and the command that runs one process of the flow. `flow` is a factory: importing this
module reads no settings and touches no broker.
"""

import argparse
import sys
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import bytewax.operators as op
from bytewax.dataflow import Dataflow
from bytewax.recovery import RecoveryConfig, init_db_dir
from bytewax.run import cli_main
from filelock import FileLock

from connectors.cost import Cost
from connectors.partitions import POLL_MAX, Log, ShardSink, ShardSource, Stop
from connectors.process import broker_address, exit_code, record_codec
from connectors.topics_admin import ensure_topics
from dataflows.analytics.kernels import load_kernels
from dataflows.operators import MarketShard
from schemas.topics import DERIVED_TOPICS

RECOVERY_PARTITIONS = 16
EPOCH_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Job:
    """One process of the flow: where it reads and writes, and its place among its peers."""

    log: Log
    output: str
    recovery: Path
    addresses: tuple[str, ...] = ()
    process_id: int = 0
    epoch_seconds: float = EPOCH_SECONDS


def flow(log: Log, output: str, stop: Stop) -> Dataflow:
    """Wire the flow: raw topics of one namespace in, derived topics out under the name `output`."""
    market = Dataflow("market")
    rows = op.input("shards", market, ShardSource(log, MarketShard, stop))
    op.output("derived", rows, ShardSink(log.bootstrap, output, log.codec))
    return market


def prepare_recovery(folder: Path) -> RecoveryConfig:
    """Create the recovery partitions once; their number is fixed for the life of a namespace."""
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / "init.lock"):
        if not any(folder.glob("*.sqlite3")):
            init_db_dir(folder, RECOVERY_PARTITIONS)
    return RecoveryConfig(folder)


def run(job: Job) -> None:
    """Run one process of the flow until its inputs end or SIGTERM comes."""
    stop = Stop()
    stop.install()
    is_cluster = len(job.addresses) > 1
    cli_main(
        flow(job.log, job.output, stop),
        process_id=job.process_id if is_cluster else None,
        addresses=list(job.addresses) if is_cluster else None,
        epoch_interval=timedelta(seconds=job.epoch_seconds),
        recovery_config=prepare_recovery(job.recovery),
    )


def main(argv: list[str] | None = None) -> int:
    """Parse the command line of one process, run it, and print what it cost."""
    parser = argparse.ArgumentParser(prog="python -m dataflows.market", description=__doc__)
    parser.add_argument("--namespace", required=True)
    parser.add_argument("--output", help="namespace of the derived topics; a replay writes under its own")
    parser.add_argument("--recovery", type=Path, required=True)
    parser.add_argument("--addresses", default="", help="host:port of every process, separated by ;")
    parser.add_argument("--process-id", type=int, default=0)
    parser.add_argument("--epoch-seconds", type=float, default=EPOCH_SECONDS)
    parser.add_argument("--poll-records", type=int, default=POLL_MAX)
    args = parser.parse_args(argv)
    log = Log(broker_address(), args.namespace, args.poll_records, record_codec())
    addresses = tuple(a for a in args.addresses.split(";") if a)
    output = args.output or args.namespace
    for namespace in sorted({args.namespace, output}):
        ensure_topics(log.bootstrap, namespace)
    log.codec.register(output, [t.name for t in DERIVED_TOPICS])
    load_kernels()
    cost = Cost()
    run(Job(log, output, args.recovery, addresses, args.process_id, args.epoch_seconds))
    print(cost.line())
    return 0


if __name__ == "__main__":
    sys.exit(exit_code(main))
