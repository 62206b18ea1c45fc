"""Records that a crashed broker wrote twice reach a derived table once; raw rows all stay."""

import numpy as np

from connectors.archive import Position, _once
from schemas.columns import from_rows
from schemas.topics import TOPIC


def progress(*seqs: int) -> list[dict[str, object]]:
    names = ("processed", "late", "duplicate", "deadletter", "control")
    row = dict.fromkeys(names, 0) | {"underlying": "", "input": "reference", "is_final": False}
    return [row | {"seq": s, "emit_ts": 10} for s in seqs]


def test_repeats_are_dropped_within_and_across_polls() -> None:
    topic, position = TOPIC["flow.progress"], Position()
    first = from_rows(topic, progress(0, 1, 2, 1, 2, 3))
    kept, offsets = _once(topic, first, np.arange(6), position)
    assert kept["seq"].tolist() == [0, 1, 2, 3]
    assert offsets.tolist() == [0, 1, 2, 5]
    again, offsets = _once(topic, from_rows(topic, progress(2, 3, 4)), np.arange(6, 9), position)
    assert (again["seq"].tolist(), offsets.tolist(), position.seq) == ([4], [8], 4)


def test_raw_rows_are_all_kept() -> None:
    topic = TOPIC["reference"]
    head = {
        "kind": "data",
        "source_ts": 5,
        "event_ts": 5,
        "underlying": "",
        "name": "reject",
        "detail": "",
    }
    batch = from_rows(topic, [head | {"seq": s} for s in (0, 10**9, 1)])
    kept, offsets = _once(topic, batch, np.arange(3), Position())
    assert kept["seq"].tolist() == [0, 10**9, 1]
    assert offsets.tolist() == [0, 1, 2]
