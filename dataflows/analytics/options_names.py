"""Names of contracts and underlyings as numbers, and back.

Owns the interning of (underlying, contract) and what the symbol of a series says. Numbers are given in
the order of first sight and stay inside the core: no output is ordered by them. Refuses to grow beyond
CONTRACTS_MAX, which is above every series listed at once.
"""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pyarrow as pa

from dataflows.analytics.plain import from_plain, to_plain
from dataflows.analytics.release import Longs
from schemas.columns import integers
from schemas.symbology import parse_contracts

CONTRACTS_MAX: Final = 4_194_304
EXPIRY, STRIKE, RIGHT, UNDERLYING = range(4)


class Names:
    """Contracts seen so far: their text, and a row of (expiry, strike, right, underlying number)."""

    def __init__(self) -> None:
        self.contracts: list[str] = []
        self.underlyings: list[str] = []
        self._numbers: dict[tuple[str, str], int] = {}
        self._underlying_numbers: dict[str, int] = {}
        self._facts = np.zeros((0, 4), np.int64)

    def facts(self, contracts: Longs) -> Longs:
        """Return the rows (expiry, strike, right, underlying number) of contracts."""
        return np.asarray(self._facts[contracts])

    def underlying_of(self) -> Longs:
        """Return the number of the underlying of every contract."""
        return np.ascontiguousarray(self._facts[:, UNDERLYING])

    def underlying_number(self, underlying: str) -> int:
        """Return the number of an underlying, -1 where none of its series was seen."""
        return self._underlying_numbers.get(underlying, -1)

    def intern(self, underlying: pa.StringArray, contract: pa.StringArray) -> Longs:
        """Return the number of each row's contract, new ones added."""
        if not len(contract):
            return np.zeros(0, np.int64)
        roots, root_of = _encoded(underlying)
        names, name_of = _encoded(contract)
        sole_root = np.zeros(len(names), np.int64)
        sole_root[name_of] = root_of
        if (sole_root[name_of] == root_of).all():
            pairs = [(roots[r], n) for r, n in zip(sole_root.tolist(), names, strict=True)]
            return self._number(pairs)[name_of]
        both, which = np.unique(root_of * len(names) + name_of, return_inverse=True)
        pairs = [(roots[b // len(names)], names[b % len(names)]) for b in both.tolist()]
        return self._number(pairs)[which]

    def _number(self, pairs: list[tuple[str, str]]) -> Longs:
        known = self._numbers
        self._add([p for p in dict.fromkeys(pairs) if p not in known])
        return np.array([known[p] for p in pairs], np.int64)

    def _add(self, pairs: list[tuple[str, str]]) -> None:
        if not pairs:
            return
        if len(self.contracts) + len(pairs) > CONTRACTS_MAX:
            raise RuntimeError(f"a shard holds at most {CONTRACTS_MAX} option series")
        parsed = parse_contracts(pa.array([name for _, name in pairs], pa.string()))
        facts = np.zeros((len(pairs), 4), np.int64)
        facts[:, EXPIRY], facts[:, STRIKE], facts[:, RIGHT] = (
            parsed.expiry,
            parsed.strike,
            parsed.right,
        )
        for row, (root, name) in enumerate(pairs):
            facts[row, UNDERLYING] = self._underlying_numbers.setdefault(root, len(self.underlyings))
            if facts[row, UNDERLYING] == len(self.underlyings):
                self.underlyings.append(root)
            self._numbers[root, name] = len(self.contracts)
            self.contracts.append(name)
        self._facts = np.concatenate([self._facts, facts])

    def snapshot(self) -> dict[str, Any]:
        """Return the names as plain data."""
        return {
            "contracts": tuple(self.contracts),
            "underlyings": tuple(self.underlyings),
            "facts": to_plain(self._facts),
        }

    @classmethod
    def restore(cls, snapshot: Mapping[str, Any]) -> "Names":
        """Return the names that `snapshot` described."""
        names = cls()
        names.contracts, names.underlyings = (
            list(snapshot["contracts"]),
            list(snapshot["underlyings"]),
        )
        names._facts = from_plain(snapshot["facts"])
        names._underlying_numbers = {u: n for n, u in enumerate(names.underlyings)}
        roots = [names.underlyings[u] for u in names._facts[:, UNDERLYING].tolist()]
        names._numbers = {p: n for n, p in enumerate(zip(roots, names.contracts, strict=True))}
        return names


def _encoded(column: pa.StringArray) -> tuple[list[str], Longs]:
    encoded = column.dictionary_encode()
    return encoded.dictionary.to_pylist(), integers(encoded.indices).astype(np.int64)
