"""What each DBN schema gives and what may be said from it.

Owns which schemas are taken, which of several that overlap gives the prints or the quotes, and the
capabilities of files. Refuses bars and auction imbalances, and datasets that are neither US options
nor US equities.

Times: `source_ts` is ts_recv, the moment the vendor captured the message; `event_ts` is ts_event. For
OPRA that is the time of the consolidator's block, shared by its messages (`block_times`); the venues' own
feeds give the matching engine's time (`participant_times`); a trade report of FINRA's facilities is
stamped when it is published, so those prints have none. Quotes sampled by the second or minute have the
end of their interval for both: their ts_event is that of the last trade.
The quote that tbbo and tcbbo carry belongs to its print. OPRA's tbbo carries the executing venue's own
quote and no NBBO; tcbbo carries the NBBO. OPRA's mbp-1 holds the quotes of single venues beside the NBBO:
only the NBBO is taken. Where the venues of an equity dataset are quoted one by one, each record becomes
the best of the venues in the file. No schema has sale conditions: they are unknown, never regular.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from connectors.errors import UserError
from connectors.feeds.dbn_header import Header
from connectors.feeds.dbn_publishers import DATASETS, EQUITIES, OPTIONS, market_of

PRINT_SCHEMAS: Final = ("tcbbo", "tbbo", "trades", "cmbp-1", "mbp-1", "mbp-10", "mbo")  # best first
QUOTE_SCHEMAS: Final = ("cmbp-1", "mbp-1", "mbp-10", "mbo", "cbbo-1s", "bbo-1s", "cbbo-1m", "bbo-1m")
NOTE_SCHEMAS: Final = ("definition", "statistics", "status")
TAKEN: Final = (*dict.fromkeys((*PRINT_SCHEMAS, *QUOTE_SCHEMAS, *NOTE_SCHEMAS)),)
SAMPLED_S: Final = {"cbbo-1s": 1, "bbo-1s": 1, "cbbo-1m": 60, "bbo-1m": 60}
CONSOLIDATED_SCHEMAS: Final = frozenset({"cmbp-1", "tcbbo", "cbbo-1s", "cbbo-1m"})
CONSOLIDATED_DATASETS: Final = frozenset({"EQUS.MINI", "EQUS.SUMMARY", "EQUS.SIP"})
WHOLE_MARKET: Final = frozenset({"OPRA.PILLAR", "EQUS.SIP"})
CARRIERS: Final = frozenset({"tbbo", "tcbbo"})
WITHOUT_SEQUENCE: Final = frozenset({"cmbp-1", "tcbbo"})
WHOLE_DAY_NS: Final = 23 * 3600 * 10**9
PRINTS: Final = {OPTIONS: "options.prints", EQUITIES: "equities.prints"}
QUOTES: Final = {OPTIONS: "options.nbbo", EQUITIES: "equities.quotes"}


def is_taken(header: Header) -> bool:
    """Tell whether this feed has a use for a file."""
    return (not header.schema or header.schema in TAKEN) and market_of(header.dataset) is not None


def require_taken(header: Header, name: str) -> str:
    """Return the market of a file.

    Raises:
        UserError: its schema or dataset is none that this feed takes.
    """
    if header.schema and header.schema not in TAKEN:
        kind = "bars" if header.schema.startswith("ohlcv") else "no trades or quotes"
        raise UserError(
            f"{name}: schema {header.schema} holds {kind}, which this feed does not take; allowed are "
            + ", ".join(TAKEN)
        )
    market = market_of(header.dataset)
    if market is None:
        raise UserError(
            f"{name}: dataset {header.dataset} is neither US options nor US equities; allowed are those of "
            + ", ".join(sorted({d.partition(".")[0] for d in DATASETS}))
        )
    return market


def has_prints(schema: str) -> bool:
    """Tell whether a schema gives prints; a recorded live stream (no schema) may give all."""
    return not schema or schema in PRINT_SCHEMAS


def has_quotes(schema: str) -> bool:
    """Tell whether a schema gives quotes of their own; what tbbo and tcbbo carry is none."""
    return not schema or schema in QUOTE_SCHEMAS


def home_topic(header: Header) -> str:
    """Return the topic that a file's refused records belong to where they could be of any."""
    market = market_of(header.dataset)
    assert market is not None, header.dataset
    is_quotes = has_quotes(header.schema) and not has_prints(header.schema)
    return (QUOTES if is_quotes else PRINTS)[market]


def has_participant_times(header: Header) -> bool:
    """Tell whether ts_event is a matching engine's: it is in the feeds of single venues."""
    return header.dataset not in CONSOLIDATED_DATASETS and market_of(header.dataset) == EQUITIES


def topics_of(headers: Sequence[Header]) -> tuple[str, ...]:
    """Return the topics that files fill, in the order of the topics.

    A file of facts has none; its refused records count as prints.
    """
    found: set[str] = set()
    for header in headers:
        market = market_of(header.dataset)
        assert market is not None, header.dataset
        found |= {home_topic(header)} | ({QUOTES[market]} if has_quotes(header.schema) else set())
    return tuple(t for m in (OPTIONS, EQUITIES) for t in (PRINTS[m], QUOTES[m]) if t in found)


def capabilities(prints: Sequence[Header], quotes: Sequence[Header]) -> Mapping[str, object]:
    """Return what files can carry together, given those that give prints and those that give quotes.

    Of several files it is what holds for each; the quotes that prints carry count as quotes.
    """
    quotes = [*quotes, *(h for h in prints if h.schema in CARRIERS)]
    is_whole = bool(prints) and all(_is_whole(h) for h in prints)
    seconds = max((SAMPLED_S.get(h.schema, 0) for h in quotes), default=0)
    is_signed = bool(prints) and all(market_of(h.dataset) == EQUITIES for h in prints)
    return {
        "conditions": False,
        "cancels": False,
        "sequence": bool(prints) and all(h.schema not in WITHOUT_SEQUENCE for h in prints),
        "participant_times": bool(prints) and all(has_participant_times(h) for h in prints),
        "venue_quotes": bool(quotes) and all(_scope(h) == "venue" for h in quotes),
        "quote_scope": _joint_scope(quotes),
        "true_side": "aggressor" if is_signed else "none",
        "is_sampled": seconds or False,
        "bars": False,
        "price_rounded": False,
        "block_times": any(h.dataset == "OPRA.PILLAR" for h in (*prints, *quotes)),
        "complete_volume": is_whole,
        "trade_ids": False,
        "clock_ns": 1,
        "option_bars": False,
        "option_conditions": False,
        "option_volume_complete": is_whole and all(market_of(h.dataset) == OPTIONS for h in prints),
    }


def _is_whole(header: Header) -> bool:
    """Tell whether a file has every trade of the market over its days, by what it says of itself."""
    is_day = bool(header.end) and header.end - header.start >= WHOLE_DAY_NS
    return header.dataset in WHOLE_MARKET and is_day and not header.is_limited


def _scope(header: Header) -> str:
    if header.schema in CONSOLIDATED_SCHEMAS or header.dataset in CONSOLIDATED_DATASETS:
        return "nbbo"
    # OPRA's mbp-1 gives its NBBO records; the quote beside a trade in tbbo is the venue's.
    return "nbbo" if header.dataset == "OPRA.PILLAR" and header.schema != "tbbo" else "venue"


def _joint_scope(headers: Sequence[Header]) -> str:
    scopes = {_scope(h) for h in headers}
    return "none" if not scopes else "nbbo" if scopes == {"nbbo"} else "venue"
