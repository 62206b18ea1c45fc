"""Cancels of the synthetic tape against its truth: by the tape's identities, and by meaning and terms alone.

Only the prints are looked at; the parents that they make here have no side.
"""

from typing import Any, Final

import numpy as np
import polars as pl
import pyarrow as pa
import pytest

from dataflows.analytics.release import ROW_PRINT, Release
from schemas.codec import decode
from schemas.columns import Batch, complete, empty
from schemas.kinds import CANCEL_MATCH, KIND
from schemas.topics import TOPIC
from scoring.tapes import Tape, for_tuning
from tests.property.held.conftest import Pipeline

PRINTS: Final = TOPIC["options.prints"]
MINUTES: Final = 1
STEP: Final = 500


@pytest.fixture(scope="module")
def tape() -> Tape:
    return next(iter(for_tuning("normal", [5], MINUTES)))


def prints_of(tape: Tape) -> dict[int, Batch]:
    """Return the print records of each partition, those that the vendor sent twice once."""
    found = {}
    for (name, partition), values in tape.logs.items():
        if name == "options.prints" and values:
            batch = complete(decode(PRINTS, values).batch)
            batch = batch.take(np.flatnonzero(batch["kind"] == KIND.index("data")))
            _, first = np.unique(batch["vendor_seq"], return_index=True)
            found[partition] = batch.take(np.sort(first))
    return found


def without_identities(batch: Batch) -> Batch:
    none = pa.array([""] * len(batch), pa.string())
    plain = {"trade_id": none, "refers_to": none, "report": np.zeros(len(batch), np.int32)}
    return Batch(PRINTS, {**batch.columns, **plain})


def matched(batch: Batch) -> list[tuple[int, int, str]]:
    """Return (cancel, print it takes back, kind of match), over releases of a few rows."""
    pipeline, found = Pipeline(), []
    times = np.maximum.accumulate(batch["source_ts"])
    for start in range(0, len(batch), STEP):
        part = batch.slice(start, start + STEP)
        now = times[start : start + STEP]
        kinds = np.full(len(part), ROW_PRINT, np.int8)
        rest: dict[str, Any] = {"row": np.arange(len(part)), "effective_ts": now}
        late = part["source_ts"] < now
        release = Release(
            int(now[-1]), (), part, empty(TOPIC["options.nbbo"]), late, np.zeros(0, np.bool_), kinds, **rest
        )
        done = pipeline.apply(release)
        for row in np.flatnonzero(done.cancel_match).tolist():
            match = CANCEL_MATCH[int(done.cancel_match[row])]
            found.append((int(part["seq"][row]), int(done.cancels_seq[row]), match))
    return found


@pytest.mark.slow
def test_every_cancel_of_the_tape_takes_back_the_print_that_truth_says(tape: Tape) -> None:
    truth = tape.truth.fills.filter(pl.col("topic") == "options.prints")
    reports = {(p, s): r for p, s, r in truth.select("partition", "seq", "report").iter_rows()}
    cancels = right = same_terms = 0
    for partition, batch in prints_of(tape).items():
        named, by_terms = matched(batch), matched(without_identities(batch))
        said = {s for (p, s), report in reports.items() if p == partition and report == "cancel"}
        assert {cancel for cancel, _, _ in named} == said
        for (cancel, taken, match), (other, guess, how) in zip(named, by_terms, strict=True):
            assert (cancel, match, how) == (other, "by_id", "by_terms")
            assert reports[partition, taken] == "cancelled"
            right += guess == taken
            same_terms += terms(batch, guess) == terms(batch, taken)
        cancels += len(named)
    assert cancels >= 10
    assert same_terms == cancels
    assert right >= 0.8 * cancels


def terms(batch: Batch, seq: int) -> tuple[Any, ...]:
    (row,) = np.flatnonzero(batch["seq"] == seq)
    series, venue = batch["contract"][int(row)].as_py(), batch["venue"][int(row)].as_py()
    return series, venue, int(batch["price"][row]), int(batch["size"][row])
