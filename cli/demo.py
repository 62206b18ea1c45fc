"""The demo: the whole product on the synthetic market, until Ctrl-C.

Owns the order of start-up and what is said meanwhile. Starting again continues from what was stored.
"""

import time
import webbrowser
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx

from cli import runs
from cli.console import Steps, err, steps
from cli.page import build_page
from cli.pipeline import Pipeline
from cli.services import Services, services
from cli.session import Plan, start_processes
from cli.stack.process import choose_port
from cli.stack.progress import Step
from connectors.errors import ServiceError
from connectors.ingest import build_feed
from connectors.settings import load_settings
from connectors.topics_admin import check_namespace

DEFAULT_PORT: Final = 8470
READY_SECONDS: Final = 60.0
TICK_SECONDS: Final = 0.25
EPOCH_SECONDS: Final = 5.0
# The default floor leaves some twenty stories an hour: too few to see any while a demo is watched.
SHOWN: Final[Mapping[str, Any]] = {"options": {"alerts": {"premium_floor_usd": 250_000}}}


@dataclass(frozen=True, slots=True)
class Demo:
    """What the demo was asked for."""

    data_dir: Path
    workers: int
    port: int | None
    is_headless: bool
    seed: int
    profile: str
    namespace: str | None
    configuration: Mapping[str, Any] = field(default_factory=dict)


def run_demo(demo: Demo) -> None:
    """Start everything and hold it; returns after Ctrl-C with everything stopped."""
    spec = {
        "feed": "synthetic",
        "profile": demo.profile,
        "seed": demo.seed,
        "minutes": None,
        "throttle_ms": load_settings().throttle_ms,
        "speed": 1.0,
        "configuration": dict(demo.configuration or SHOWN),
    }
    feed = build_feed(spec)
    name = demo.namespace
    namespace = check_namespace(name) if name else runs.namespace_of("demo", feed.identity)
    port = choose_port(demo.port, "page") if demo.port else _default_port()
    with steps() as shown:
        build_page(shown)
        with (
            services(demo.data_dir, shown, is_writing=True) as found,
            runs.exclusive(demo.data_dir, namespace),
        ):
            run = runs.start(demo.data_dir, namespace, feed.name, spec, dict(feed.identity))
            plan = Plan(feed, spec, demo.data_dir, namespace, demo.workers, port, EPOCH_SECONDS)
            pipeline = start_processes(plan, found)
            try:
                _await_page(port, pipeline, found, shown)
                _announce(port, demo.is_headless)
                _hold(pipeline, found)
            except KeyboardInterrupt:
                err.print("stopping; start again to continue from here")
            finally:
                shown(Step("stop", "started"))
                pipeline.stop()
                runs.finish(demo.data_dir, run, "stopped")
                shown(Step("stop", "done"))


def _default_port() -> int:
    """The usual port, so that a bookmark works, or any free one where it is taken."""
    from connectors.errors import UserError

    try:
        return choose_port(DEFAULT_PORT, "page")
    except UserError:
        return choose_port(0, "page")


def _await_page(port: int, pipeline: Pipeline, found: Services, shown: Steps) -> None:
    shown(Step("gateway", "started"))
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        time.sleep(TICK_SECONDS)
        pipeline.keep_alive(found)
        try:
            answer = httpx.get(f"http://127.0.0.1:{port}/api/session", timeout=2.0)
        except httpx.HTTPError:
            continue
        if answer.status_code < 500:
            shown(Step("gateway", "done", 1.0, f"http://127.0.0.1:{port}"))
            return
    raise ServiceError(f"the gateway did not answer within {READY_SECONDS:.0f} s; see gateway.log of the run")


def _announce(port: int, is_headless: bool) -> None:
    url = f"http://127.0.0.1:{port}"
    err.print(f"SYNTHETIC market on [bold]{url}[/]; Ctrl-C stops it")
    if not is_headless:
        _open(url)


def _open(url: str) -> None:
    """Open the page in a window; a browser that would take over this terminal is not asked."""
    try:
        browser = webbrowser.get()
    except webbrowser.Error:
        return
    if type(browser) is not webbrowser.GenericBrowser:
        browser.open(url)


def _hold(pipeline: Pipeline, found: Services) -> None:
    while True:
        time.sleep(TICK_SECONDS)
        pipeline.keep_alive(found)
