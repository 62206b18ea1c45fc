"""How the columns one writer wrote become the columns of a topic as we know it.

Owns projection: fields we lack are dropped, fields the writer lacks take their default, enum codes
are translated by symbol. Refuses promotions, aliases, and a required field that is not there.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from schemas.columns import Column, constant
from schemas.fields import Field
from schemas.topics import Topic
from schemas.writers import Writer, WriterField, written_as

PLAN_COUNT_MAX: Final = 256  # far above topics x versions; the least recently used goes first
INT32: Final = np.iinfo(np.int32)


@dataclass(frozen=True)
class Step:
    """One written column: what it must hold, and which codes of ours its codes are."""

    name: str
    kind: str
    symbol_count: int = 0
    codes: npt.NDArray[np.int32] | None = None

    @property
    def bounds(self) -> tuple[int, int] | None:
        """Least and greatest value allowed, or None where the type itself is the bound."""
        if self.kind == "enum":
            return 0, self.symbol_count - 1
        return (int(INT32.min), int(INT32.max)) if self.kind == "int" else None

    def allowed(self, column: Column) -> npt.NDArray[np.bool_] | None:
        """Return which values of a column of the twin are allowed; None says all are."""
        if self.kind == "double":
            return np.asarray(np.isfinite(column))
        if self.bounds is None or len(column) == 0:
            return None
        low, high = self.bounds
        if self.codes is None and column.min() >= low and column.max() <= high:
            return None
        inside = (column >= low) & (column <= high)
        if self.codes is not None:
            inside &= self.codes[np.clip(column, low, high)] >= 0
        return np.asarray(inside)

    def narrow(self, column: Column) -> Column:
        """Return a column of allowed values in the type the field is kept in."""
        if self.bounds is None:
            return column
        return column.astype(np.int32) if self.codes is None else self.codes[column]


@dataclass(frozen=True)
class Plan:
    """The steps for the columns of one writer; `refusal` says why it cannot be read."""

    topic: Topic
    writer: Writer
    steps: tuple[Step, ...]
    refusal: str = ""

    def finish(self, columns: Mapping[str, Column], length: int) -> dict[str, Column]:
        """Return the topic's columns from columns of the decoding twin, all values allowed."""
        written = {s.name: s for s in self.steps}
        return {
            f.name: written[f.name].narrow(columns[f.name]) if f.name in written else constant(f, length)
            for f in self.topic.fields
        }


@lru_cache(maxsize=PLAN_COUNT_MAX)
def plan_for(topic: Topic, writer: Writer) -> Plan:
    """Return how records of this writer are read as this topic."""
    ours = {f.name: f for f in topic.fields}
    steps = tuple(_step(f, ours.get(f.name)) for f in writer.fields)
    return Plan(topic, writer, steps, _refusal(topic, writer))


def _step(written: WriterField, field: Field | None) -> Step:
    if written.kind != "enum" or field is None or not field.is_enum:
        return Step(written.name, written.kind, len(written.symbols))
    if written.symbols == field.symbols:
        return Step(written.name, "enum", len(written.symbols))
    known = {s: i for i, s in enumerate(field.symbols)}
    codes = np.array([known.get(s, -1) for s in written.symbols], np.int32)
    return Step(written.name, "enum", len(written.symbols), codes)


def _refusal(topic: Topic, writer: Writer) -> str:
    if writer.topic_name != topic.name:
        return f"the schema is of topic {writer.topic_name}, not {topic.name}"
    written = {f.name: f for f in writer.fields}
    for field in topic.fields:
        kind = written_as(field).kind
        theirs = written.get(field.name)
        if theirs is None and field.default is None and field.absent is None:
            return f"field {field.name} is missing and has no default"
        if theirs is not None and theirs.kind != kind:
            return f"field {field.name} was written as {theirs.kind}, not as {kind}"
    return ""
