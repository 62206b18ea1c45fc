"""The market flow: raw topics in, one merge and two cores a shard, derived topics out.

Owns the wiring and the command that runs one process of the flow. `flow` is a factory: importing this
module reads no settings and touches no broker.
"""

import argparse
import sys
from datetime import timedelta
from pathlib import Path

import bytewax.operators as op
from bytewax.dataflow import Dataflow
from bytewax.recovery import RecoveryConfig, init_db_dir
from bytewax.run import cli_main  # type: ignore[attr-defined]

from connectors.partitions import ShardSink, ShardSource, Stop
from connectors.settings import load_settings
from dataflows.operators import MarketShard

RECOVERY_PARTITIONS = 16
EPOCH_SECONDS = 10.0


def flow(bootstrap: str, namespace: str, stop: Stop) -> Dataflow:
    """Wire the flow of one namespace."""
    market = Dataflow("market")
    rows = op.input("shards", market, ShardSource(bootstrap, namespace, MarketShard, stop))
    op.output("derived", rows, ShardSink(bootstrap, namespace))
    return market


def prepare_recovery(folder: Path) -> RecoveryConfig:
    """Create the recovery partitions once; their number is fixed for the life of a namespace."""
    if not any(folder.glob("*.sqlite3")):
        folder.mkdir(parents=True, exist_ok=True)
        init_db_dir(folder, RECOVERY_PARTITIONS)
    return RecoveryConfig(folder)


def run(namespace: str, recovery: Path, addresses: list[str], process_id: int, epoch_seconds: float) -> None:
    """Run one process of the flow until its inputs end or SIGTERM comes."""
    stop = Stop()
    stop.install()
    settings = load_settings()
    cli_main(
        flow(settings.kafka_bootstrap_servers, namespace, stop),
        process_id=process_id if len(addresses) > 1 else None,
        addresses=addresses if len(addresses) > 1 else None,
        epoch_interval=timedelta(seconds=epoch_seconds),
        recovery_config=prepare_recovery(recovery),
    )


def main(argv: list[str] | None = None) -> int:
    """Parse the command line of one process and run it."""
    parser = argparse.ArgumentParser(prog="python -m dataflows.market", description=__doc__)
    parser.add_argument("--namespace", required=True)
    parser.add_argument("--recovery", type=Path, required=True)
    parser.add_argument("--addresses", default="", help="host:port of every process, separated by ;")
    parser.add_argument("--process-id", type=int, default=0)
    parser.add_argument("--epoch-seconds", type=float, default=EPOCH_SECONDS)
    args = parser.parse_args(argv)
    addresses = [a for a in args.addresses.split(";") if a]
    run(args.namespace, args.recovery, addresses, args.process_id, args.epoch_seconds)
    return 0


if __name__ == "__main__":
    sys.exit(main())
