"""`python -m cli.stack.fetch`: what the installation does once for the embedded broker."""

from __future__ import annotations

import sys

from cli.stack import jars
from cli.stack.progress import Step
from cli.stack.train import train
from connectors.errors import ServiceError, UserError
from connectors.settings import load_settings


def main() -> int:
    """Fetch and verify the jars, then record the start-up cache; 0 unless the jars are missing."""
    try:
        settings = load_settings()
        folder = jars.ensure_jars(settings, _print)
        train(settings, folder, _print)
    except (ServiceError, UserError) as error:
        print(error, file=sys.stderr)
        return error.exit_code
    print(f"broker files in {folder}")
    return 0


def _print(step: Step) -> None:
    if step.state != "advanced":
        print(f"{step.name}: {step.state} {step.detail}".rstrip(), flush=True)


if __name__ == "__main__":
    sys.exit(main())
