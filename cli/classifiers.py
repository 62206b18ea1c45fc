"""The command `islandflow classifiers`: the table of rules with the thresholds in force.

Owns what is shown of each rule. Refuses to show a default where a configuration says otherwise.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from cli.console import out


def register(app: typer.Typer) -> None:
    """Add the command to an application."""

    @app.command("classifiers")
    def classifiers(
        config: Annotated[
            Path | None, typer.Option("--config", help="A TOML file with thresholds; shows them in force.")
        ] = None,
        as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
    ) -> None:
        """List every rule: what it claims, its conditions and its thresholds."""
        from cli.configuration import options_config, read_configuration
        from dataflows.analytics.rules.describe import described

        rules = described(options_config(read_configuration(config)).rules)
        if as_json:
            print(json.dumps(rules, indent=1))
            return
        for rule in rules:
            out.print(_table(rule))


def _table(rule: dict[str, Any]) -> Table:
    """Return one rule as a table of its conditions."""
    table = Table(title=f"{rule['rule_id']} {rule['version']}: {rule['name']}", title_justify="left")
    for heading in ("condition", "", "bound", "threshold"):
        table.add_column(heading)
    for c in rule["conditions"]:
        is_fact = c["sense"] == "is"
        bound = "" if is_fact else f"{c['bound']:,g} {c['unit']}".strip()
        table.add_row(c["words"], "" if is_fact else c["sign"], bound, c["threshold"] or "")
    return table
