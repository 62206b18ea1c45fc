"""The one table of topics, from which every schema, table, type and reference is derived.

Owns which topics exist, their order of application within a shard (`rank`), their record fields,
their ClickHouse tables and the schema id of each version. Refuses to know a broker or an engine.
"""

from dataclasses import dataclass, replace
from typing import Final

from schemas.fields import ABSENT, LATER, NO_PRICE, Field
from schemas.flow_fields import (
    ALERT_CONTEXT,
    DIRECTION_FIELD,
    PACKAGE,
    PACKET_CONTEXT,
    PACKET_FEATURES,
    PLACED_CLAIMS,
    RESTATED,
)

PARTITION_COUNT: Final = 16
SCHEMA_ID_BASE: Final = 0x7F49_4600  # far above any id a registry hands out; every byte is < 0x80
VERSIONS_PER_TOPIC: Final = 4


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic: its name, the ClickHouse table it is archived to and the fields of its records."""

    name: str
    table: str
    doc: str
    is_raw: bool
    rank: int
    sort_key: tuple[str, ...]
    fields: tuple[Field, ...]

    @property
    def version(self) -> int:
        """The version of its records: that of the field added last."""
        return max(f.since for f in self.fields)

    def at(self, version: int) -> "Topic":
        """Return the topic as an earlier version wrote it."""
        return replace(self, fields=tuple(f for f in self.fields if f.since <= version))

    @property
    def schema_id(self) -> int:
        return SCHEMA_ID_BASE + VERSIONS_PER_TOPIC * self.rank + self.version

    @property
    def record_name(self) -> str:
        return "".join(word.capitalize() for word in self.table.split("_"))

    @property
    def time_field(self) -> str:
        return "source_ts" if self.is_raw else "emit_ts"

    @property
    def field_names(self) -> tuple[str, ...]:
        return tuple(f.name for f in self.fields)

    def field(self, name: str) -> Field:
        return next(f for f in self.fields if f.name == name)


F = Field

RAW_HEAD: Final = (
    F("kind", "Kind", "What the record is: data, or one of the control records of the log."),
    F("seq", "sequence", "Dense number of the record in its topic partition, given by the feed."),
    F("source_ts", "time", "When the record was published by its source; it drives event time."),
    F("event_ts", "time", "When it happened; it chooses the quote. source_ts where unknown."),
    F("underlying", "label", "The underlying it is keyed by; empty on broadcast control records."),
)
DERIVED_HEAD: Final = (
    F("seq", "sequence", "Dense number of the record in its topic partition, given by the flow."),
    F("emit_ts", "time", "The event time at which the flow could first say this."),
    F("underlying", "label", "The underlying the record is keyed by."),
)
PRINT_REPORT: Final = (
    F(
        "trade_id",
        "text",
        "The vendor's name of the trade; empty where it gives none.",
        default="",
        since=LATER,
    ),
    F("vendor_seq", "sequence", "The vendor's own sequence number.", ABSENT, ABSENT, LATER),
    F("report", "PrintReport", "A trade, or the cancel or correction of one.", default="trade", since=LATER),
    F("refers_to", "text", "The trade_id that a cancel or correction is about.", default="", since=LATER),
    F("aggressor", "Side", "Side of the aggressor where the feed states it.", default="none", since=LATER),
    F("is_time_doubtful", "flag", "Whether the vendor doubts the times.", default=False, since=LATER),
)
CARRIED: Final = (
    F("carried_bid", "price", "Bid that came with the print itself.", NO_PRICE, NO_PRICE, LATER),
    F("carried_ask", "price", "Ask that came with the print itself.", NO_PRICE, NO_PRICE, LATER),
    F("carried_bid_size", "count", "Size at that bid, in the unit of size.", ABSENT, ABSENT, LATER),
    F("carried_ask_size", "count", "Size at that ask, in the unit of size.", ABSENT, ABSENT, LATER),
)
QUOTE_VENUES: Final = (
    F("bid_venue", "VenueLetter", "Venue at the bid where the feed names it.", default="none", since=LATER),
    F("ask_venue", "VenueLetter", "Venue at the ask where the feed names it.", default="none", since=LATER),
)
CONTRACT: Final = (
    F("contract", "label", "Series: root padded to 6, YYMMDD, C or P, strike in 8 digits."),
    F("expiry", "date", "Expiry date of the series."),
    F("strike", "price", "Strike price of the series."),
    F("right", "Right", "Call or put."),
)
QUOTE_SIDES: Final = (
    F("bid", "price", "Best bid; absent where that side had no quote.", absent=NO_PRICE),
    F("ask", "price", "Best ask; absent where that side had no quote.", absent=NO_PRICE),
)
PLACED: Final = (
    F("status", "PrintStatus", "Taken as: ok, late at the log, reported late, a bar, or no trade."),
    F("quote_state", "QuoteState", "State of the quote standing strictly before the print."),
    F("placement", "Placement", "Price against that quote; none where no side or crossed."),
    F("is_placement_stable", "flag", "Whether it is the same over the window of doubt."),
    F("quote_source", "QuoteSource", "How the quote was found: by time, from history, or not."),
    F("quote_ts", "time", "Publication time of that quote, where there was one.", absent=ABSENT),
    F("quote_seq", "sequence", "Sequence number of that quote in its partition.", absent=ABSENT),
    *QUOTE_SIDES,
    F("bid_size", "count", "Size at the bid in the unit of the quote topic.", absent=ABSENT),
    F("ask_size", "count", "Size at the ask in the unit of the quote topic.", absent=ABSENT),
    F("quote_age_ns", "duration", "Time of the print minus time of the quote.", absent=ABSENT),
)
VERSIONED: Final = (
    F("version", "small", "Version of this claim; the highest one stands."),
    F("status", "VersionStatus", "Whether this version is final, a restatement or a retraction."),
)
RULE: Final = (
    F("rule_id", "RuleId", "The rule that made the claim."),
    F("rule_version", "small", "Version of the rule."),
    F("packet_id", "id", "The flow packet the claim is about."),
    F("packet_version", "small", "Version of that packet."),
    F("contract", "label", "The option series of the packet."),
)
DIRECTIONS: Final = (
    F("score", "ratio", "Strength of the claim, 0 to 1; an order of claims, no probability."),
    DIRECTION_FIELD,
    F("volatility_direction", "VolatilityDirection", "Volatility it is consistent with."),
    F("sentence", "text", "The claim in words, hedged."),
)

_SPECS: Final = (
    (
        "reference",
        "reference",
        "Sessions, configuration, capabilities, gaps and refusals; broadcast to every shard.",
        ("source_ts",),
        (
            *RAW_HEAD,
            F("name", "ReferenceName", "Which reference record this is."),
            F("ingest_ts", "time", "Wall time at which a heartbeat was written.", absent=ABSENT),
            F("detail", "json", "Session, inputs, capabilities, checkpoint or refused row."),
        ),
    ),
    (
        "options.prints",
        "option_prints",
        "Option trade reports as the feed gave them.",
        ("underlying", "contract", "source_ts"),
        (
            *RAW_HEAD,
            CONTRACT[0],
            F("price", "price", "Trade price per share; the close of a bar."),
            F("price_low", "price", "Lowest price of a bar; absent on a trade.", absent=NO_PRICE),
            F("price_high", "price", "Highest price of a bar; absent on a trade.", absent=NO_PRICE),
            F("size", "contracts", "Contracts traded."),
            F("multiplier", "small", "Shares a contract of this series stands for."),
            F("venue", "label", "Letter of the executing exchange; empty where unknown."),
            F("condition", "label", "Case-sensitive sale code; empty where the feed has none."),
            F("is_bar", "flag", "Whether this record is the volume of a bar and not a trade."),
            F("has_event_ts", "flag", "Whether event_ts is no copy.", default=False, since=LATER),
            *PRINT_REPORT,
            *CARRIED,
        ),
    ),
    (
        "options.nbbo",
        "option_nbbo",
        "National best bid and offer of option series.",
        ("underlying", "contract", "source_ts"),
        (
            *RAW_HEAD,
            CONTRACT[0],
            *QUOTE_SIDES,
            F("bid_size", "contracts", "Contracts at the bid."),
            F("ask_size", "contracts", "Contracts at the ask."),
            *QUOTE_VENUES,
        ),
    ),
    (
        "equities.prints",
        "equity_prints",
        "Equity trade reports as the feed gave them, official prices included.",
        ("underlying", "source_ts"),
        (
            *RAW_HEAD,
            F("price", "price", "Trade price."),
            F("size", "shares", "Shares traded."),
            F("venue", "label", "Letter of the reporting venue; D is the FINRA facilities."),
            F("off_exchange", "flag", "Whether the trade was reported through a FINRA facility."),
            F("conditions", "label", "Sale conditions exactly as the feed wrote them."),
            F("condition_bits", "bits", "The same conditions as bits of schemas.conditions."),
            F("has_event_ts", "flag", "Whether event_ts is a participant time, no copy."),
            F("is_hidden", "flag", "Whether it met hidden interest.", default=False, since=LATER),
            *PRINT_REPORT,
            *CARRIED,
        ),
    ),
    (
        "equities.quotes",
        "equity_quotes",
        "National best bid and offer of equities.",
        ("underlying", "source_ts"),
        (
            *RAW_HEAD,
            *QUOTE_SIDES,
            F("bid_size", "shares", "Shares at the bid."),
            F("ask_size", "shares", "Shares at the ask."),
            *QUOTE_VENUES,
        ),
    ),
    (
        "options.placed",
        "option_placed",
        "Each option print beside the quote it traded against.",
        ("underlying", "contract", "source_ts"),
        (
            *DERIVED_HEAD,
            F("print_seq", "sequence", "The print in options.prints, same partition."),
            F("source_ts", "time", "Publication time of the print."),
            F("event_ts", "time", "Execution time of the print."),
            *CONTRACT,
            F("price", "price", "Trade price per share; the close of a bar."),
            F("size", "contracts", "Contracts traded."),
            F("premium", "money", "Price x size x multiplier, unsigned; of a bar, at its close."),
            F("premium_low", "money", "Least premium of a bar; absent on a trade.", absent=ABSENT),
            F("premium_high", "money", "Most premium of a bar; absent on a trade.", absent=ABSENT),
            F("venue", "label", "Letter of the executing exchange; empty where unknown."),
            F("condition", "label", "Case-sensitive sale code; empty where the feed has none."),
            F("code_family", "CodeFamily", "What the sale code says of how the trade was made."),
            *PLACED,
            F("side", "Side", "Aggressor by the quote rule where that is stable; uncalibrated."),
            *PLACED_CLAIMS,
        ),
    ),
    (
        "flow.packets",
        "flow_packets",
        "Parents: option prints of one series and side that belong together.",
        ("underlying", "contract", "start_ts"),
        (
            *DERIVED_HEAD,
            F("packet_id", "id", "Hash of the identity of the member prints."),
            *VERSIONED,
            F("kind", "PacketKind", "Sweep, split, block, single-venue ISO or single."),
            *CONTRACT,
            F("side", "Side", "Aggressor against the arrival quote; none where it cannot be said."),
            F("start_ts", "time", "Time of the first member."),
            F("end_ts", "time", "Time of the last member."),
            F("print_count", "count", "Member prints."),
            F("taker_event_count", "count", "Taker events: one order prints once per contra."),
            F("size", "contracts", "Contracts of all members."),
            F("premium", "money", "Premium of all members, rounded per print and then summed."),
            F("average_price", "price", "Size-weighted average price, rounded down."),
            F("venue_count", "small", "Distinct venues."),
            F("venues", "label", "Letters of the venues, sorted."),
            F("iso_size", "contracts", "Contracts printed with an intermarket sweep code."),
            F("code_family", "CodeFamily", "Sale code family shared by the members."),
            F("quote_state", "QuoteState", "State of the arrival quote."),
            F("placement", "Placement", "Placement of the first member against the arrival quote."),
            F("quote_ts", "time", "Time of the arrival quote.", absent=ABSENT),
            F("quote_seq", "sequence", "Sequence number of the arrival quote.", absent=ABSENT),
            *QUOTE_SIDES,
            F("at_ask_size", "contracts", "Contracts at or above the ask, by its own quote."),
            F("at_bid_size", "contracts", "Contracts at or below the bid, by its own quote."),
            F("inside_size", "contracts", "Contracts inside the spread, by its own quote."),
            F("first_print_seq", "sequence", "First member in options.prints, same partition."),
            F("last_print_seq", "sequence", "Last member in options.prints, same partition."),
            F("members", "json", "Sequence numbers of members, at most 64, the rest counted."),
            F("baseline", "Baseline", "What the z-scores compare with; none: they cannot be said."),
            F("baseline_count", "count", "Packets in that baseline."),
            F("premium_z", "ratio", "Robust z of log premium; 0 where the baseline is none."),
            F("size_z", "ratio", "Robust z of log size; 0 where the baseline is none."),
            F(
                "spread_z",
                "ratio",
                "Robust z of the relative spread; 0 where the baseline is none.",
            ),
            RESTATED,
            *PACKET_FEATURES,
            *PACKET_CONTEXT,
            *PACKAGE,
        ),
    ),
    (
        "flow.hits",
        "flow_hits",
        "One rule that held on one packet, with the inputs it saw.",
        ("underlying", "rule_id", "emit_ts"),
        (
            *DERIVED_HEAD,
            F("hit_id", "id", "Hash of rule, rule version and packet."),
            *VERSIONED,
            *RULE,
            *DIRECTIONS,
            F("inputs", "json", "The columns the rule read and its thresholds."),
            RESTATED,
        ),
    ),
    (
        "flow.alerts",
        "flow_alerts",
        "Versioned claims of one rule on one packet that passed the alert score.",
        ("underlying", "emit_ts"),
        (
            *DERIVED_HEAD,
            F("alert_id", "id", "Hash of rule and packet."),
            VERSIONED[0],
            F("status", "AlertStatus", "Opened, updated, retracted or expired with this version."),
            *RULE,
            F("kind", "PacketKind", "Kind of the packet."),
            F("side", "Side", "Aggressor side of the packet."),
            F("size", "contracts", "Contracts of the packet."),
            F("premium", "money", "Premium of the packet."),
            F("severity", "Severity", "Rarity of the score over sessions; unrated before five."),
            *DIRECTIONS,
            F("evidence", "json", "Print range, arrival quote and inputs behind the claim."),
            RESTATED,
            *ALERT_CONTEXT,
        ),
    ),
    (
        "equities.joins",
        "equity_joins",
        "Each equity print beside the quote it traded against.",
        ("underlying", "source_ts"),
        (
            *DERIVED_HEAD,
            F("print_seq", "sequence", "The print in equities.prints, same partition."),
            F("source_ts", "time", "Publication time of the print."),
            F("event_ts", "time", "Execution time of the print."),
            F("price", "price", "Trade price."),
            F("size", "shares", "Shares traded."),
            F("notional", "money", "Price x size."),
            F("venue", "label", "Participant letter of the reporting venue."),
            F("off_exchange", "flag", "Whether the trade was reported through a FINRA facility."),
            F("conditions", "label", "Sale conditions exactly as the feed wrote them."),
            F("condition_bits", "bits", "The same conditions as bits of schemas.conditions."),
            F("updates_volume", "flag", "Whether its conditions let it count in volume."),
            F("updates_high_low", "flag", "Whether its conditions let it set a high or low."),
            F("updates_last", "flag", "Whether its conditions let it set an open or last."),
            *PLACED,
        ),
    ),
    (
        "dark.events",
        "dark_events",
        "Inferences from off-exchange prints, each with its evidence.",
        ("underlying", "emit_ts"),
        (
            *DERIVED_HEAD,
            F("dark_id", "id", "Hash of the rule and the identity of the print."),
            *VERSIONED,
            F("kind", "DarkKind", "The pattern."),
            F("rule_version", "small", "Version of the rule."),
            F("print_seq", "sequence", "The print in equities.prints, same partition."),
            F("source_ts", "time", "Publication time of the print."),
            F("price", "price", "Price of the print."),
            F("size", "shares", "Size of the print."),
            F("notional", "money", "Price x size."),
            F("placement", "Placement", "Placement of the print."),
            *QUOTE_SIDES,
            F("settled_bid", "price", "Best bid when the waiting time ended.", absent=NO_PRICE),
            F("settled_ask", "price", "Best ask when the waiting time ended.", absent=NO_PRICE),
            F("sentence", "text", "The claim in words, hedged."),
            F("evidence", "json", "Thresholds, quotes and the prints seen while waiting."),
        ),
    ),
    (
        "equities.candles",
        "equity_candles",
        "Open, high, low, close and volume over fixed intervals, as versioned upserts.",
        ("underlying", "interval_s", "start_ts"),
        (
            *DERIVED_HEAD,
            *VERSIONED,
            F("interval_s", "seconds", "Length of the interval."),
            F("start_ts", "time", "Start of the interval, inclusive; aligned to the epoch."),
            F("end_ts", "time", "End of the interval, exclusive."),
            F("open", "price", "First eligible price, where there was one.", absent=NO_PRICE),
            F("high", "price", "Highest eligible price.", absent=NO_PRICE),
            F("low", "price", "Lowest eligible price.", absent=NO_PRICE),
            F("close", "price", "Last eligible price.", absent=NO_PRICE),
            F("volume", "shares", "Shares of all trades, off-exchange ones included."),
            F("off_exchange_volume", "shares", "Shares reported through a FINRA facility."),
            F("notional", "money", "Price x size of all trades, rounded per print, then summed."),
            F("trade_count", "count", "Trades in volume."),
        ),
    ),
    (
        "flow.progress",
        "flow_progress",
        "What a shard of the market flow has done so far, per input topic.",
        ("emit_ts",),
        (
            *DERIVED_HEAD,
            F("input", "label", "The raw topic counted."),
            F("processed", "count", "Data records applied in order."),
            F("late", "count", "Data records at or below the frontier at their log position."),
            F("duplicate", "count", "Records whose sequence number had been seen."),
            F("deadletter", "count", "Records refused, with a row in deadletter."),
            F("control", "count", "Heartbeats, session, gap and end records."),
            F("is_final", "flag", "Whether the inputs of the shard have ended."),
        ),
    ),
    (
        "deadletter",
        "deadletter",
        "Everything that could not be taken, with where it stood and why.",
        ("emit_ts",),
        (
            *DERIVED_HEAD,
            F("reason", "DeadletterReason", "Why the record was refused."),
            F("source_topic", "label", "The raw topic the record stood in or was meant for."),
            F("source_seq", "sequence", "Its sequence number, if it could be read.", absent=ABSENT),
            F("after_seq", "sequence", "The last good sequence number before it.", absent=ABSENT),
            F("ordinal", "count", "How many refused records stand between that one and this one."),
            F("detail", "text", "What was wrong, and where in the source it stood."),
            F("length", "count", "Bytes of the record."),
            F("sha256", "text", "SHA-256 of the record, in hexadecimal."),
            F("head", "text", "The first 4096 bytes, base64."),
        ),
    ),
)

RAW_TOPIC_COUNT: Final = 5
TOPICS: Final[tuple[Topic, ...]] = tuple(
    Topic(name, table, doc, rank < RAW_TOPIC_COUNT, rank, sort_key, fields)
    for rank, (name, table, doc, sort_key, fields) in enumerate(_SPECS)
)
TOPIC: Final[dict[str, Topic]] = {t.name: t for t in TOPICS}
RAW_TOPICS: Final = tuple(t for t in TOPICS if t.is_raw)
DERIVED_TOPICS: Final = tuple(t for t in TOPICS if not t.is_raw)
VERSIONS: Final = tuple(t.at(v) for t in TOPICS for v in range(t.version + 1))
BY_SCHEMA_ID: Final[dict[int, Topic]] = {t.schema_id: t for t in VERSIONS}
assert all(t.version < VERSIONS_PER_TOPIC for t in TOPICS)


def physical_name(namespace: str, topic: str) -> str:
    """Return the broker's name of a topic inside a namespace."""
    assert topic in TOPIC, topic
    return f"{namespace}.{topic}"
