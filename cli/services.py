"""The services a command works with: the stack that runs on the data directory, else one of its own.

Owns that choice. A command that only reads starts what it needs and stops it again.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cli.stack.progress import Progress
from cli.stack.record import Endpoints, Process, read
from cli.stack.supervise import attach, open_stack
from connectors.registry import Codec, codec_for
from connectors.settings import load_settings

BROKER: Final = "broker"


@dataclass(frozen=True, slots=True)
class Services:
    """Addresses, a call that restarts what died (nothing where another process keeps the stack), and one
    that tells whether the broker died since it was last asked, or is away now."""

    endpoints: Endpoints
    heal: Callable[[], object]
    has_lost_broker: Callable[[], bool]

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
        yield Services(found, lambda: None, BrokerWatch(data_dir).has_lost_it)
        return
    with open_stack(data_dir, progress) as stack:
        yield Services(stack.endpoints, stack.heal, lambda: BROKER in stack.dead())


class BrokerWatch:
    """Sees the end of a broker that another process keeps. An external broker is not watched."""

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        self._last = self._process()

    def has_lost_it(self) -> bool:
        """Tell whether the broker is another process than when last asked, or none."""
        if self._last is None:
            return False
        now = self._process()
        if now is None or now.handle() is None:
            return True
        is_other = now != self._last
        self._last = now
        return is_other

    def _process(self) -> Process | None:
        found = read(self._data_dir)
        return found.parts.get(BROKER) if found else None
