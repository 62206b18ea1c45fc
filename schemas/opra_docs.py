"""The page of sale codes: both dated tables and the policies, written from the data.

Owns the text of docs/sale_codes.md. Refuses to state what no table holds.
"""

from typing import Final

from schemas.opra_codes import TABLES, CodeTable, SaleCode
from schemas.opra_policy import ACTIVE, VENDORS, Policy, Updates, policy

_HEAD: Final = """# Sale codes of option prints

Generated from `schemas/opra_codes.py` and `schemas/opra_policy.py` by `python -m cli.generate`; do not edit.

A code is one character and case sensitive: `a` is an auction, `A` a cancel. It is read by the table of the
session's date. A code that the table does not hold, and none at all, is of family `unknown`: the print counts
in volume and joins parents, and every conclusion that needs a code (auction, cross, floor, package, ISO,
report late, cancel) is `unknown` for it, never `regular`. Feeds that carry no codes declare the capability
`option_conditions: false`.

- *side*: the quote rule may speak of its aggressor; without it the side abstains.
- *legs*: the print is a leg of a package, with stock (`stock_option`) or without (`multi_leg`).
- *single legs*: a package that traded with single-leg interest at the venue's own bid or ask.
- *takes back*: a cancel, and which trade of the series it means; `other` is neither the last nor the first.
- *late*: reported late. It counts in volume and is never part of a parent.
- Rows with a question mark rest on one secondary source.
"""
_POLICY: Final = """## What a code may update

Vendors disagree, so each has its table: open (O), last (L), high and low (H), volume (V) of a bar of a day; a
minute differs only where a second entry follows. Brackets: the vendor says nothing of it, so ours was taken.
Active: `{active}`, version {version}. An unknown code counts in volume and sets no price.

NxCore lets a late report set the last price where it is the only trade of the day: more than the code says.

"""


def sale_codes_page() -> str:
    """Return docs/sale_codes.md."""
    parts = [_HEAD, *(_table(table) for table in reversed(TABLES)), _policies()]
    return "\n".join(parts)


def _table(table: CodeTable) -> str:
    era = f"before {table.until}" if not table.since else f"since {table.since}"
    told = ", ".join(table.tells)
    head = f"## {table.name.capitalize()} codes, {era}\n\nA plain code here rules out: {told}.\n\n"
    names = "| code | name | family | meaning | side | legs | auction | cross | floor | ISO | single legs "
    line = f"{names}| late | volume only | takes back |\n|{'---|' * 14}\n"
    return head + line + "".join(_row(row) for row in table.codes)


def _row(row: SaleCode) -> str:
    shown = ("auction", "cross", "floor", "iso", "single_legs", "late", "volume_only")
    cells = [
        f"`{row.code}`",
        row.name + ("" if row.is_verified else " (?)"),
        row.family,
        row.meaning,
        _yes("side" in row.marks),
        "" if row.legs == "none" else row.legs,
        *(_yes(mark in row.marks) for mark in shown),
        "" if row.cancels == "none" else row.cancels,
    ]
    return f"| {' | '.join(cells)} |\n"


def _yes(is_so: bool) -> str:
    return "yes" if is_so else ""


def _policies() -> str:
    active = policy(ACTIVE)
    head = _POLICY.format(active=active.vendor, version=active.version)
    named = [policy(vendor) for vendor in VENDORS]
    lines = [f"| code | {' | '.join(f'{p.vendor} v{p.version}' for p in named)} |\n|{'---|' * 4}\n"]
    for code in sorted(active.day):
        lines.append(f"| `{code}` | {' | '.join(_updates(p, code) for p in named)} |\n")
    return head + "".join(lines)


def _updates(named: Policy, code: str) -> str:
    day, minute = _letters(named.day[code]), _letters(named.minute[code])
    return day if day == minute else f"{day}, minute {minute}"


def _letters(updates: Updates) -> str:
    letters = "".join(letter for letter, may in zip("OLHV", updates, strict=False) if may) or "none"
    return letters if updates.is_stated else f"({letters})"
