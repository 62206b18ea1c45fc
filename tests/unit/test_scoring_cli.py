"""The command `score`: what it refuses, in one sentence, and that nothing fitted sees the scoring region."""

import ast
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from cli.score import register, score
from connectors.errors import UserError
from scoring import scorer, tapes
from scoring.truth import truth_of

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"claim": "colour", "synthetic": "quiet"}, "'colour' is no claim; allowed: side, parents"),
        ({"claim": "side"}, "give either --synthetic PROFILE or a recording"),
        ({"claim": "side", "feed": "lean", "synthetic": "quiet"}, "one of the two"),
        ({"claim": "side", "synthetic": "wild"}, "'wild' is no profile; allowed: quiet, normal"),
        ({"claim": "side", "synthetic": "quiet", "seeds": 0}, "--seeds 0: a number of seeds from 1"),
        ({"claim": "side", "synthetic": "quiet", "minutes": 1000}, "--minutes 1000: 1 to 390 minutes"),
        (
            {"claim": "alerts", "synthetic": "quiet", "minutes": 10, "at": [385]},
            "--at 385: a tape of 10 minutes begins at minute 0 to 380",
        ),
        ({"claim": "side", "synthetic": "quiet", "at": [-1]}, "--at -1: a tape of 10 minutes begins"),
        ({"claim": "side", "feed": "lean"}, "the file or folder of the recording is missing"),
        ({"claim": "side", "feed": "ouija", "source": "x"}, "'ouija' is no recorded feed; allowed: dbn"),
        ({"claim": "dark", "feed": "lean", "source": "x"}, "only `score side` can use one"),
        ({"claim": "side", "synthetic": "quiet", "json_file": Path("/no/where/x.json")}, "does not exist"),
        ({"claim": "side", "synthetic": "quiet", "json_file": Path("/")}, "is a folder; name a file"),
    ],
)
def test_wrong_input_is_one_sentence(given: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UserError) as error:
        score(**given)
    assert sentence in str(error.value)
    assert "\n" not in str(error.value) and error.value.exit_code == 2


def test_the_command_is_there() -> None:
    from typer.testing import CliRunner

    app = typer.Typer()
    register(app)
    app.command("other")(lambda: None)
    shown = CliRunner().invoke(app, ["score", "--help"], env={"COLUMNS": "120"})
    assert shown.exit_code == 0 and "--synthetic" in shown.output and "--plot" in shown.output


def test_what_is_asked_for_is_written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked = []

    def found(claims: Any, profile: str, seeds: Any, minutes: int, at: Any) -> list[scorer.Report]:
        asked.append((tuple(claims), profile, list(seeds), minutes, at))
        return [scorer.Report("parents", {"kind": "synthetic", "seeds": list(seeds)}, [], ["a note"])]

    monkeypatch.setattr(scorer, "synthetic", found)
    path = tmp_path / "scores.json"
    score(
        "parents", synthetic="quiet", seeds=2, minutes=5, at=[30, 0, 30], json_file=path, plot=tmp_path / "p"
    )
    assert asked == [(("parents",), "quiet", [1, 2], 5, (0, 30))]
    assert json.loads(path.read_text())["notes"] == ["a note"]


@pytest.fixture
def regions(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The regions that tapes are asked from, in order; no tape is made."""
    asked: list[str] = []

    def make(profile: str, seed: int, stretch: tuple[int, int], region: str) -> tapes.Tape:
        asked.append(region)
        return tapes.Tape(seed, {}, truth_of({}), float(stretch[1]), at=stretch[0])

    monkeypatch.setattr(tapes, "_synthetic", make)
    return asked


def test_what_is_fitted_never_reads_the_scoring_region(regions: list[str]) -> None:
    assert scorer.tuned("quiet", 5) == {}
    assert regions and set(regions) == {"tuning"}


def test_scores_read_the_scoring_region(regions: list[str]) -> None:
    found = scorer.synthetic(("parents", "opening"), "quiet", [1, 2], 5)
    assert regions == ["scoring", "scoring"]
    assert [r.source["region"] for r in found] == ["scoring", "scoring"]


def test_a_score_fits_on_tuning_and_is_made_on_scoring(regions: list[str]) -> None:
    found = scorer.synthetic(("side",), "quiet", [1, 2], 5)
    assert regions == ["tuning"] * len(scorer.TUNING_SEEDS) + ["scoring"] * 2
    assert found[0].source["tuned_on"] == {"region": "tuning", "seeds": [1], "minutes": 5}


def named_regions(path: Path) -> Iterator[tuple[str, str]]:
    """Yield (function, word) where a function of a file names the scoring region or what makes its tapes."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef):
            for part in ast.walk(node):
                word = getattr(part, "id", getattr(part, "value", None))
                if isinstance(word, str) and word in ("SCORING", "for_scoring", "scoring"):
                    yield node.name, word


def test_only_scores_name_the_scoring_region() -> None:
    """In all code: `for_scoring` names the region, and `synthetic` alone calls it.

    The facts of the market, which are fitted to nothing, are shown for any region.
    """
    found = {
        (path.relative_to(ROOT).as_posix(), *where)
        for folder in ("scoring", "dataflows", "api")
        for path in (ROOT / folder).rglob("*.py")
        for where in named_regions(path)
        if not path.stem.startswith("facts")
    }
    assert found == {
        ("scoring/tapes.py", "for_scoring", "SCORING"),
        ("scoring/scorer.py", "synthetic", "SCORING"),
        ("scoring/scorer.py", "synthetic", "for_scoring"),
    }
