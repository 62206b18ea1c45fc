"""Settings: named numbers a person may change, with what is allowed for each and between them.

Owns the checks of a configuration and the one sentence that each mistake gets: the key, the value and what
is allowed. Refuses unknown names, wrong types, numbers out of range and numbers that contradict each other.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any, Final

_ASKED: Final = {"less": "less than", "at_most": "at most"}


@dataclass(frozen=True, slots=True)
class Setting:
    """A number with its default and the range it may take, both ends included; `doc` says why so."""

    name: str
    default: float
    low: float
    high: float
    unit: str
    doc: str
    is_whole: bool = False

    def allowed(self) -> str:
        """Return what is allowed, in words."""
        kind = "a whole number" if self.is_whole else "a number"
        return f"{kind} from {plain(self.low)} to {plain(self.high)} {self.unit}".rstrip()


@dataclass(frozen=True, slots=True)
class Relation:
    """Two settings of one section of which the first must be `less` than, or `at_most`, the second."""

    lesser: str
    greater: str
    kind: str = "less"

    def holds(self, values: Mapping[str, float]) -> bool:
        """Tell whether effective values agree with it."""
        lesser, greater = values[self.lesser], values[self.greater]
        return lesser < greater if self.kind == "less" else lesser <= greater

    def asked(self) -> str:
        """Return what must hold, in words."""
        return f"{self.lesser} must be {_ASKED[self.kind]} {self.greater}"


def plain(value: float) -> str:
    """Return a number without digits that say nothing: 50000 and not 50000.0."""
    return str(int(value)) if float(value).is_integer() else repr(float(value))


def defaults(settings: Iterable[Setting]) -> dict[str, float]:
    """Return the defaults by name."""
    return {s.name: s.default for s in settings}


def read_section(
    where: str,
    settings: Sequence[Setting],
    given: Any,
    relations: Sequence[Relation] = (),
) -> dict[str, float]:
    """Return the effective values of one section: the defaults with `given` over them.

    Raises:
        ValueError: an unknown name, a wrong type, a number out of range, or two that contradict.
    """
    by_name = {s.name: s for s in settings}
    check_names(where, given, tuple(by_name))
    values = {
        n: _checked(where, by_name[n], given[n]) if n in given else s.default for n, s in by_name.items()
    }
    for relation in relations:
        if not relation.holds(values):
            shown = " and ".join(f"{n} is {plain(values[n])}" for n in (relation.lesser, relation.greater))
            raise ValueError(f"{where}: {shown}; {relation.asked()}")
    return values


def check_names(where: str, given: Any, allowed: tuple[str, ...]) -> None:
    """Refuse what is no table, and names that are not allowed in it.

    Raises:
        ValueError: in one sentence.
    """
    if not isinstance(given, Mapping):
        raise ValueError(f"{where} is {given!r}; it must be a table of {', '.join(sorted(allowed))}")
    unknown = sorted(str(name) for name in set(given) - set(allowed))
    if unknown:
        raise ValueError(f"{where}: no setting {unknown[0]!r}; allowed are {', '.join(sorted(allowed))}")


def _checked(where: str, setting: Setting, value: Any) -> float:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    is_fit = is_number and (not setting.is_whole or isinstance(value, int))
    if not is_fit or not isfinite(value) or not setting.low <= value <= setting.high:
        raise ValueError(f"{where}.{setting.name} is {value!r}; it must be {setting.allowed()}")
    return value if setting.is_whole else float(value)
