"""The command line: `islandflow`.

Owns the commands and their options; each one is a few lines over a function elsewhere. A user's mistake
is one sentence and exit code 2, a failed service one sentence and exit code 1.
"""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from clickhouse_connect.driver.exceptions import Error as ClickHouseError
from confluent_kafka import KafkaException

from cli import classifiers, export, imports, score, synthetic, warming
from cli.console import fail, out, steps
from cli.imports import Config
from cli.receipts import command as receipts
from connectors.errors import ServiceError, UserError
from connectors.settings import load_settings

app = typer.Typer(
    name="islandflow",
    help="Options-flow and off-exchange equity analysis with the evidence for every alert.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
run_app = typer.Typer(
    help="Send a feed through broker, flow, topics and tables; ends by itself.",
    no_args_is_help=True,
)
app.add_typer(run_app, name="run")
imports.register(app)
export.register(app)
score.register(app)
synthetic.register(app)
classifiers.register(app)
warming.register(app)
receipts.register(app)

PROFILES = "quiet, normal, stress or adversarial."
DataDir = Annotated[
    Path | None, typer.Option("--data-dir", help="Where everything is kept.", show_default=False)
]
Workers = Annotated[int, typer.Option("--workers", min=1, max=16, help="Processes of the market flow.")]
Port = Annotated[int | None, typer.Option("--port", min=1, max=65535, help="Port of the page on loopback.")]
Headless = Annotated[bool, typer.Option("--headless", help="Start no page and open no browser.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")]
Namespace = Annotated[
    str | None,
    typer.Option("--namespace", help="Name of the run; derived from the input if absent."),
]
Warm = Annotated[
    Path | None, typer.Option("--warm", help="What earlier sessions knew, from `islandflow warm export`.")
]
SummaryFile = Annotated[Path | None, typer.Option("--summary", help="Write the summary to this file.")]
Speed = Annotated[
    float | None,
    typer.Option("--speed", min=0.001, help="Pace in event time (1 = as it happened); absent = full speed."),
]


def data_path(data_dir: Path | None) -> Path:
    return load_settings(data_dir).data_path


def _run(spec: dict[str, Any], options: dict[str, Any]) -> None:
    from cli import runs
    from cli.configuration import read_configuration
    from cli.session import Plan, run_to_end
    from cli.summary import tables
    from connectors.ingest import build_feed
    from connectors.topics_admin import check_namespace
    from connectors.warm_file import Warmed

    summary_file = options["summary"]
    if summary_file is not None and not summary_file.absolute().parent.is_dir():
        raise UserError(f"--summary {summary_file}: the folder {summary_file.parent} does not exist")
    if summary_file is not None and summary_file.is_dir():
        raise UserError(f"--summary {summary_file}: is a folder; name a file in it")
    spec = {**spec, "configuration": read_configuration(options["config"])}
    spec["warm"] = None if options["warm"] is None else str(options["warm"].absolute())
    feed = build_feed(spec)
    if isinstance(feed, Warmed):
        feed.check()
    name = options["namespace"]
    namespace = check_namespace(name) if name else runs.namespace_of(feed.name, feed.identity)
    port = None if options["headless"] else options["port"]
    plan = Plan(feed, spec, data_path(options["data_dir"]), namespace, options["workers"], port)
    with steps() as shown:
        summary = run_to_end(plan, shown)
    text = json.dumps(summary, indent=1)
    if summary_file is not None:
        summary_file.write_text(text + "\n", encoding="utf-8")
    if options["json"]:
        print(text)
        return
    for table in tables(summary):
        out.print(table)
    verdict = (
        "everything is accounted for" if summary["conserved"] else "[red]records are not accounted for[/]"
    )
    out.print(f"{summary['events']:,} events in {summary['elapsed_s']:.1f} s; {verdict}")


@run_app.command("lean")
def run_lean(
    folder: Annotated[Path, typer.Argument(help="A LEAN data folder.", metavar="DIR")],
    symbols: Annotated[str, typer.Option("--symbols", help="Comma-separated underlyings, e.g. IBM,AIG.")],
    dates: Annotated[str, typer.Option("--dates", help="Comma-separated dates, e.g. 2013-10-07.")],
    summary: SummaryFile = None,
    speed: Speed = None,
    config: Config = None,
    warm: Warm = None,
    data_dir: DataDir = None,
    workers: Workers = 1,
    port: Port = None,
    headless: Headless = False,
    as_json: Json = False,
    namespace: Namespace = None,
) -> None:
    """Run recorded LEAN data: equity ticks and option minute bars."""
    spec = {
        "feed": "lean",
        "root": str(folder.absolute()),
        "symbols": _listed(symbols, "--symbols"),
        "dates": _listed(dates, "--dates"),
        "speed": speed,
    }
    _run(spec, {**_options(locals()), "json": as_json})


@run_app.command("synthetic")
def run_synthetic(
    profile: Annotated[str, typer.Option("--profile", help=PROFILES)] = "normal",
    seed: Annotated[int, typer.Option("--seed", min=0, help="Same seed, same records.")] = 7,
    symbols: Annotated[
        str | None, typer.Option("--symbols", help="Only these underlyings, or how many: SPY,AAPL or 50.")
    ] = None,
    minutes: Annotated[
        int, typer.Option("--minutes", min=1, max=100_000, help="Minutes of event time.")
    ] = 30,
    summary: SummaryFile = None,
    speed: Speed = None,
    config: Config = None,
    warm: Warm = None,
    data_dir: DataDir = None,
    workers: Workers = 1,
    port: Port = None,
    headless: Headless = False,
    as_json: Json = False,
    namespace: Namespace = None,
) -> None:
    """Run the seeded synthetic market."""
    spec = {
        "feed": "synthetic",
        "profile": profile,
        "seed": seed,
        "minutes": minutes,
        "symbols": None if symbols is None else _listed(symbols, "--symbols"),
        "throttle_ms": load_settings().throttle_ms,
        "speed": speed,
    }
    _run(spec, {**_options(locals()), "json": as_json})


def _options(given: dict[str, Any]) -> dict[str, Any]:
    names = ("summary", "config", "warm", "data_dir", "workers", "port", "headless", "namespace")
    return {name: given[name] for name in names}


def _listed(text: str, option: str) -> list[str]:
    items = [part.strip() for part in text.split(",") if part.strip()]
    if not items:
        raise UserError(f"{option} is empty; give at least one value, separated by commas")
    return items


@app.command()
def demo(
    data_dir: DataDir = None,
    workers: Workers = 1,
    port: Port = None,
    headless: Headless = False,
    seed: Annotated[int, typer.Option("--seed", min=0)] = 7,
    profile: Annotated[str, typer.Option("--profile", help=PROFILES)] = "normal",
    namespace: Namespace = None,
    config: Config = None,
) -> None:
    """Start everything on the synthetic market and open the page; Ctrl-C stops it, again continues it."""
    from cli.configuration import read_configuration
    from cli.demo import Demo, run_demo

    configuration = read_configuration(config)
    run_demo(Demo(data_path(data_dir), workers, port, headless, seed, profile, namespace, configuration))


@app.command()
def sql(
    query: Annotated[str, typer.Argument(help="A reading query; tables are named as in docs/events.md.")],
    form: Annotated[str, typer.Option("--format", help="pretty, json, csv or parquet.")] = "pretty",
    namespace: Namespace = None,
    data_dir: DataDir = None,
) -> None:
    """Query what was stored, in the latest namespace unless told."""
    from cli import query as queries
    from cli import runs
    from cli.services import services
    from cli.stack.progress import silent

    if form not in queries.FORMATS:
        raise UserError(f"--format {form!r} is not known; allowed: {', '.join(queries.FORMATS)}")
    path = data_path(data_dir)
    database = runs.choose(path, namespace)
    with services(path, silent) as found:
        queries.sql(found.endpoints.clickhouse, database, query, form)


@app.command()
def topics(namespace: Namespace = None, as_json: Json = False, data_dir: DataDir = None) -> None:
    """List the topics of a namespace and how many records each holds."""
    from cli import query as queries
    from cli import runs
    from cli.services import services
    from cli.stack.progress import silent

    path = data_path(data_dir)
    chosen = runs.choose(path, namespace)
    with services(path, silent) as found:
        queries.show(queries.topics(found.endpoints.kafka, chosen), as_json)


@app.command()
def tail(
    topic: Annotated[str, typer.Argument(help="A topic, e.g. flow.alerts.")],
    count: Annotated[
        int, typer.Option("-n", "--count", min=0, max=10_000, help="Records to begin with.")
    ] = 10,
    follow: Annotated[bool, typer.Option("-f", "--follow", help="Go on with what comes.")] = False,
    namespace: Namespace = None,
    data_dir: DataDir = None,
) -> None:
    """Print the last records of a topic as JSON lines."""
    from cli import query as queries
    from cli import runs
    from cli.services import services
    from cli.stack.progress import silent

    queries.check_topic(topic)
    path = data_path(data_dir)
    chosen = runs.choose(path, namespace)
    with services(path, silent) as found:
        codec = found.codec()
        for line in queries.tail(found.endpoints.kafka, chosen, topic, count, follow, codec):
            sys.stdout.buffer.write(line + b"\n")
            sys.stdout.buffer.flush()


@app.command()
def sessions(as_json: Json = False, data_dir: DataDir = None) -> None:
    """List the runs of the data directory."""
    from cli import query as queries

    queries.show(queries.sessions(data_path(data_dir)), as_json)


@app.command()
def doctor(as_json: Json = False, data_dir: DataDir = None) -> None:
    """Check machine, ports, versions, disk and services, and say what is wrong."""
    from dataclasses import asdict

    from cli import query as queries
    from cli.doctor import checks

    found = checks(data_dir)
    queries.show([asdict(c) for c in found], as_json)
    if any(c.state == "fail" for c in found):
        raise typer.Exit(1)


@app.command()
def up(data_dir: DataDir = None) -> None:
    """Start broker, store and Redis in the background."""
    from cli.stack import daemon

    with steps() as shown:
        ends = daemon.up(data_dir, shown)
    out.print(f"broker {ends.kafka}\nstore {ends.clickhouse}\nredis {ends.redis}", highlight=False)


@app.command()
def down(data_dir: DataDir = None) -> None:
    """Stop the background stack."""
    from cli.stack import daemon

    out.print("stopped" if daemon.down(data_dir) else "nothing was running")


@app.command()
def status(as_json: Json = False, data_dir: DataDir = None) -> None:
    """Say which services run and whether they answer."""
    from dataclasses import asdict

    from cli import query as queries
    from cli.stack import daemon

    rows = [asdict(p) for p in daemon.status(data_dir)]
    queries.show(rows or [{"state": "nothing runs on this data directory"}], as_json)


def main() -> int:
    """Run the command line; a known failure becomes one sentence and an exit code."""
    try:
        app()
    except (UserError, ServiceError) as error:
        return fail(str(error), error.exit_code)
    except KafkaException as error:
        return fail(f"the broker did not answer as expected: {error.args[0].str()}", 1)
    except ClickHouseError as error:
        return fail(f"the store did not answer as expected: {str(error)[:300]}", 1)
    except BrokenPipeError:
        return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
