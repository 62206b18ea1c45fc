"""The facts of the synthetic market in the terminal: target, source, measured, verdict.

Owns the command's checks of what it was asked, the table and the exit code: 1 where any fact lies outside
its band or could not be measured. Measures nothing itself.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

import orjson
from rich.table import Table

from cli.console import out, steps
from cli.stack.progress import Step
from connectors.errors import UserError
from scoring.facts import INSIDE, UNMEASURED, Measured, Report, as_json, measure
from scoring.facts_plot import draw
from scoring.facts_recorded import RECORDINGS, recorded_samples
from scoring.facts_world import REGIONS, profiles, world_samples

SEEDS_MAX: Final = 100
DIGITS: Final = {"share": 3, "times": 2, "ms": 0, "bp": 2, "contracts": 1, "per s": 0}
_COLOURS: Final = {INSIDE: "green", UNMEASURED: "yellow"}


def facts(
    profile: str = "normal",
    seeds: int = 5,
    region: str = "scoring",
    *,
    as_json_text: bool = False,
    plots: Path | None = None,
    recorded: Path | None = None,
) -> int:
    """Measure the facts of a profile over some seeds and print them; return the exit code.

    `recorded` is a folder with recordings in `lean` and `taq`, measured beside; `plots` one for pictures.

    Raises:
        UserError: an unknown profile or region, a number of seeds that is not allowed, a bad folder.
    """
    check(profile, seeds, region)
    beside = () if recorded is None else recorded_samples(_folder(recorded))
    with steps() as progress:
        progress(Step("facts", "started", 0.0, f"{profile}, {seeds} seeds of the {region} region"))

        def told(done: int) -> None:
            progress(Step("facts", "advanced", done / seeds, f"seed {done} of {seeds}"))

        report = measure(profile, world_samples(profile, seeds, region, told), beside)
        progress(Step("facts", "done", 1.0, f"{seeds} seeds"))
    if as_json_text:
        sys.stdout.buffer.write(orjson.dumps(as_json(report), option=orjson.OPT_INDENT_2) + b"\n")
    else:
        out.print(table(report))
    for path in draw(report, plots) if plots is not None else ():
        print(f"written: {path}", file=sys.stderr)
    return 0 if report.is_met else 1


def check(profile: str, seeds: int, region: str) -> None:
    """Refuse what the command cannot measure."""
    if profile not in profiles():
        raise UserError(f"profile {profile!r} is not known; allowed: {', '.join(profiles())}")
    if not 1 <= seeds <= SEEDS_MAX:
        raise UserError(f"--seeds {seeds}: from 1 to {SEEDS_MAX} are allowed")
    if region not in REGIONS:
        raise UserError(f"region {region!r} is not known; allowed: {', '.join(REGIONS)}")


def _folder(path: Path) -> Path:
    if not any((path / name).is_dir() for name in RECORDINGS):
        raise UserError(f"{path}: holds no recordings; a folder with {' or '.join(RECORDINGS)} is expected")
    return path


def table(report: Report) -> Table:
    """Draw a report for a terminal."""
    found = Table(title=f"synthetic {report.profile}: facts", title_justify="left")
    for name in ("fact", "target", "median", "worst decile", "recorded", "unit", "verdict", "source"):
        found.add_column(name, justify="right" if name in ("target", "median", "worst decile") else "left")
    for m in report.facts:
        found.add_row(*_row(m))
    missed = sum(m.verdict != INSIDE for m in report.facts)
    found.caption = f"{len(report.facts) - missed} of {len(report.facts)} facts inside their bands"
    return found


def _row(m: Measured) -> list[str]:
    def text(value: float) -> str:
        return "" if value != value else f"{value:.{DIGITS[m.fact.unit]}f}"

    known = sorted(m.recorded.values())
    beside = f"{text(known[0])} - {text(known[-1])}" if known else ""
    colour = _COLOURS.get(m.verdict, "red")
    band = f"{text(m.fact.low)} - {text(m.fact.high)}"
    verdict = f"[{colour}]{m.verdict}[/]"
    return [m.fact.name, band, text(m.median), text(m.worst), beside, m.fact.unit, verdict, m.fact.source]
