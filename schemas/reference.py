"""The reference codec: one record at a time, by fastavro, with every doubt turned into a refusal.

Owns what counts as a good record: one complete body in the canonical Avro encoding, all values
inside their types and vocabularies. The bulk codec must agree with it on every record.
"""

from dataclasses import dataclass
from io import BytesIO
from typing import Any, TypeAlias

import fastavro
import numpy as np
import pyarrow as pa

from schemas.columns import NUMPY, Column
from schemas.plans import Plan, Step

Record: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a record was refused; `reason` is one of `schemas.kinds.DEADLETTER_REASON`."""

    reason: str
    detail: str


def decode_one(plan: Plan, body: bytes) -> Record | Refusal:
    """Return the values of one body by field, enums as written codes, or why it is refused."""
    stream = BytesIO(body)
    try:
        values: Any = fastavro.schemaless_reader(stream, plan.writer.twin)
    except Exception as error:  # any failure of a decoder on foreign bytes is the record's fault
        return Refusal("undecodable", _fault_words(error))
    left = len(body) - stream.tell()
    if left:
        return Refusal("trailing_bytes", f"{left} bytes after the record")
    if encode_plain(plan, values) != body:
        return Refusal("undecodable", "not the canonical Avro encoding of its values")
    return _out_of_range(plan.steps, values) or values


def _fault_words(error: Exception) -> str:
    """Say what went wrong in words that are the same on every run; the originals hold addresses."""
    if isinstance(error, EOFError):
        return "the record ends before its last field"
    if isinstance(error, UnicodeDecodeError):
        return "a text is not UTF-8"
    return f"not Avro ({type(error).__name__})"


def encode_plain(plan: Plan, values: Record) -> bytes:
    """Return the canonical body of these values, enums given as codes."""
    stream = BytesIO()
    fastavro.schemaless_writer(stream, plan.writer.twin, values)
    return stream.getvalue()


def _out_of_range(steps: tuple[Step, ...], values: Record) -> Refusal | None:
    for step in steps:
        value = values[step.name]
        allowed = step.allowed(np.array([value]))
        if allowed is not None and not allowed.all():
            return Refusal("bad_value", f"{step.name} is {value}, {_allowed_words(step)}")
    return None


def _allowed_words(step: Step) -> str:
    if step.bounds is None:
        return "allowed are finite numbers"
    low, high = step.bounds
    known = " and a symbol known here" if step.codes is not None else ""
    return f"allowed is {low} to {high}{known}"


def to_columns(plan: Plan, records: list[Record]) -> dict[str, Column]:
    """Return records of `decode_one` as columns of the decoding twin."""
    columns: dict[str, Column] = {}
    for field in plan.writer.fields:
        values = [r[field.name] for r in records]
        kind = None if field.kind == "string" else NUMPY[field.wide]
        columns[field.name] = pa.array(values, pa.string()) if kind is None else np.array(values, kind)
    return columns
