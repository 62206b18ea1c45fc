"""The command `islandflow explain`: the receipt of one alert.

Owns the options. Refuses an alert or a namespace that is not there, in one sentence.
"""

from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the command to an application."""

    @app.command("explain")
    def explain(
        alert_id: Annotated[str, typer.Argument(help="An alert id, e.g. from flow_alerts_current.")],
        deep: Annotated[
            bool, typer.Option("--deep", help="Replay the log of the shard from its start, byte for byte.")
        ] = False,
        as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
        namespace: Annotated[
            str | None, typer.Option("--namespace", help="Name of the run; the latest if absent.")
        ] = None,
        seconds: Annotated[
            float, typer.Option("--seconds", min=1.0, help="Most that --deep may take.")
        ] = 600.0,
        data_dir: Annotated[
            Path | None, typer.Option("--data-dir", help="Where everything is kept.", show_default=False)
        ] = None,
    ) -> None:
        """Show what an alert rests on, compute it again, and say whether it comes out the same."""
        from cli import runs
        from cli.console import out
        from cli.receipts.ask import Question, ask
        from cli.receipts.render import show
        from cli.services import services
        from cli.stack.progress import silent
        from connectors.settings import load_settings

        path = load_settings(data_dir).data_path
        chosen = runs.choose(path, namespace)
        with services(path, silent) as found:
            ends = found.endpoints
            said = ask(Question(ends.kafka, ends.clickhouse, chosen, alert_id, deep, seconds), found.codec())
        if as_json:
            out.file.write(_json(said))
        else:
            show(said, out)


def _json(said: object) -> str:
    import orjson

    return orjson.dumps(said, option=orjson.OPT_INDENT_2).decode() + "\n"
