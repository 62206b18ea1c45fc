"""The command `islandflow export`. Owns its options and what is shown; the files are `connectors.export`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.console import Steps, out, steps
from connectors.errors import UserError

if TYPE_CHECKING:
    from cli.services import Services
    from connectors.export import Filter, Target


def export(name: str, target: Target, wanted: Filter, where: tuple[Path, str], shown: Steps) -> int:
    """Write a topic or table of a namespace (data directory, name) to a file; return its rows."""
    from cli.services import services
    from cli.stack.progress import Step
    from connectors.export import topic_named

    topic, is_table = topic_named(name)
    data_dir, namespace = where
    with services(data_dir, shown) as found, target:
        tables = _of_table(found, namespace, name, wanted) if is_table else None
        for table in tables or _of_topic(found, namespace, (topic.name, wanted), shown):
            target.write(table)
            shown.note("export", f"{target.rows:,} rows")
    shown(Step("export", "done", None, f"{target.rows:,} rows"))
    return target.rows


def _of_table(found: Services, namespace: str, name: str, wanted: Filter) -> Iterator[Any]:
    import clickhouse_connect
    from clickhouse_connect.driver.exceptions import DatabaseError

    from connectors.export import table_batches

    client = clickhouse_connect.get_client(dsn=found.endpoints.clickhouse, autogenerate_session_id=False)
    try:
        yield from table_batches(client, namespace, name, wanted)
    except DatabaseError as error:
        if "UNKNOWN_TABLE" in str(error) or "UNKNOWN_DATABASE" in str(error):
            raise UserError(f"nothing was stored in {name} of {namespace} yet") from None
        raise
    finally:
        client.close()


def _of_topic(found: Services, namespace: str, what: tuple[str, Filter], shown: Steps) -> Iterator[Any]:
    from cli.stack.progress import Step
    from connectors.export import grouped, topic_batches
    from connectors.scan import log_sizes
    from schemas.topics import TOPIC

    name, wanted = what
    total = max(1, log_sizes(found.endpoints.kafka, namespace, [name])[name])

    def batches() -> Iterator[Any]:
        passed = 0
        pieces = topic_batches(found.endpoints.kafka, namespace, TOPIC[name], wanted, found.codec())
        for count, batch in pieces:
            passed += count
            shown(Step("export", "advanced", min(1.0, passed / total)))
            yield batch

    return grouped(batches(), TOPIC[name])


def register(app: typer.Typer) -> None:
    """Add the command to an application."""

    @app.command("export")
    def export_rows(
        name: Annotated[
            str, typer.Argument(help="A topic or table, as named in docs/events.md.", metavar="TOPIC|TABLE")
        ],
        target: Annotated[Path, typer.Option("--out", help="A file, or a folder to put it in.")],
        form: Annotated[
            str | None, typer.Option("--format", help="parquet or csv; told by the name of the file.")
        ] = None,
        symbols: Annotated[str | None, typer.Option("--symbols", help="Only these underlyings: A,B.")] = None,
        start: Annotated[
            str | None,
            typer.Option("--start", help="From this time on: 2024-03-01 or 2024-03-01T09:30 (New York)."),
        ] = None,
        end: Annotated[
            str | None, typer.Option("--end", help="Before this time; a date alone includes that day.")
        ] = None,
        force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
        namespace: Annotated[
            str | None, typer.Option("--namespace", help="Of which run; the latest if absent.")
        ] = None,
        data_dir: Annotated[
            Path | None,
            typer.Option("--data-dir", help="Where everything is kept.", show_default=False),
        ] = None,
    ) -> None:
        """Write a topic (from the broker) or a table (from the store) to a Parquet or CSV file.

        The schema with its units is inside a Parquet file and beside a CSV file. Raw topics give their
        data records, and can be imported again.
        """
        from cli import runs
        from cli.times import listed_symbols, parse_end, parse_start
        from connectors.export import Filter, Target, chosen_path, topic_named
        from connectors.settings import load_settings

        topic_named(name)
        path, chosen = chosen_path(target, name, form)
        wanted = Filter(
            parse_start(start), parse_end(end), None if symbols is None else listed_symbols(symbols)
        )
        file = Target(path, chosen, force)
        data_path = load_settings(data_dir).data_path
        with steps() as shown:
            rows = export(name, file, wanted, (data_path, runs.choose(data_path, namespace)), shown)
        out.print(f"{rows:,} rows of {name} in {path}", highlight=False)
