"""`islandflow score`: how right a claim is, on the synthetic market or on a recording that states the side.

Owns the options of the command and what it writes: tables on the terminal, JSON and pictures where asked
for. Refuses both or neither of a profile and a recording.
"""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.console import err, out
from connectors.errors import UserError

if TYPE_CHECKING:
    from scoring.scorer import Report

CLAIM_HELP = "side, parents, packages, opening, dark, alerts or adversarial."
Claim = Annotated[str, typer.Argument(help=CLAIM_HELP, metavar="CLAIM")]
FeedName = Annotated[str | None, typer.Argument(help="A recorded feed that states the side.", metavar="FEED")]
Source = Annotated[str | None, typer.Argument(help="Its file or folder.", metavar="SOURCE")]
Synthetic = Annotated[
    str | None, typer.Option("--synthetic", help="quiet, normal, stress or adversarial.", metavar="PROFILE")
]
Seeds = Annotated[int, typer.Option("--seeds", help="How many worlds of the scoring region.")]
Minutes = Annotated[int, typer.Option("--minutes", help="Minutes of each world.")]
At = Annotated[
    list[int] | None,
    typer.Option("--at", help="Minute of the session at which tapes begin; may be given again."),
]
JsonFile = Annotated[Path | None, typer.Option("--json", help="Write every figure to this file.")]
PlotDir = Annotated[Path | None, typer.Option("--plot", help="Write pictures into this folder.")]


def score(
    claim: Claim,
    feed: FeedName = None,
    source: Source = None,
    synthetic: Synthetic = None,
    seeds: Seeds = 3,
    minutes: Minutes = 10,
    at: At = None,
    json_file: JsonFile = None,
    plot: PlotDir = None,
) -> None:
    """Score a claim of the flow against the truth: --synthetic PROFILE, or FEED SOURCE."""
    from scoring.report import drawn, grids
    from scoring.scorer import check_claim

    check_claim(claim)
    check_file(json_file)
    found = _report(claim, (feed, source), (synthetic, seeds, minutes, at or [0]))
    if json_file is not None:
        json_file.write_text(json.dumps(found.to_json(), indent=1) + "\n", encoding="utf-8")
    if plot is not None:
        from scoring.plots import plot as draw

        for path in draw(found, plot):
            err.print(f"wrote {path}")
    for grid in grids(found):  # last: whoever reads them may stop early
        out.print(drawn(grid))
    for note in found.notes:
        out.print(note, highlight=False)


def _report(
    claim: str, recording: tuple[str | None, str | None], world: tuple[str | None, int, int, list[int]]
) -> "Report":
    from scoring import scorer, tapes

    feed, source = recording
    profile, seeds, minutes, at = world
    if (profile is None) == (feed is None):
        raise UserError(
            f"score {claim}: give either --synthetic PROFILE or a recording as FEED SOURCE, one of the two"
        )
    if profile is not None:
        tapes.check_profile(profile)
        numbers = range(1, tapes.check_seeds(seeds) + 1)
        begun = tapes.check_at(at, tapes.check_minutes(minutes))
        return scorer.synthetic((claim,), profile, numbers, minutes, begun)[0]
    if feed is None or source is None:
        raise UserError(f"score {claim} {feed}: the file or folder of the recording is missing")
    scorer.check_recorded(claim)
    return scorer.recording(claim, tapes.recorded(feed, source), feed, source)


def check_file(path: Path | None) -> None:
    """Raise UserError where a file cannot be written; before the work, not after it."""
    if path is not None and path.is_dir():
        raise UserError(f"--json {path}: is a folder; name a file in it")
    if path is not None and not path.absolute().parent.is_dir():
        raise UserError(f"--json {path}: the folder {path.absolute().parent} does not exist")


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("score")(score)
