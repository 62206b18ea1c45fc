"""The commands `islandflow synthetic ...`: the market whose truth is known, and that truth.

Owns their options; the measuring is in `scoring`, the drawing in `cli.facts`. The truth is written beside a
run, never into its topics or tables.
"""

from pathlib import Path
from typing import Annotated

import typer

from cli.console import out, steps
from cli.stack.progress import Step

synthetic_app = typer.Typer(help="The synthetic market, measured.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands to an application."""
    app.add_typer(synthetic_app, name="synthetic")


@synthetic_app.callback()
def _group() -> None:
    """The synthetic market, measured."""


@synthetic_app.command("facts")
def facts(
    profile: Annotated[str, typer.Option("--profile", help="Profile to measure.")] = "normal",
    seeds: Annotated[int, typer.Option("--seeds", help="How many seeds to measure.")] = 5,
    region: Annotated[
        str, typer.Option("--region", help="Region of the nuisance parameters: scoring or tuning.")
    ] = "scoring",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
    plot: Annotated[Path | None, typer.Option("--plot", help="Folder to write pictures to.")] = None,
    recorded: Annotated[
        Path | None, typer.Option("--recorded", help="Recordings (lean, taq) to hold beside.")
    ] = None,
) -> None:
    """Print target, source and measured value of each fact; exit code 1 where one is outside its band."""
    from cli.facts import facts as measure

    code = measure(profile, seeds, region, as_json_text=as_json, plots=plot, recorded=recorded)
    if code:
        raise typer.Exit(code)


@synthetic_app.command("truth")
def truth(
    profile: Annotated[str, typer.Option("--profile", help="Profile of the run.")] = "normal",
    seed: Annotated[int, typer.Option("--seed", min=0, help="Seed of the run.")] = 7,
    minutes: Annotated[
        int, typer.Option("--minutes", min=1, max=100_000, help="Minutes of event time.")
    ] = 30,
    symbols: Annotated[
        str | None, typer.Option("--symbols", help="Only these underlyings, or how many: SPY,AAPL or 50.")
    ] = None,
    folder: Annotated[
        Path | None, typer.Option("--out", help="Folder to write to; beside the run if absent.")
    ] = None,
    data_dir: Annotated[
        Path | None, typer.Option("--data-dir", help="Where everything is kept.", show_default=False)
    ] = None,
) -> None:
    """Write who traded, why, and what belonged together, for the run of the same arguments.

    Parquet files fills, parents, packages and hidden; a fill names its record by topic, partition and seq.
    """
    from cli import runs
    from connectors.feeds.synthetic import SyntheticFeed
    from connectors.settings import load_settings
    from connectors.truth_files import write_truth

    settings = load_settings(data_dir)
    chosen = None if symbols is None else [s.strip() for s in symbols.split(",") if s.strip()]
    feed = SyntheticFeed(profile, seed, minutes, chosen, throttle_ms=settings.throttle_ms)
    namespace = runs.namespace_of(feed.name, feed.identity)
    target = folder or runs.folder(settings.data_path, namespace) / "truth"
    with steps() as shown:
        shown(Step("truth", "started", 0.0, str(target)))
        counts = write_truth(feed, target)
        shown(Step("truth", "done"))
    for name, rows in counts.items():
        out.print(f"{rows:,} {name} in {target / name}", highlight=False)
