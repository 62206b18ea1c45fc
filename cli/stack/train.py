"""The broker's start-up cache: one recorded run in a scratch folder. Owns nothing but that file.

Recording costs some ten seconds once and takes two seconds off every later start. Where it
fails, the broker starts without it.
"""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

from confluent_kafka import KafkaException, Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from cli.stack import broker
from cli.stack.process import Spawner
from cli.stack.progress import Progress, Step, silent
from connectors.errors import ServiceError
from connectors.settings import Settings

RECORD_STOP_WAIT_S = 90.0


def train(settings: Settings, jar_folder: Path, progress: Progress = silent) -> bool:
    """Record a short run of the broker beside its jars; False (and no file) if it failed."""
    target = broker.aot_cache(jar_folder)
    if target.exists():
        return True
    progress(Step("broker start-up cache", "started"))
    part = target.with_suffix(".part")
    with tempfile.TemporaryDirectory(prefix="islandflow-") as scratch:
        ok = _record(settings, jar_folder, Path(scratch), part)
    if ok and part.exists():
        part.replace(target)
    else:
        part.unlink(missing_ok=True)
    progress(Step("broker start-up cache", "done" if target.exists() else "failed"))
    return target.exists()


def _record(settings: Settings, jar_folder: Path, scratch: Path, part: Path) -> bool:
    plan = broker.plan(settings.model_copy(update={"data_dir": scratch}), jar_folder, port=0)
    spec = plan.spec()
    argv = (spec.argv[0], f"-XX:AOTCacheOutput={part}", *spec.argv[1:])
    spawner = Spawner()
    try:
        child = spawner.start(replace(spec, argv=argv))
        try:
            plan.await_ready(child)
            _exercise(plan.address)
        finally:
            clean = child.stop(RECORD_STOP_WAIT_S)
    except (ServiceError, KafkaException):
        return False
    finally:
        spawner.close()
    return clean


def _exercise(address: str) -> None:
    """Touch the classes that a first topic and a first record load."""
    admin = AdminClient({"bootstrap.servers": address})
    for future in admin.create_topics([NewTopic("warm", 2, 1)]).values():
        future.result(30)
    options = {"bootstrap.servers": address, "enable.idempotence": True, "log_level": 3}
    producer = Producer(options)
    producer.produce("warm", b"x")
    producer.flush(30)
