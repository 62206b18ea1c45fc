"""The services a command works with: the stack that runs on the data directory, else one of its own.

Owns that choice. A command that only reads starts what it needs and stops it again.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cli.stack.progress import Progress
from cli.stack.record import Endpoints
from cli.stack.supervise import attach, open_stack
from connectors.registry import Codec, codec_for
from connectors.settings import load_settings


@dataclass(frozen=True, slots=True)
class Services:
    """Addresses, and a call that restarts what died (nothing where another process keeps the stack)."""

    endpoints: Endpoints
    heal: Callable[[], object]

    @property
    def env(self) -> dict[str, str]:
        return self.endpoints.env()

    def codec(self) -> Codec:
        """Return what reads the records of this stack's topics."""
        registry = {"schema_registry_url": self.endpoints.schema_registry}
        return codec_for(load_settings().model_copy(update=registry))


@contextmanager
def services(data_dir: Path, progress: Progress, is_writing: bool = False) -> Iterator[Services]:
    """Attach to the running stack of a data directory, or open one for the length of the block.

    A writing command does not attach to the stack of another command, which ends with that one.
    """
    found = attach(data_dir, must_stay=is_writing)
    if found is not None:
        yield Services(found, lambda: None)
        return
    with open_stack(data_dir, progress) as stack:
        yield Services(stack.endpoints, stack.heal)
