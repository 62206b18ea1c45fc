"""What a person sees in the terminal: steps while they run, tables, one sentence for an error.

Owns the drawing (rich). With `--json`, or where the output is no terminal, steps go to stderr as plain
lines, so that stdout stays machine-readable.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from cli.stack.progress import Step

# Tables need room: a pipe or a file gets a line as long as they ask for.
PIPE_WIDTH: Final = 160
out = Console(width=None if sys.stdout.isatty() else PIPE_WIDTH)
err = Console(stderr=True, highlight=False)


class Steps:
    """Draws named steps with their state, bar and time."""

    def __init__(self, progress: Progress) -> None:
        self.progress = progress
        self.tasks: dict[str, TaskID] = {}

    def __call__(self, step: Step) -> None:
        """Receive one report; may be called from any thread."""
        if step.name not in self.tasks:
            self.tasks[step.name] = self.progress.add_task(step.name, total=None, detail="")
        task = self.tasks[step.name]
        if step.fraction is not None and step.state != "done":
            self.progress.update(task, total=1.0, completed=step.fraction)
        if step.detail:
            self.progress.update(task, detail=step.detail)
        if step.state in ("done", "failed"):
            mark = "" if step.state == "done" else "[red]failed[/] "
            self.progress.update(task, total=1.0, completed=1.0, detail=mark + step.detail)
            self.progress.stop_task(task)
            if not err.is_terminal:
                err.print(f"{step.name}: {step.state} {step.detail}".rstrip())

    def note(self, name: str, detail: str) -> None:
        """Say where an endless step stands."""
        self(Step(name, "advanced", None, detail))


@contextmanager
def steps() -> Iterator[Steps]:
    """Draw steps on stderr until the block ends."""
    columns = (
        SpinnerColumn(finished_text="[green]✓[/]"),
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        TimeElapsedColumn(),
        TextColumn("[dim]{task.fields[detail]}"),
    )
    with Progress(*columns, console=err, disable=not err.is_terminal, transient=False) as progress:
        yield Steps(progress)


def fail(sentence: str, code: int) -> int:
    """Print one sentence on stderr and return the exit code."""
    print(f"islandflow: {sentence}", file=sys.stderr)
    return code
