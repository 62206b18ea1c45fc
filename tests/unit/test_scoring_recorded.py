"""`score side` on recordings that state who took: LOBSTER messages made by hand, and what is refused."""

from pathlib import Path

import numpy as np
import pytest

from cli.score import score
from connectors.errors import UserError
from scoring import scorer, tapes

BID, ASK = 1_000_000, 1_000_400  # 1e-4 USD
SHOWN, HIDDEN = 300, 60
RNG = np.random.default_rng(21)


def lobster(folder: Path, day: str = "2013-06-21") -> Path:
    """Write executions of visible orders at bid and ask, and of hidden ones at the middle, and the book."""
    messages, book = ["34200.0,1,1,100,1000000,1", "34200.1,1,2,100,1000400,-1"], []
    kinds = RNG.permutation([4] * SHOWN + [5] * HIDDEN)
    for i, kind in enumerate(kinds.tolist()):
        resting = 1 if RNG.random() < 0.5 else -1  # a resting buy is hit by a seller
        price = (BID + ASK) // 2 if kind == 5 else BID if resting == 1 else ASK
        messages.append(f"{34201 + 5 * i}.5,{kind},{10 + i},7,{price},{resting}")
    book = ["9999999999,0,1000000,100"] + [f"{ASK},100,{BID},100"] * (len(messages) - 1)
    folder.mkdir()
    stem = f"IBM_{day}_34200000_57600000"
    (folder / f"{stem}_message_1.csv").write_text("\n".join(messages) + "\n")
    (folder / f"{stem}_orderbook_1.csv").write_text("\n".join(book) + "\n")
    return folder


def test_lobster_is_scored_visible_and_hidden_apart(tmp_path: Path) -> None:
    source = str(lobster(tmp_path / "lobster"))
    found = scorer.recording("side", tapes.recorded("lobster", source), "lobster", source)
    quote = next(s for s in found.scores if s["method"] == "quote")
    assert (quote["topic"], quote["target"], quote["n"]) == ("equities.prints", "aggressor", SHOWN + HIDDEN)
    seen = quote["splits"]["visibility"]
    assert (seen["visible"]["n"], seen["visible"]["accuracy"]) == (SHOWN, 1.0)
    assert (seen["hidden"]["n"], seen["hidden"]["coverage"]) == (HIDDEN, 0.0), "the middle has no side"
    depth = next(s for s in found.scores if s["method"] == "lee_ready")["splits"]["visibility"]["hidden"]
    assert 0.25 < depth["accuracy"] < 0.75, "a hidden fill at the middle cannot be known"


def test_hidden_fills_after_july_2014_have_no_side(tmp_path: Path) -> None:
    source = str(lobster(tmp_path / "lobster", "2014-07-14"))
    found = scorer.recording("side", tapes.recorded("lobster", source), "lobster", source)
    assert {(s["n"], s["undefined"]) for s in found.scores} == {(SHOWN, HIDDEN)}


def test_a_recording_of_nothing_but_unsigned_fills_says_so(tmp_path: Path) -> None:
    folder = tmp_path / "lobster"
    folder.mkdir()
    path = folder / "IBM_2014-07-14_34200000_57600000_message_1.csv"
    path.write_text("34201.0,5,0,100,1000000,1\n")
    with pytest.raises(UserError, match="no print of this recording says who took"):
        score("side", "lobster", str(folder))


def test_a_recording_without_a_side_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "equity" / "usa" / "tick" / "ibm").mkdir(parents=True)
    with pytest.raises(UserError, match="does not say who took") as error:
        score("side", "lean", str(tmp_path))
    assert "\n" not in str(error.value)


def test_a_file_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such file or folder"):
        score("side", "dbn", str(tmp_path / "nothing.dbn"))
