"""What was recorded against what was computed again, column by column.

Owns the comparison and its wording. Pure: mappings in, findings out. Refuses tolerance: every value of
the log is an integer, a text or a float rounded before publication, so equal means equal.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Difference:
    """One column that came out otherwise."""

    column: str
    recorded: Any
    recomputed: Any


@dataclass(frozen=True, slots=True)
class Check:
    """One comparison: what was compared, how many columns agreed, which did not, which were left out.

    `problem` says in a sentence why nothing could be compared; then the check has failed.
    """

    name: str
    same: int = 0
    differences: tuple[Difference, ...] = ()
    left_out: tuple[str, ...] = ()
    problem: str = ""

    @property
    def is_passed(self) -> bool:
        """Whether there was something to compare and all of it agreed."""
        return not self.problem and not self.differences

    def to_json(self) -> dict[str, Any]:
        """Return the check as JSON."""
        return {
            "check": self.name,
            "passed": self.is_passed,
            "columns_same": self.same,
            "differences": [
                {"column": d.column, "recorded": d.recorded, "recomputed": d.recomputed}
                for d in self.differences
            ],
            "columns_left_out": list(self.left_out),
            "problem": self.problem,
        }


def compare(name: str, recorded: Row | None, recomputed: Row | None, left_out: Collection[str] = ()) -> Check:
    """Compare two rows over the columns of the first; a row that is missing is a problem."""
    if recorded is None:
        return Check(name, problem="there is no such record to compare with")
    if recomputed is None:
        return Check(name, problem="computing it again gave no such row")
    skipped = tuple(c for c in recorded if c in left_out)
    columns = [c for c in recorded if c not in left_out]
    found = tuple(
        Difference(c, recorded[c], recomputed.get(c)) for c in columns if recorded[c] != recomputed.get(c)
    )
    return Check(name, len(columns) - len(found), found, skipped)


def compare_bytes(name: str, recorded: bytes | None, recomputed: bytes | None, head: int) -> Check:
    """Compare two records byte for byte behind the `head` bytes of their frame."""
    if recorded is None:
        return Check(name, problem="there is no such record to compare with")
    if recomputed is None:
        return Check(name, problem="computing it again gave no such record")
    one, other = recorded[head:], recomputed[head:]
    if one == other:
        return Check(name, same=1)
    at = next(
        (i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(map(len, (one, other)))
    )
    return Check(name, 0, (Difference(f"byte {at}", one[at : at + 8].hex(), other[at : at + 8].hex()),))


@dataclass(frozen=True, slots=True)
class Verdict:
    """All checks of one receipt."""

    checks: tuple[Check, ...] = field(default=())

    @property
    def is_reproduced(self) -> bool:
        """Whether there were checks and all of them passed."""
        return bool(self.checks) and all(c.is_passed for c in self.checks)

    def sentence(self) -> str:
        """Say in one sentence whether it came out the same, or where it did not."""
        failed = [c for c in self.checks if not c.is_passed]
        if self.is_reproduced:
            return (
                f"reproduced: {len(self.checks)} checks, {sum(c.same for c in self.checks)} values the same"
            )
        if not failed:
            return "nothing was computed again"
        first = failed[0]
        if first.problem:
            return f"not reproduced: {first.name}: {first.problem}"
        names = ", ".join(d.column for d in first.differences[:5])
        return f"not reproduced: {first.name} differs in {names}"
