"""A feed together with a person's configuration of the rules.

Owns that the configuration is part of what the feed is: it stands in the record of each session, and in the
identity from which the namespace is derived. Refuses to judge it: whoever hands it in has checked it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from connectors.feed import Chunk, Feed

KEY: Final = "configuration"


class Configured:
    """A feed whose sessions carry a configuration; its records are otherwise the same."""

    def __init__(self, feed: Feed, configuration: Mapping[str, Any]) -> None:
        self._feed, self._configuration = feed, dict(configuration)
        self.name = feed.name
        self.is_synthetic, self.is_paced_live = feed.is_synthetic, feed.is_paced_live

    @property
    def identity(self) -> Mapping[str, object]:
        """The identity of the feed and the configuration."""
        return {**self._feed.identity, KEY: self._configuration}

    @property
    def inputs(self) -> tuple[str, ...]:
        """The raw topics of the feed."""
        return self._feed.inputs

    @property
    def symbols(self) -> tuple[str, ...]:
        """The underlyings of the feed."""
        return self._feed.symbols

    @property
    def heartbeat_ns(self) -> int:
        """The heartbeat of the feed."""
        return self._feed.heartbeat_ns

    @property
    def capabilities(self) -> Mapping[str, object]:
        """The capabilities of the feed."""
        return self._feed.capabilities

    @property
    def share_done(self) -> float:
        """How much of its input the feed has read, -1 where it cannot tell."""
        return float(getattr(self._feed, "share_done", -1.0))

    def chunks(self, start: int = 0) -> Iterator[Chunk]:
        """Yield the chunks of the feed, the configuration with each session."""
        for chunk in self._feed.chunks(start):
            session = chunk.session
            if session is None:
                yield chunk
            else:
                told = {**session.detail, KEY: self._configuration}
                yield replace(chunk, session=replace(session, detail=told))


def configured(feed: Feed, configuration: Mapping[str, Any] | None) -> Feed:
    """Return the feed itself where nothing is configured, else the feed with the configuration."""
    return Configured(feed, configuration) if configuration else feed
