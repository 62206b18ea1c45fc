"""SIGKILL at any point, of any part: started again, the end is that of an undisturbed run."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import time
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from cli.stack import record

if TYPE_CHECKING:
    from tests.integration.conftest import Lab, Published

NUMBER = count()
SMALL_POLL = 4  # a slow flow: tens of thousands of polls, so that a kill finds it in the middle
EPOCH_S = 0.2


def kill_and_resume(lab: Lab, whole: Published, workers: int, points: list[float]) -> str:
    """Kill the flow when it has written these shares of its output, then let it finish."""
    output = f"crash_{next(NUMBER)}"
    total = sum(records for records, _ in whole.digests.values())
    how: dict[str, Any] = {"workers": workers, "epoch_s": EPOCH_S, "poll": SMALL_POLL}
    landed = 0
    for share in sorted(points):
        running = lab.start_flow(whole.namespace, output, **how)
        wanted = max(int(share * total), lab.derived_records(output) + 1)
        landed += lab.await_output(output, wanted, *running)
        time.sleep(random.Random(share).uniform(0, 0.05))
        lab.kill(*running)
    assert landed > len(points) // 2, "the flow was done before it was killed"
    lab.finish(*lab.start_flow(whole.namespace, output, workers=workers))
    return output


def points_of(seed: int, number: int) -> list[float]:
    rng = random.Random(seed)
    return [rng.uniform(0.0, 0.85) for _ in range(number)]


@pytest.mark.parametrize(("workers", "number"), [(1, 3), (2, 2)])
def test_a_killed_flow_goes_on_with_the_same_bytes(
    lab: Lab, quiet: Published, workers: int, number: int
) -> None:
    output = kill_and_resume(lab, quiet, workers, points_of(workers + 4, number))
    assert lab.digests(output) == quiet.digests


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("seed", range(10))
def test_a_hundred_kills_change_nothing(lab: Lab, whole: Published, seed: int, workers: int) -> None:
    number = 3 if workers == 1 else 2  # ten seeds, two feeds: a hundred kills
    output = kill_and_resume(lab, whole, workers, points_of(100 * workers + seed, number))
    assert lab.digests(output) == whole.digests


def test_a_flow_that_lost_its_recovery_folder_finds_its_place_in_the_log(lab: Lab, quiet: Published) -> None:
    running = lab.start_flow(quiet.namespace, "forgetful", epoch_s=EPOCH_S, poll=SMALL_POLL)
    total = sum(records for records, _ in quiet.digests.values())
    assert lab.await_output("forgetful", total // 2, *running)
    lab.kill(*running)
    before = lab.derived_records("forgetful")
    shutil.rmtree(lab.recovery("forgetful"))
    assert lab.run_flow(quiet.namespace, "forgetful") == quiet.digests
    assert lab.derived_records("forgetful") == total > before


def test_an_ended_flow_has_nothing_to_do(lab: Lab, quiet: Published) -> None:
    output = f"{quiet.namespace}_out"
    before = lab.derived_records(output)
    assert lab.run_flow(quiet.namespace, output) == quiet.digests
    assert lab.derived_records(output) == before


def test_other_bytes_at_the_end_of_an_output_are_not_written_over(lab: Lab, quiet: Published) -> None:
    """What this version computes must be what stands there; else the flow says so and stops."""
    other = {k: v[:1] for k, v in lab.values(quiet.namespace, "equities.joins").items()}
    values = lab.values(f"{quiet.namespace}_out", "equities.joins")
    assert not any(other.values())
    place = next(k for k, v in values.items() if len(v) > 2)
    changed = values[place][1]
    assert changed is not None
    running = lab.start_flow(quiet.namespace, "disputed", poll=SMALL_POLL)
    lab.kill(*running)
    lab.write("disputed", "equities.joins", {place: [values[place][0], changed[:-1] + b"\x07"]})
    child = lab.start_flow(quiet.namespace, "disputed")[0]
    _, err = child.communicate(timeout=60)
    assert child.returncode == 1
    assert "holds other bytes at 1" in err


def await_stack(folder: Path, child: Any) -> record.Record:
    """Wait for the record of a running stack with all its parts."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and child.poll() is None:
        found = record.read(folder)
        if found is not None and found.owner.handle() is not None and len(found.parts) == 3:
            return found
        time.sleep(0.05)
    raise AssertionError(child.communicate()[1])


def workers_of(child: Any) -> dict[str, psutil.Process]:
    """Return the flow, archive and feed processes that a run has started."""
    modules = {
        "dataflows.market": "flow",
        "dataflows.archive": "archive",
        "connectors.ingest": "feed",
    }
    found = {}
    for process in psutil.Process(child.pid).children(recursive=True):
        try:
            words = process.cmdline()
        except psutil.Error:
            continue
        for module, name in modules.items():
            if module in words:
                found[name] = process
    return found


def test_everything_is_killed_once_while_a_run_goes_on(lab: Lab, quiet: Published, tmp_path: Path) -> None:
    """Feed, flow, archive, store and broker: the run heals itself and its summary is the same."""
    summary = tmp_path / "summary.json"
    services = ("KAFKA_BOOTSTRAP_SERVERS", "CLICKHOUSE_URL", "REDIS_URL")
    child = lab.start(
        "cli.main", "run", "synthetic", "--profile", "quiet", "--seed", "7", "--minutes", "1",
        "--symbols", "60", "--speed", "4", "--data-dir", str(tmp_path / "data"), "--summary", str(summary),
        env={**dict.fromkeys(services, ""), "ISLANDFLOW_MIN_FREE_DISK_BYTES": "0"},
    )  # fmt: skip
    found = await_stack(tmp_path / "data", child)
    for name in ("feed", "flow", "archive", "store", "broker"):
        deadline = time.monotonic() + 30
        while not {"feed", "flow", "archive"} <= workers_of(child).keys():
            assert time.monotonic() < deadline and child.poll() is None, child.communicate()
            time.sleep(0.05)
        time.sleep(1.0)
        now = record.read(tmp_path / "data") or found
        victim = now.parts[name].pid if name in now.parts else workers_of(child)[name].pid
        os.kill(victim, signal.SIGKILL)
    out, err = child.communicate(timeout=180)
    assert child.returncode == 0, (out, err)
    told = json.loads(summary.read_text())
    assert told["conserved"] is True
    assert {t: (o["records"], o["digest"]) for t, o in told["outputs"].items()} == quiet.digests
