"""The command `islandflow import`. Owns its options; what it does is in `cli.importing`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.console import steps
from connectors.errors import UserError

Paths = Annotated[list[Path], typer.Argument(help="Files or folders of one format.", metavar="PATH...")]
Form = Annotated[str | None, typer.Option("--format", help="Name of the format; recognised if absent.")]
Config = Annotated[Path | None, typer.Option("--config", help="A TOML file with thresholds of the rules.")]


def register(app: typer.Typer) -> None:
    """Add the command to an application."""

    @app.command("import")
    def import_files(
        paths: Paths,
        form: Form = None,
        symbols: Annotated[str | None, typer.Option("--symbols", help="Only these underlyings: A,B.")] = None,
        start: Annotated[
            str | None,
            typer.Option("--start", help="From this time on: 2024-03-01 or 2024-03-01T09:30 (New York)."),
        ] = None,
        end: Annotated[
            str | None, typer.Option("--end", help="Before this time; a date alone includes that day.")
        ] = None,
        option: Annotated[
            list[str] | None, typer.Option("--option", help="NAME=VALUE of the format; may be repeated.")
        ] = None,
        namespace: Annotated[
            str | None, typer.Option("--namespace", help="Name of the run; derived from the input if absent.")
        ] = None,
        data_dir: Annotated[
            Path | None,
            typer.Option("--data-dir", help="Where everything is kept.", show_default=False),
        ] = None,
        workers: Annotated[
            int, typer.Option("--workers", min=1, max=16, help="Processes of the market flow.")
        ] = 1,
        config: Config = None,
        as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
    ) -> None:
        """Import recorded market data: recognised, checked, through flow, topics and tables.

        Broken off, the same command goes on; done, it has nothing to do. Another set of files, symbols
        or times is another namespace.
        """
        from cli.configuration import read_configuration
        from cli.importing import Request, parse_options, run_import, show
        from cli.times import listed_symbols, parse_end, parse_start
        from connectors.recorded import Selection

        chosen = Selection(
            None if symbols is None else listed_symbols(symbols), parse_start(start), parse_end(end)
        )
        if chosen.begin >= chosen.end:
            raise UserError("--start lies at or after --end; nothing is left between them")
        options, configuration = parse_options(option or []), read_configuration(config)
        request = Request(tuple(paths), form, chosen, options, namespace, data_dir, workers, configuration)
        with steps() as shown:
            summary = run_import(request, shown)
        show(summary, as_json)
