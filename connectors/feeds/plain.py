"""Plain CSV or Parquet of our own as a feed, so that data of any origin can be brought in.

Owns which tables it takes and what may be said from them: what a table has columns for, and what its
owner declares. Rows may stand in any order. Refuses tables of derived topics: they are results.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from connectors.errors import UserError
from connectors.feeds.plain_rows import PARSERS, layout_of
from connectors.recorded import RecordedFeed
from connectors.table_feed import (
    InputFile,
    Kind,
    Wanted,
    hashes_of,
    recording_of,
    refuse_options,
    require_kind,
    spooled,
)
from connectors.tabular import header_of

NAME: Final = "plain"
DERIVED: Final = "emit_ts"
QUOTE_SCOPES: Final = ("nbbo", "venue")
OPTIONS: Final = ("quote_scope", "sample_s", "price_rounded", "complete_volume")
_KINDS: Final = tuple(Kind(topic, layout_of(topic), topic, parse) for topic, parse in PARSERS.items())


def open_feed(files: Sequence[InputFile], wanted: Wanted | None = None) -> RecordedFeed:
    """Open plain tables as one feed; each is read once now, to be sorted.

    Options that declare what no column says: `quote_scope` (nbbo or venue), `sample_s` (seconds between
    samples of the quote), `price_rounded` and `complete_volume` (true or false).
    """
    wanted = wanted or Wanted()
    refuse_options(wanted, "plain tables", OPTIONS)
    declared = _declared(wanted.options)
    hashes = hashes_of(files)
    kinds = []
    names: dict[str, set[str]] = {}
    for file in files:
        header = header_of(file.path, file.place)
        if DERIVED in header:
            raise UserError(f"{file.place}: is a table of a derived topic; only raw topics are imported")
        kinds.append(require_kind(file, _KINDS))
        names.setdefault(kinds[-1].topic, set()).update(header)
    spools = [(f, spooled(f, k, wanted.selection), None) for f, k in zip(files, kinds, strict=True)]
    made = recording_of(NAME, hashes, spools, {**capabilities(names), **declared}, wanted)
    return RecordedFeed(replace(made, options={n: str(v) for n, v in wanted.options.items()}))


def capabilities(names: Mapping[str, set[str]]) -> dict[str, object]:
    """Return what tables with these columns, by topic, can carry."""
    prints = [found for topic, found in names.items() if topic.endswith(".prints")]
    options = names.get("options.prints", set())
    has_quotes = len(prints) < len(names)

    def in_all(column: str) -> bool:
        return bool(prints) and all(column in found for found in prints)

    equities = names.get("equities.prints", set())
    return {
        "conditions": bool(prints)
        and all("condition" in f or f & {"conditions", "condition_bits"} for f in prints),
        "cancels": in_all("report"),
        "sequence": in_all("vendor_seq"),
        "participant_times": "event_ts" in equities,
        "venue_quotes": False,
        "quote_scope": "nbbo" if has_quotes else "none",
        "true_side": "aggressor" if in_all("aggressor") else "none",
        "is_sampled": False,
        "bars": "is_bar" in options,
        "price_rounded": False,
        "block_times": False,
        "complete_volume": False,
        "trade_ids": in_all("trade_id"),
        "clock_ns": 1,
        "option_bars": "is_bar" in options,
        "option_conditions": "condition" in options,
        "option_volume_complete": False,
    }


def _declared(options: Mapping[str, object]) -> dict[str, object]:
    """Return the capabilities that the options declare.

    Raises:
        UserError: a value that is not allowed.
    """
    found: dict[str, object] = {}
    if "quote_scope" in options:
        scope = str(options["quote_scope"])
        if scope not in QUOTE_SCOPES:
            raise UserError(f"quote_scope {scope!r}: {' or '.join(QUOTE_SCOPES)} is allowed")
        found |= {"quote_scope": scope, "venue_quotes": scope == "venue"}
    if "sample_s" in options:
        found["is_sampled"] = _seconds(str(options["sample_s"]))
    for name in ("price_rounded", "complete_volume"):
        if name in options:
            found[name] = _answer(name, str(options[name]))
    if "complete_volume" in found:
        found["option_volume_complete"] = found["complete_volume"]
    return found


def _seconds(text: str) -> int:
    if not (text.isdecimal() and 0 < int(text) <= 3600):
        raise UserError(f"sample_s {text!r}: whole seconds from 1 to 3600 are allowed")
    return int(text)


def _answer(name: str, text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise UserError(f"{name} {text!r}: true or false is allowed")
    return text.lower() == "true"
