"""One field of a record: its name, its logical type, its sentence and its unit.

Owns the logical types and what each becomes in Avro, Arrow, ClickHouse, JSON and TypeScript.
Refuses Avro types that the fast codec lacks (fixed, bytes, decimal, nanosecond timestamps, unions).
"""

from dataclasses import dataclass
from typing import Final

from schemas.kinds import ENUMS

NO_PRICE: Final = -1
ABSENT: Final = -1
LATER: Final = 1  # the version that brought a topic the fields that are marked with it


@dataclass(frozen=True, slots=True)
class Logical:
    """What one logical type becomes elsewhere; `unit` is shown in every reference."""

    avro: str
    clickhouse: str
    typescript: str
    unit: str
    scale: int = 0


LOGICAL: Final[dict[str, Logical]] = {
    "time": Logical("long", "DateTime64(9, 'UTC')", "string", "ns since 1970-01-01 UTC"),
    "duration": Logical("long", "Int64", "number", "ns"),
    "price": Logical("long", "Decimal(18, 9)", "number", "1e-9 USD", 9),
    "money": Logical("long", "Decimal(18, 4)", "number", "1e-4 USD", 4),
    "shares": Logical("long", "Decimal(18, 6)", "number", "1e-6 shares", 6),
    "contracts": Logical("long", "Int64", "number", "contracts"),
    "count": Logical("long", "Int64", "number", "count"),
    "sequence": Logical("long", "Int64", "number", "sequence number"),
    "bits": Logical("long", "Int64", "number", "bit set"),
    "date": Logical("int", "Int32", "number", "YYYYMMDD"),
    "seconds": Logical("int", "Int32", "number", "s"),
    "small": Logical("int", "Int32", "number", "count"),
    "flag": Logical("boolean", "Bool", "boolean", "true or false"),
    "ratio": Logical("double", "Float64", "number", "dimensionless"),
    "text": Logical("string", "String", "string", "text"),
    "label": Logical("string", "LowCardinality(String)", "string", "text"),
    "id": Logical("string", "String", "string", "hash in hexadecimal"),
    "json": Logical("string", "String", "string", "JSON text"),
}


@dataclass(frozen=True, slots=True)
class Field:
    """A column. `logical` is a key of LOGICAL or the name of an enum of `schemas.kinds`.

    `absent` is the stored value that means "there is none"; it becomes NULL in ClickHouse and
    null in JSON. `default` makes the field one that was added later, in version `since` of its
    topic: older records read as it.
    """

    name: str
    logical: str
    doc: str
    absent: int | None = None
    default: int | float | str | bool | None = None
    since: int = 0

    @property
    def is_enum(self) -> bool:
        return self.logical in ENUMS

    @property
    def symbols(self) -> tuple[str, ...]:
        return ENUMS[self.logical]

    @property
    def unit(self) -> str:
        return "one of a closed list" if self.is_enum else LOGICAL[self.logical].unit
