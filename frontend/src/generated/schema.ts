// Generated from schemas/topics.py by `python -m cli.generate`; do not edit.

export const KIND = ["data", "heartbeat", "session", "gap", "end"] as const;
export type Kind = (typeof KIND)[number];

export const QUOTE_STATE = ["none", "normal", "locked", "crossed", "zero_bid", "one_sided"] as const;
export type QuoteState = (typeof QUOTE_STATE)[number];

export const PLACEMENT = ["none", "above_ask", "at_ask", "inside_ask", "mid", "inside_bid", "at_bid", "below_bid", "at_lock"] as const;
export type Placement = (typeof PLACEMENT)[number];

export const QUOTE_SOURCE = ["none", "joined", "history", "carried"] as const;
export type QuoteSource = (typeof QUOTE_SOURCE)[number];

export const SIDE = ["none", "buy", "sell"] as const;
export type Side = (typeof SIDE)[number];

export const RIGHT = ["C", "P"] as const;
export type Right = (typeof RIGHT)[number];

export const PRINT_STATUS = ["ok", "late", "report_late", "cancelled", "bar", "no_trade"] as const;
export type PrintStatus = (typeof PRINT_STATUS)[number];

export const CODE_FAMILY = ["unknown", "electronic", "iso", "auction", "cross", "floor", "multi_leg", "stock_option", "late", "cancel", "other"] as const;
export type CodeFamily = (typeof CODE_FAMILY)[number];

export const PACKET_KIND = ["single", "sweep", "split", "block", "iso_single"] as const;
export type PacketKind = (typeof PACKET_KIND)[number];

export const BASELINE = ["none", "contract", "underlying_time"] as const;
export type Baseline = (typeof BASELINE)[number];

export const DELTA_DIRECTION = ["unknown", "bullish", "bearish", "neutral"] as const;
export type DeltaDirection = (typeof DELTA_DIRECTION)[number];

export const VOLATILITY_DIRECTION = ["unknown", "long", "short", "none"] as const;
export type VolatilityDirection = (typeof VOLATILITY_DIRECTION)[number];

export const VERSION_STATUS = ["final", "restated", "retracted"] as const;
export type VersionStatus = (typeof VERSION_STATUS)[number];

export const SEVERITY = ["unrated", "low", "medium", "high"] as const;
export type Severity = (typeof SEVERITY)[number];

export const RULE_ID = ["call_sweep", "put_sweep", "contract_spike"] as const;
export type RuleId = (typeof RULE_ID)[number];

export const DARK_KIND = ["absorbed_block"] as const;
export type DarkKind = (typeof DARK_KIND)[number];

export const REFERENCE_NAME = ["control", "reject", "capabilities", "definition", "open_interest", "statistic", "status", "corporate_action", "short_volume", "universe"] as const;
export type ReferenceName = (typeof REFERENCE_NAME)[number];

export const PRINT_REPORT = ["trade", "cancel", "correction"] as const;
export type PrintReport = (typeof PRINT_REPORT)[number];

export const VENUE_LETTER = ["none", "A", "B", "C", "D", "E", "F", "G", "H", "I", "J", "K", "L", "M", "N", "O", "P", "Q", "R", "S", "T", "U", "V", "W", "X", "Y", "Z"] as const;
export type VenueLetter = (typeof VENUE_LETTER)[number];

export const DEADLETTER_REASON = ["bad_magic", "unknown_schema", "undecodable", "trailing_bytes", "too_large", "bad_value", "ahead_of_clock", "sequence_gap", "duplicate", "wrong_partition", "rejected_by_feed"] as const;
export type DeadletterReason = (typeof DEADLETTER_REASON)[number];

/** Sessions, configuration, capabilities, gaps and refusals; broadcast to every shard. */
export interface ReferenceRow {
  /** What the record is: data, or one of the control records of the log. [one of a closed list] */
  kind: Kind;
  /** Dense number of the record in its topic partition, given by the feed. [sequence number] */
  seq: number;
  /** When the record was published by its source; it drives event time. [ns since 1970-01-01 UTC] */
  source_ts: string;
  /** When it happened; it chooses the quote. source_ts where unknown. [ns since 1970-01-01 UTC] */
  event_ts: string;
  /** The underlying it is keyed by; empty on broadcast control records. [text] */
  underlying: string;
  /** Which reference record this is. [one of a closed list] */
  name: ReferenceName;
  /** Wall time at which a heartbeat was written. [ns since 1970-01-01 UTC] */
  ingest_ts: string | null;
  /** Session, inputs, capabilities, checkpoint or refused row. [JSON text] */
  detail: string;
}

/** Option trade reports as the feed gave them. */
export interface OptionPrintsRow {
  /** What the record is: data, or one of the control records of the log. [one of a closed list] */
  kind: Kind;
  /** Dense number of the record in its topic partition, given by the feed. [sequence number] */
  seq: number;
  /** When the record was published by its source; it drives event time. [ns since 1970-01-01 UTC] */
  source_ts: string;
  /** When it happened; it chooses the quote. source_ts where unknown. [ns since 1970-01-01 UTC] */
  event_ts: string;
  /** The underlying it is keyed by; empty on broadcast control records. [text] */
  underlying: string;
  /** Series: root padded to 6, YYMMDD, C or P, strike in 8 digits. [text] */
  contract: string;
  /** Trade price per share; the close of a bar. [USD] */
  price: number;
  /** Lowest price of a bar; absent on a trade. [USD] */
  price_low: number | null;
  /** Highest price of a bar; absent on a trade. [USD] */
  price_high: number | null;
  /** Contracts traded. [contracts] */
  size: number;
  /** Shares a contract of this series stands for. [count] */
  multiplier: number;
  /** Letter of the executing exchange; empty where unknown. [text] */
  venue: string;
  /** Case-sensitive sale code; empty where the feed has none. [text] */
  condition: string;
  /** Whether this record is the volume of a bar and not a trade. [true or false] */
  is_bar: boolean;
  /** Whether event_ts is no copy. [true or false] */
  has_event_ts: boolean;
  /** The vendor's name of the trade; empty where it gives none. [text] */
  trade_id: string;
  /** The vendor's own sequence number. [sequence number] */
  vendor_seq: number | null;
  /** A trade, or the cancel or correction of one. [one of a closed list] */
  report: PrintReport;
  /** The trade_id that a cancel or correction is about. [text] */
  refers_to: string;
  /** Side of the aggressor where the feed states it. [one of a closed list] */
  aggressor: Side;
  /** Whether the vendor doubts the times. [true or false] */
  is_time_doubtful: boolean;
  /** Bid that came with the print itself. [USD] */
  carried_bid: number | null;
  /** Ask that came with the print itself. [USD] */
  carried_ask: number | null;
  /** Size at that bid, in the unit of size. [count] */
  carried_bid_size: number | null;
  /** Size at that ask, in the unit of size. [count] */
  carried_ask_size: number | null;
}

/** National best bid and offer of option series. */
export interface OptionNbboRow {
  /** What the record is: data, or one of the control records of the log. [one of a closed list] */
  kind: Kind;
  /** Dense number of the record in its topic partition, given by the feed. [sequence number] */
  seq: number;
  /** When the record was published by its source; it drives event time. [ns since 1970-01-01 UTC] */
  source_ts: string;
  /** When it happened; it chooses the quote. source_ts where unknown. [ns since 1970-01-01 UTC] */
  event_ts: string;
  /** The underlying it is keyed by; empty on broadcast control records. [text] */
  underlying: string;
  /** Series: root padded to 6, YYMMDD, C or P, strike in 8 digits. [text] */
  contract: string;
  /** Best bid; absent where that side had no quote. [USD] */
  bid: number | null;
  /** Best ask; absent where that side had no quote. [USD] */
  ask: number | null;
  /** Contracts at the bid. [contracts] */
  bid_size: number;
  /** Contracts at the ask. [contracts] */
  ask_size: number;
  /** Venue at the bid where the feed names it. [one of a closed list] */
  bid_venue: VenueLetter;
  /** Venue at the ask where the feed names it. [one of a closed list] */
  ask_venue: VenueLetter;
}

/** Equity trade reports as the feed gave them, official prices included. */
export interface EquityPrintsRow {
  /** What the record is: data, or one of the control records of the log. [one of a closed list] */
  kind: Kind;
  /** Dense number of the record in its topic partition, given by the feed. [sequence number] */
  seq: number;
  /** When the record was published by its source; it drives event time. [ns since 1970-01-01 UTC] */
  source_ts: string;
  /** When it happened; it chooses the quote. source_ts where unknown. [ns since 1970-01-01 UTC] */
  event_ts: string;
  /** The underlying it is keyed by; empty on broadcast control records. [text] */
  underlying: string;
  /** Trade price. [USD] */
  price: number;
  /** Shares traded. [shares] */
  size: number;
  /** Letter of the reporting venue; D is the FINRA facilities. [text] */
  venue: string;
  /** Whether the trade was reported through a FINRA facility. [true or false] */
  off_exchange: boolean;
  /** Sale conditions exactly as the feed wrote them. [text] */
  conditions: string;
  /** The same conditions as bits of schemas.conditions. [bit set] */
  condition_bits: number;
  /** Whether event_ts is a participant time, no copy. [true or false] */
  has_event_ts: boolean;
  /** Whether it met hidden interest. [true or false] */
  is_hidden: boolean;
  /** The vendor's name of the trade; empty where it gives none. [text] */
  trade_id: string;
  /** The vendor's own sequence number. [sequence number] */
  vendor_seq: number | null;
  /** A trade, or the cancel or correction of one. [one of a closed list] */
  report: PrintReport;
  /** The trade_id that a cancel or correction is about. [text] */
  refers_to: string;
  /** Side of the aggressor where the feed states it. [one of a closed list] */
  aggressor: Side;
  /** Whether the vendor doubts the times. [true or false] */
  is_time_doubtful: boolean;
  /** Bid that came with the print itself. [USD] */
  carried_bid: number | null;
  /** Ask that came with the print itself. [USD] */
  carried_ask: number | null;
  /** Size at that bid, in the unit of size. [count] */
  carried_bid_size: number | null;
  /** Size at that ask, in the unit of size. [count] */
  carried_ask_size: number | null;
}

/** National best bid and offer of equities. */
export interface EquityQuotesRow {
  /** What the record is: data, or one of the control records of the log. [one of a closed list] */
  kind: Kind;
  /** Dense number of the record in its topic partition, given by the feed. [sequence number] */
  seq: number;
  /** When the record was published by its source; it drives event time. [ns since 1970-01-01 UTC] */
  source_ts: string;
  /** When it happened; it chooses the quote. source_ts where unknown. [ns since 1970-01-01 UTC] */
  event_ts: string;
  /** The underlying it is keyed by; empty on broadcast control records. [text] */
  underlying: string;
  /** Best bid; absent where that side had no quote. [USD] */
  bid: number | null;
  /** Best ask; absent where that side had no quote. [USD] */
  ask: number | null;
  /** Shares at the bid. [shares] */
  bid_size: number;
  /** Shares at the ask. [shares] */
  ask_size: number;
  /** Venue at the bid where the feed names it. [one of a closed list] */
  bid_venue: VenueLetter;
  /** Venue at the ask where the feed names it. [one of a closed list] */
  ask_venue: VenueLetter;
}

/** Each option print beside the quote it traded against. */
export interface OptionPlacedRow {
  /** Dense number of the record in its topic partition, given by the flow. [sequence number] */
  seq: number;
  /** The event time at which the flow could first say this. [ns since 1970-01-01 UTC] */
  emit_ts: string;
  /** The underlying the record is keyed by. [text] */
  underlying: string;
  /** The print in options.prints, same partition. [sequence number] */
  print_seq: number;
  /** Publication time of the print. [ns since 1970-01-01 UTC] */
  source_ts: string;
  /** Execution time of the print. [ns since 1970-01-01 UTC] */
  event_ts: string;
  /** Series: root padded to 6, YYMMDD, C or P, strike in 8 digits. [text] */
  contract: string;
  /** Expiry date of the series. [YYYYMMDD] */
  expiry: number;
  /** Strike price of the series. [USD] */
  strike: number;
  /** Call or put. [one of a closed list] */
  right: Right;
  /** Trade price per share; the close of a bar. [USD] */
  price: number;
  /** Contracts traded. [contracts] */
  size: number;
  /** Price x size x multiplier, unsigned; of a bar, at its close. [USD] */
  premium: number;
  /** Least premium of a bar; absent on a trade. [USD] */
  premium_low: number | null;
  /** Most premium of a bar; absent on a trade. [USD] */
  premium_high: number | null;
  /** Letter of the executing exchange; empty where unknown. [text] */
  venue: string;
  /** Case-sensitive sale code; empty where the feed has none. [text] */
  condition: string;
  /** What the sale code says of how the trade was made. [one of a closed list] */
  code_family: CodeFamily;
  /** Taken as: ok, late at the log, reported late, a bar, or no trade. [one of a closed list] */
  status: PrintStatus;
  /** State of the quote standing strictly before the print. [one of a closed list] */
  quote_state: QuoteState;
  /** Price against that quote; none where no side or crossed. [one of a closed list] */
  placement: Placement;
  /** Whether it is the same over the window of doubt. [true or false] */
  is_placement_stable: boolean;
  /** How the quote was found: by time, from history, or not. [one of a closed list] */
  quote_source: QuoteSource;
  /** Publication time of that quote, where there was one. [ns since 1970-01-01 UTC] */
  quote_ts: string | null;
  /** Sequence number of that quote in its partition. [sequence number] */
  quote_seq: number | null;
  /** Best bid; absent where that side had no quote. [USD] */
  bid: number | null;
  /** Best ask; absent where that side had no quote. [USD] */
  ask: number | null;
  /** Size at the bid in the unit of the quote topic. [count] */
  bid_size: number | null;
  /** Size at the ask in the unit of the quote topic. [count] */
  ask_size: number | null;
  /** Time of the print minus time of the quote. [ns] */
  quote_age_ns: number | null;
  /** Aggressor by the quote rule where that is stable; uncalibrated. [one of a closed list] */
  side: Side;
}

/** Parents: option prints of one series and side that belong together. */
export interface FlowPacketsRow {
  /** Dense number of the record in its topic partition, given by the flow. [sequence number] */
  seq: number;
  /** The event time at which the flow could first say this. [ns since 1970-01-01 UTC] */
  emit_ts: string;
  /** The underlying the record is keyed by. [text] */
  underlying: string;
  /** Hash of the identity of the member prints. [hash in hexadecimal] */
  packet_id: string;
  /** Version of this claim; the highest one stands. [count] */
  version: number;
  /** Whether this version is final, a restatement or a retraction. [one of a closed list] */
  status: VersionStatus;
  /** Sweep, split, block, single-venue ISO or single. [one of a closed list] */
  kind: PacketKind;
  /** Series: root padded to 6, YYMMDD, C or P, strike in 8 digits. [text] */
  contract: string;
  /** Expiry date of the series. [YYYYMMDD] */
  expiry: number;
  /** Strike price of the series. [USD] */
  strike: number;
  /** Call or put. [one of a closed list] */
  right: Right;
  /** Aggressor against the arrival quote; none where it cannot be said. [one of a closed list] */
  side: Side;
  /** Time of the first member. [ns since 1970-01-01 UTC] */
  start_ts: string;
  /** Time of the last member. [ns since 1970-01-01 UTC] */
  end_ts: string;
  /** Member prints. [count] */
  print_count: number;
  /** Taker events: one order prints once per contra. [count] */
  taker_event_count: number;
  /** Contracts of all members. [contracts] */
  size: number;
  /** Premium of all members, rounded per print and then summed. [USD] */
  premium: number;
  /** Size-weighted average price, rounded down. [USD] */
  average_price: number;
  /** Distinct venues. [count] */
  venue_count: number;
  /** Letters of the venues, sorted. [text] */
  venues: string;
  /** Contracts printed with an intermarket sweep code. [contracts] */
  iso_size: number;
  /** Sale code family shared by the members. [one of a closed list] */
  code_family: CodeFamily;
  /** State of the arrival quote. [one of a closed list] */
  quote_state: QuoteState;
  /** Placement of the first member against the arrival quote. [one of a closed list] */
  placement: Placement;
  /** Time of the arrival quote. [ns since 1970-01-01 UTC] */
  quote_ts: string | null;
  /** Sequence number of the arrival quote. [sequence number] */
  quote_seq: number | null;
  /** Best bid; absent where that side had no quote. [USD] */
  bid: number | null;
  /** Best ask; absent where that side had no quote. [USD] */
  ask: number | null;
  /** Contracts at or above the ask, by its own quote. [contracts] */
  at_ask_size: number;
  /** Contracts at or below the bid, by its own quote. [contracts] */
  at_bid_size: number;
  /** Contracts inside the spread, by its own quote. [contracts] */
  inside_size: number;
  /** First member in options.prints, same partition. [sequence number] */
  first_print_seq: number;
  /** Last member in options.prints, same partition. [sequence number] */
  last_print_seq: number;
  /** Sequence numbers of members, at most 64, the rest counted. [JSON text] */
  members: string;
  /** What the z-scores compare with; none: they cannot be said. [one of a closed list] */
  baseline: Baseline;
  /** Packets in that baseline. [count] */
  baseline_count: number;
  /** Robust z of log premium; 0 where the baseline is none. [dimensionless] */
  premium_z: number;
  /** Robust z of log size; 0 where the baseline is none. [dimensionless] */
  size_z: number;
  /** Robust z of the relative spread; 0 where the baseline is none. [dimensionless] */
  spread_z: number;
}

/** One rule that held on one packet, with the inputs it saw. */
export interface FlowHitsRow {
  /** Dense number of the record in its topic partition, given by the flow. [sequence number] */
  seq: number;
  /** The event time at which the flow could first say this. [ns since 1970-01-01 UTC] */
  emit_ts: string;
  /** The underlying the record is keyed by. [text] */
  underlying: string;
  /** Hash of rule, rule version and packet. [hash in hexadecimal] */
  hit_id: string;
  /** Version of this claim; the highest one stands. [count] */
  version: number;
  /** Whether this version is final, a restatement or a retraction. [one of a closed list] */
  status: VersionStatus;
  /** The rule that made the claim. [one of a closed list] */
  rule_id: RuleId;
  /** Version of the rule. [count] */
  rule_version: number;
  /** The flow packet the claim is about. [hash in hexadecimal] */
  packet_id: string;
  /** Version of that packet. [count] */
  packet_version: number;
  /** The option series of the packet. [text] */
  contract: string;
  /** Strength of the claim, 0 to 1; an order of claims, no probability. [dimensionless] */
  score: number;
  /** Direction in price it is consistent with. [one of a closed list] */
  delta_direction: DeltaDirection;
  /** Volatility it is consistent with. [one of a closed list] */
  volatility_direction: VolatilityDirection;
  /** The claim in words, hedged. [text] */
  sentence: string;
  /** The columns the rule read and its thresholds. [JSON text] */
  inputs: string;
}

/** Versioned claims of one rule on one packet that passed the alert score. */
export interface FlowAlertsRow {
  /** Dense number of the record in its topic partition, given by the flow. [sequence number] */
  seq: number;
  /** The event time at which the flow could first say this. [ns since 1970-01-01 UTC] */
  emit_ts: string;
  /** The underlying the record is keyed by. [text] */
  underlying: string;
  /** Hash of rule and packet. [hash in hexadecimal] */
  alert_id: string;
  /** Version of this claim; the highest one stands. [count] */
  version: number;
  /** Whether this version is final, a restatement or a retraction. [one of a closed list] */
  status: VersionStatus;
  /** The rule that made the claim. [one of a closed list] */
  rule_id: RuleId;
  /** Version of the rule. [count] */
  rule_version: number;
  /** The flow packet the claim is about. [hash in hexadecimal] */
  packet_id: string;
  /** Version of that packet. [count] */
  packet_version: number;
  /** The option series of the packet. [text] */
  contract: string;
  /** Kind of the packet. [one of a closed list] */
  kind: PacketKind;
  /** Aggressor side of the packet. [one of a closed list] */
  side: Side;
  /** Contracts of the packet. [contracts] */
  size: number;
  /** Premium of the packet. [USD] */
  premium: number;
  /** Rarity of the score over sessions; unrated before five. [one of a closed list] */
  severity: Severity;
  /** Strength of the claim, 0 to 1; an order of claims, no probability. [dimensionless] */
  score: number;
  /** Direction in price it is consistent with. [one of a closed list] */
  delta_direction: DeltaDirection;
  /** Volatility it is consistent with. [one of a closed list] */
  volatility_direction: VolatilityDirection;
  /** The claim in words, hedged. [text] */
  sentence: string;
  /** Print range, arrival quote and inputs behind the claim. [JSON text] */
  evidence: string;
}

/** Each equity print beside the quote it traded against. */
export interface EquityJoinsRow {
  /** Dense number of the record in its topic partition, given by the flow. [sequence number] */
  seq: number;
  /** The event time at which the flow could first say this. [ns since 1970-01-01 UTC] */
  emit_ts: string;
  /** The underlying the record is keyed by. [text] */
  underlying: string;
  /** The print in equities.prints, same partition. [sequence number] */
  print_seq: number;
  /** Publication time of the print. [ns since 1970-01-01 UTC] */
  source_ts: string;
  /** Execution time of the print. [ns since 1970-01-01 UTC] */
  event_ts: string;
  /** Trade price. [USD] */
  price: number;
  /** Shares traded. [shares] */
  size: number;
  /** Price x size. [USD] */
  notional: number;
  /** Participant letter of the reporting venue. [text] */
  venue: string;
  /** Whether the trade was reported through a FINRA facility. [true or false] */
  off_exchange: boolean;
  /** Sale conditions exactly as the feed wrote them. [text] */
  conditions: string;
  /** The same conditions as bits of schemas.conditions. [bit set] */
  condition_bits: number;
  /** Whether its conditions let it count in volume. [true or false] */
  updates_volume: boolean;
  /** Whether its conditions let it set a high or low. [true or false] */
  updates_high_low: boolean;
  /** Whether its conditions let it set an open or last. [true or false] */
  updates_last: boolean;
  /** Taken as: ok, late at the log, reported late, a bar, or no trade. [one of a closed list] */
  status: PrintStatus;
  /** State of the quote standing strictly before the print. [one of a closed list] */
  quote_state: QuoteState;
  /** Price against that quote; none where no side or crossed. [one of a closed list] */
  placement: Placement;
  /** Whether it is the same over the window of doubt. [true or false] */
  is_placement_stable: boolean;
  /** How the quote was found: by time, from history, or not. [one of a closed list] */
  quote_source: QuoteSource;
  /** Publication time of that quote, where there was one. [ns since 1970-01-01 UTC] */
  quote_ts: string | null;
  /** Sequence number of that quote in its partition. [sequence number] */
  quote_seq: number | null;
  /** Best bid; absent where that side had no quote. [USD] */
  bid: number | null;
  /** Best ask; absent where that side had no quote. [USD] */
  ask: number | null;
  /** Size at the bid in the unit of the quote topic. [count] */
  bid_size: number | null;
  /** Size at the ask in the unit of the quote topic. [count] */
  ask_size: number | null;
  /** Time of the print minus time of the quote. [ns] */
  quote_age_ns: number | null;
}

/** Inferences from off-exchange prints, each with its evidence. */
export interface DarkEventsRow {
  /** Dense number of the record in its topic partition, given by the flow. [sequence number] */
  seq: number;
  /** The event time at which the flow could first say this. [ns since 1970-01-01 UTC] */
  emit_ts: string;
  /** The underlying the record is keyed by. [text] */
  underlying: string;
  /** Hash of the rule and the identity of the print. [hash in hexadecimal] */
  dark_id: string;
  /** Version of this claim; the highest one stands. [count] */
  version: number;
  /** Whether this version is final, a restatement or a retraction. [one of a closed list] */
  status: VersionStatus;
  /** The pattern. [one of a closed list] */
  kind: DarkKind;
  /** Version of the rule. [count] */
  rule_version: number;
  /** The print in equities.prints, same partition. [sequence number] */
  print_seq: number;
  /** Publication time of the print. [ns since 1970-01-01 UTC] */
  source_ts: string;
  /** Price of the print. [USD] */
  price: number;
  /** Size of the print. [shares] */
  size: number;
  /** Price x size. [USD] */
  notional: number;
  /** Placement of the print. [one of a closed list] */
  placement: Placement;
  /** Best bid; absent where that side had no quote. [USD] */
  bid: number | null;
  /** Best ask; absent where that side had no quote. [USD] */
  ask: number | null;
  /** Best bid when the waiting time ended. [USD] */
  settled_bid: number | null;
  /** Best ask when the waiting time ended. [USD] */
  settled_ask: number | null;
  /** The claim in words, hedged. [text] */
  sentence: string;
  /** Thresholds, quotes and the prints seen while waiting. [JSON text] */
  evidence: string;
}

/** Open, high, low, close and volume over fixed intervals, as versioned upserts. */
export interface EquityCandlesRow {
  /** Dense number of the record in its topic partition, given by the flow. [sequence number] */
  seq: number;
  /** The event time at which the flow could first say this. [ns since 1970-01-01 UTC] */
  emit_ts: string;
  /** The underlying the record is keyed by. [text] */
  underlying: string;
  /** Version of this claim; the highest one stands. [count] */
  version: number;
  /** Whether this version is final, a restatement or a retraction. [one of a closed list] */
  status: VersionStatus;
  /** Length of the interval. [s] */
  interval_s: number;
  /** Start of the interval, inclusive; aligned to the epoch. [ns since 1970-01-01 UTC] */
  start_ts: string;
  /** End of the interval, exclusive. [ns since 1970-01-01 UTC] */
  end_ts: string;
  /** First eligible price, where there was one. [USD] */
  open: number | null;
  /** Highest eligible price. [USD] */
  high: number | null;
  /** Lowest eligible price. [USD] */
  low: number | null;
  /** Last eligible price. [USD] */
  close: number | null;
  /** Shares of all trades, off-exchange ones included. [shares] */
  volume: number;
  /** Shares reported through a FINRA facility. [shares] */
  off_exchange_volume: number;
  /** Price x size of all trades, rounded per print, then summed. [USD] */
  notional: number;
  /** Trades in volume. [count] */
  trade_count: number;
}

/** What a shard of the market flow has done so far, per input topic. */
export interface FlowProgressRow {
  /** Dense number of the record in its topic partition, given by the flow. [sequence number] */
  seq: number;
  /** The event time at which the flow could first say this. [ns since 1970-01-01 UTC] */
  emit_ts: string;
  /** The underlying the record is keyed by. [text] */
  underlying: string;
  /** The raw topic counted. [text] */
  input: string;
  /** Data records applied in order. [count] */
  processed: number;
  /** Data records at or below the frontier at their log position. [count] */
  late: number;
  /** Records whose sequence number had been seen. [count] */
  duplicate: number;
  /** Records refused, with a row in deadletter. [count] */
  deadletter: number;
  /** Heartbeats, session, gap and end records. [count] */
  control: number;
  /** Whether the inputs of the shard have ended. [true or false] */
  is_final: boolean;
}

/** Everything that could not be taken, with where it stood and why. */
export interface DeadletterRow {
  /** Dense number of the record in its topic partition, given by the flow. [sequence number] */
  seq: number;
  /** The event time at which the flow could first say this. [ns since 1970-01-01 UTC] */
  emit_ts: string;
  /** The underlying the record is keyed by. [text] */
  underlying: string;
  /** Why the record was refused. [one of a closed list] */
  reason: DeadletterReason;
  /** The raw topic the record stood in or was meant for. [text] */
  source_topic: string;
  /** Its sequence number, if it could be read. [sequence number] */
  source_seq: number | null;
  /** The last good sequence number before it. [sequence number] */
  after_seq: number | null;
  /** How many refused records stand between that one and this one. [count] */
  ordinal: number;
  /** What was wrong, and where in the source it stood. [text] */
  detail: string;
  /** Bytes of the record. [count] */
  length: number;
  /** SHA-256 of the record, in hexadecimal. [text] */
  sha256: string;
  /** The first 4096 bytes, base64. [text] */
  head: string;
}

/** Row type of each topic. */
export interface RowOf {
  "reference": ReferenceRow;
  "options.prints": OptionPrintsRow;
  "options.nbbo": OptionNbboRow;
  "equities.prints": EquityPrintsRow;
  "equities.quotes": EquityQuotesRow;
  "options.placed": OptionPlacedRow;
  "flow.packets": FlowPacketsRow;
  "flow.hits": FlowHitsRow;
  "flow.alerts": FlowAlertsRow;
  "equities.joins": EquityJoinsRow;
  "dark.events": DarkEventsRow;
  "equities.candles": EquityCandlesRow;
  "flow.progress": FlowProgressRow;
  "deadletter": DeadletterRow;
}

export type TopicName = keyof RowOf;

export interface Column {
  readonly name: string;
  readonly type: string;
  readonly unit: string;
  readonly nullable: boolean;
  readonly doc: string;
}

export interface TopicInfo {
  readonly table: string;
  readonly doc: string;
  readonly timeField: "source_ts" | "emit_ts";
  readonly isRaw: boolean;
  readonly columns: readonly Column[];
}

export const TOPICS: { readonly [K in TopicName]: TopicInfo } = {
  "reference": {
    table: "reference",
    doc: "Sessions, configuration, capabilities, gaps and refusals; broadcast to every shard.",
    timeField: "source_ts",
    isRaw: true,
    columns: [
      { name: "kind", type: "Kind", unit: "one of a closed list", nullable: false, doc: "What the record is: data, or one of the control records of the log." },
      { name: "seq", type: "sequence", unit: "sequence number", nullable: false, doc: "Dense number of the record in its topic partition, given by the feed." },
      { name: "source_ts", type: "time", unit: "ns since 1970-01-01 UTC", nullable: false, doc: "When the record was published by its source; it drives event time." },
      { name: "event_ts", type: "time", unit: "ns since 1970-01-01 UTC", nullable: false, doc: "When it happened; it chooses the quote. source_ts where unknown." },
      { name: "underlying", type: "label", unit: "text", nullable: false, doc: "The underlying it is keyed by; empty on broadcast control records." },
      { name: "name", type: "ReferenceName", unit: "one of a closed list", nullable: false, doc: "Which reference record this is." },
      { name: "ingest_ts", type: "time", unit: "ns since 1970-01-01 UTC", nullable: true, doc: "Wall time at which a heartbeat was written." },
      { name: "detail", type: "json", unit: "JSON text", nullable: false, doc: "Session, inputs, capabilities, checkpoint or refused row." },
    ],
  },
  "options.prints": {
    table: "option_prints",
    doc: "Option trade reports as the feed gave them.",
    timeField: "source_ts",
    isRaw: true,
    columns: [
      { name: "kind", type: "Kind", unit: "one of a closed list", nullable: false, doc: "What the record is: data, or one of the control records of the log." },
      { name: "seq", type: "sequence", unit: "sequence number", nullable: false, doc: "Dense number of the record in its topic partition, given by the feed." },
      { name: "source_ts", type: "time", unit: "ns since 1970-01-01 UTC", nullable: false, doc: "When the record was published by its source; it drives event time." },
      { name: "event_ts", type: "time", unit: "ns since 1970-01-01 UTC", nullable: false, doc: "When it happened; it chooses the quote. source_ts where unknown." },
      { name: "underlying", type: "label", unit: "text", nullable: false, doc: "The underlying it is keyed by; empty on broadcast control records." },
      { name: "contract", type: "label", unit: "text", nullable: false, doc: "Series: root padded to 6, YYMMDD, C or P, strike in 8 digits." },
      { name: "price", type: "price", unit: "USD", nullable: false, doc: "Trade price per share; the close of a bar." },
      { name: "price_low", type: "price", unit: "USD", nullable: true, doc: "Lowest price of a bar; absent on a trade." },
      { name: "price_high", type: "price", unit: "USD", nullable: true, doc: "Highest price of a bar; absent on a trade." },
      { name: "size", type: "contracts", unit: "contracts", nullable: false, doc: "Contracts traded." },
      { name: "multiplier", type: "small", unit: "count", nullable: false, doc: "Shares a contract of this series stands for." },
      { name: "venue", type: "label", unit: "text", nullable: false, doc: "Letter of the executing exchange; empty where unknown." },
      { name: "condition", type: "label", unit: "text", nullable: false, doc: "Case-sensitive sale code; empty where the feed has none." },
      { name: "is_bar", type: "flag", unit: "true or false", nullable: false, doc: "Whether this record is the volume of a bar and not a trade." },
      { name: "has_event_ts", type: "flag", unit: "true or false", nullable: false, doc: "Whether event_ts is no copy." },
      { name: "trade_id", type: "text", unit: "text", nullable: false, doc: "The vendor's name of the trade; empty where it gives none." },
      { name: "vendor_seq", type: "sequence", unit: "sequence number", nullable: true, doc: "The vendor's own sequence number." },
      { name: "report", type: "PrintReport", unit: "one of a closed list", nullable: false, doc: "A trade, or the cancel or correction of one." },
      { name: "refers_to", type: "text", unit: "text", nullable: false, doc: "The trade_id that a cancel or correction is about." },
      { name: "aggressor", type: "Side", unit: "one of a closed list", nullable: false, doc: "Side of the aggressor where the feed states it." },
      { name: "is_time_doubtful", type: "flag", unit: "true or false", nullable: false, doc: "Whether the vendor doubts the times." },
      { name: "carried_bid", type: "price", unit: "USD", nullable: true, doc: "Bid that came with the print itself." },
      { name: "carried_ask", type: "price", unit: "USD", nullable: true, doc: "Ask that came with the print itself." },
      { name: "carried_bid_size", type: "count", unit: "count", nullable: true, doc: "Size at that bid, in the unit of size." },
      { name: "carried_ask_size", type: "count", unit: "count", nullable: true, doc: "Size at that ask, in the unit of size." },
    ],
  },
  "options.nbbo": {
    table: "option_nbbo",
    doc: "National best bid and offer of option series.",
    timeField: "source_ts",
    isRaw: true,
    columns: [
      { name: "kind", type: "Kind", unit: "one of a closed list", nullable: false, doc: "What the record is: data, or one of the control records of the log." },
      { name: "seq", type: "sequence", unit: "sequence number", nullable: false, doc: "Dense number of the record in its topic partition, given by the feed." },
      { name: "source_ts", type: "time", unit: "ns since 1970-01-01 UTC", nullable: false, doc: "When the record was published by its source; it drives event time." },
      { name: "event_ts", type: "time", unit: "ns since 1970-01-01 UTC", nullable: false, doc: "When it happened; it chooses the quote. source_ts where unknown." },
      { name: "underlying", type: "label", unit: "text", nullable: false, doc: "The underlying it is keyed by; empty on broadcast control records." },
      { name: "contract", type: "label", unit: "text", nullable: false, doc: "Series: root padded to 6, YYMMDD, C or P, strike in 8 digits." },
      { name: "bid", type: "price", unit: "USD", nullable: true, doc: "Best bid; absent where that side had no quote." },
      { name: "ask", type: "price", unit: "USD", nullable: true, doc: "Best ask; absent where that side had no quote." },
      { name: "bid_size", type: "contracts", unit: "contracts", nullable: false, doc: "Contracts at the bid." },
      { name: "ask_size", type: "contracts", unit: "contracts", nullable: false, doc: "Contracts at the ask." },
      { name: "bid_venue", type: "VenueLetter", unit: "one of a closed list", nullable: false, doc: "Venue at the bid where the feed names it." },
      { name: "ask_venue", type: "VenueLetter", unit: "one of a closed list", nullable: false, doc: "Venue at the ask where the feed names it." },
    ],
  },
  "equities.prints": {
    table: "equity_prints",
    doc: "Equity trade reports as the feed gave them, official prices included.",
    timeField: "source_ts",
    isRaw: true,
    columns: [
      { name: "kind", type: "Kind", unit: "one of a closed list", nullable: false, doc: "What the record is: data, or one of the control records of the log." },
      { name: "seq", type: "sequence", unit: "sequence number", nullable: false, doc: "Dense number of the record in its topic partition, given by the feed." },
      { name: "source_ts", type: "time", unit: "ns since 1970-01-01 UTC", nullable: false, doc: "When the record was published by its source; it drives event time." },
      { name: "event_ts", type: "time", unit: "ns since 1970-01-01 UTC", nullable: false, doc: "When it happened; it chooses the quote. source_ts where unknown." },
      { name: "underlying", type: "label", unit: "text", nullable: false, doc: "The underlying it is keyed by; empty on broadcast control records." },
      { name: "price", type: "price", unit: "USD", nullable: false, doc: "Trade price." },
      { name: "size", type: "shares", unit: "shares", nullable: false, doc: "Shares traded." },
      { name: "venue", type: "label", unit: "text", nullable: false, doc: "Letter of the reporting venue; D is the FINRA facilities." },
      { name: "off_exchange", type: "flag", unit: "true or false", nullable: false, doc: "Whether the trade was reported through a FINRA facility." },
      { name: "conditions", type: "label", unit: "text", nullable: false, doc: "Sale conditions exactly as the feed wrote them." },
      { name: "condition_bits", type: "bits", unit: "bit set", nullable: false, doc: "The same conditions as bits of schemas.conditions." },
      { name: "has_event_ts", type: "flag", unit: "true or false", nullable: false, doc: "Whether event_ts is a participant time, no copy." },
      { name: "is_hidden", type: "flag", unit: "true or false", nullable: false, doc: "Whether it met hidden interest." },
      { name: "trade_id", type: "text", unit: "text", nullable: false, doc: "The vendor's name of the trade; empty where it gives none." },
      { name: "vendor_seq", type: "sequence", unit: "sequence number", nullable: true, doc: "The vendor's own sequence number." },
      { name: "report", type: "PrintReport", unit: "one of a closed list", nullable: false, doc: "A trade, or the cancel or correction of one." },
      { name: "refers_to", type: "text", unit: "text", nullable: false, doc: "The trade_id that a cancel or correction is about." },
      { name: "aggressor", type: "Side", unit: "one of a closed list", nullable: false, doc: "Side of the aggressor where the feed states it." },
      { name: "is_time_doubtful", type: "flag", unit: "true or false", nullable: false, doc: "Whether the vendor doubts the times." },
      { name: "carried_bid", type: "price", unit: "USD", nullable: true, doc: "Bid that came with the print itself." },
      { name: "carried_ask", type: "price", unit: "USD", nullable: true, doc: "Ask that came with the print itself." },
      { name: "carried_bid_size", type: "count", unit: "count", nullable: true, doc: "Size at that bid, in the unit of size." },
      { name: "carried_ask_size", type: "count", unit: "count", nullable: true, doc: "Size at that ask, in the unit of size." },
    ],
  },
  "equities.quotes": {
    table: "equity_quotes",
    doc: "National best bid and offer of equities.",
    timeField: "source_ts",
    isRaw: true,
    columns: [
      { name: "kind", type: "Kind", unit: "one of a closed list", nullable: false, doc: "What the record is: data, or one of the control records of the log." },
      { name: "seq", type: "sequence", unit: "sequence number", nullable: false, doc: "Dense number of the record in its topic partition, given by the feed." },
      { name: "source_ts", type: "time", unit: "ns since 1970-01-01 UTC", nullable: false, doc: "When the record was published by its source; it drives event time." },
      { name: "event_ts", type: "time", unit: "ns since 1970-01-01 UTC", nullable: false, doc: "When it happened; it chooses the quote. source_ts where unknown." },
      { name: "underlying", type: "label", unit: "text", nullable: false, doc: "The underlying it is keyed by; empty on broadcast control records." },
      { name: "bid", type: "price", unit: "USD", nullable: true, doc: "Best bid; absent where that side had no quote." },
      { name: "ask", type: "price", unit: "USD", nullable: true, doc: "Best ask; absent where that side had no quote." },
      { name: "bid_size", type: "shares", unit: "shares", nullable: false, doc: "Shares at the bid." },
      { name: "ask_size", type: "shares", unit: "shares", nullable: false, doc: "Shares at the ask." },
      { name: "bid_venue", type: "VenueLetter", unit: "one of a closed list", nullable: false, doc: "Venue at the bid where the feed names it." },
      { name: "ask_venue", type: "VenueLetter", unit: "one of a closed list", nullable: false, doc: "Venue at the ask where the feed names it." },
    ],
  },
  "options.placed": {
    table: "option_placed",
    doc: "Each option print beside the quote it traded against.",
    timeField: "emit_ts",
    isRaw: false,
    columns: [
      { name: "seq", type: "sequence", unit: "sequence number", nullable: false, doc: "Dense number of the record in its topic partition, given by the flow." },
      { name: "emit_ts", type: "time", unit: "ns since 1970-01-01 UTC", nullable: false, doc: "The event time at which the flow could first say this." },
      { name: "underlying", type: "label", unit: "text", nullable: false, doc: "The underlying the record is keyed by." },
      { name: "print_seq", type: "sequence", unit: "sequence number", nullable: false, doc: "The print in options.prints, same partition." },
      { name: "source_ts", type: "time", unit: "ns since 1970-01-01 UTC", nullable: false, doc: "Publication time of the print." },
      { name: "event_ts", type: "time", unit: "ns since 1970-01-01 UTC", nullable: false, doc: "Execution time of the print." },
      { name: "contract", type: "label", unit: "text", nullable: false, doc: "Series: root padded to 6, YYMMDD, C or P, strike in 8 digits." },
      { name: "expiry", type: "date", unit: "YYYYMMDD", nullable: false, doc: "Expiry date of the series." },
      { name: "strike", type: "price", unit: "USD", nullable: false, doc: "Strike price of the series." },
      { name: "right", type: "Right", unit: "one of a closed list", nullable: false, doc: "Call or put." },
      { name: "price", type: "price", unit: "USD", nullable: false, doc: "Trade price per share; the close of a bar." },
      { name: "size", type: "contracts", unit: "contracts", nullable: false, doc: "Contracts traded." },
      { name: "premium", type: "money", unit: "USD", nullable: false, doc: "Price x size x multiplier, unsigned; of a bar, at its close." },
      { name: "premium_low", type: "money", unit: "USD", nullable: true, doc: "Least premium of a bar; absent on a trade." },
      { name: "premium_high", type: "money", unit: "USD", nullable: true, doc: "Most premium of a bar; absent on a trade." },
      { name: "venue", type: "label", unit: "text", nullable: false, doc: "Letter of the executing exchange; empty where unknown." },
      { name: "condition", type: "label", unit: "text", nullable: false, doc: "Case-sensitive sale code; empty where the feed has none." },
      { name: "code_family", type: "CodeFamily", unit: "one of a closed list", nullable: false, doc: "What the sale code says of how the trade was made." },
      { name: "status", type: "PrintStatus", unit: "one of a closed list", nullable: false, doc: "Taken as: ok, late at the log, reported late, a bar, or no trade." },
      { name: "quote_state", type: "QuoteState", unit: "one of a closed list", nullable: false, doc: "State of the quote standing strictly before the print." },
      { name: "placement", type: "Placement", unit: "one of a closed list", nullable: false, doc: "Price against that quote; none where no side or crossed." },
      { name: "is_placement_stable", type: "flag", unit: "true or false", nullable: false, doc: "Whether it is the same over the window of doubt." },
      { name: "quote_source", type: "QuoteSource", unit: "one of a closed list", nullable: false, doc: "How the quote was found: by time, from history, or not." },
      { name: "quote_ts", type: "time", unit: "ns since 1970-01-01 UTC", nullable: true, doc: "Publication time of that quote, where there was one." },
      { name: "quote_seq", type: "sequence", unit: "sequence number", nullable: true, doc: "Sequence number of that quote in its partition." },
      { name: "bid", type: "price", unit: "USD", nullable: true, doc: "Best bid; absent where that side had no quote." },
      { name: "ask", type: "price", unit: "USD", nullable: true, doc: "Best ask; absent where that side had no quote." },
      { name: "bid_size", type: "count", unit: "count", nullable: true, doc: "Size at the bid in the unit of the quote topic." },
      { name: "ask_size", type: "count", unit: "count", nullable: true, doc: "Size at the ask in the unit of the quote topic." },
      { name: "quote_age_ns", type: "duration", unit: "ns", nullable: true, doc: "Time of the print minus time of the quote." },
      { name: "side", type: "Side", unit: "one of a closed list", nullable: false, doc: "Aggressor by the quote rule where that is stable; uncalibrated." },
    ],
  },
  "flow.packets": {
    table: "flow_packets",
    doc: "Parents: option prints of one series and side that belong together.",
    timeField: "emit_ts",
    isRaw: false,
    columns: [
      { name: "seq", type: "sequence", unit: "sequence number", nullable: false, doc: "Dense number of the record in its topic partition, given by the flow." },
      { name: "emit_ts", type: "time", unit: "ns since 1970-01-01 UTC", nullable: false, doc: "The event time at which the flow could first say this." },
      { name: "underlying", type: "label", unit: "text", nullable: false, doc: "The underlying the record is keyed by." },
      { name: "packet_id", type: "id", unit: "hash in hexadecimal", nullable: false, doc: "Hash of the identity of the member prints." },
      { name: "version", type: "small", unit: "count", nullable: false, doc: "Version of this claim; the highest one stands." },
      { name: "status", type: "VersionStatus", unit: "one of a closed list", nullable: false, doc: "Whether this version is final, a restatement or a retraction." },
      { name: "kind", type: "PacketKind", unit: "one of a closed list", nullable: false, doc: "Sweep, split, block, single-venue ISO or single." },
      { name: "contract", type: "label", unit: "text", nullable: false, doc: "Series: root padded to 6, YYMMDD, C or P, strike in 8 digits." },
      { name: "expiry", type: "date", unit: "YYYYMMDD", nullable: false, doc: "Expiry date of the series." },
      { name: "strike", type: "price", unit: "USD", nullable: false, doc: "Strike price of the series." },
      { name: "right", type: "Right", unit: "one of a closed list", nullable: false, doc: "Call or put." },
      { name: "side", type: "Side", unit: "one of a closed list", nullable: false, doc: "Aggressor against the arrival quote; none where it cannot be said." },
      { name: "start_ts", type: "time", unit: "ns since 1970-01-01 UTC", nullable: false, doc: "Time of the first member." },
      { name: "end_ts", type: "time", unit: "ns since 1970-01-01 UTC", nullable: false, doc: "Time of the last member." },
      { name: "print_count", type: "count", unit: "count", nullable: false, doc: "Member prints." },
      { name: "taker_event_count", type: "count", unit: "count", nullable: false, doc: "Taker events: one order prints once per contra." },
      { name: "size", type: "contracts", unit: "contracts", nullable: false, doc: "Contracts of all members." },
      { name: "premium", type: "money", unit: "USD", nullable: false, doc: "Premium of all members, rounded per print and then summed." },
      { name: "average_price", type: "price", unit: "USD", nullable: false, doc: "Size-weighted average price, rounded down." },
      { name: "venue_count", type: "small", unit: "count", nullable: false, doc: "Distinct venues." },
      { name: "venues", type: "label", unit: "text", nullable: false, doc: "Letters of the venues, sorted." },
      { name: "iso_size", type: "contracts", unit: "contracts", nullable: false, doc: "Contracts printed with an intermarket sweep code." },
      { name: "code_family", type: "CodeFamily", unit: "one of a closed list", nullable: false, doc: "Sale code family shared by the members." },
      { name: "quote_state", type: "QuoteState", unit: "one of a closed list", nullable: false, doc: "State of the arrival quote." },
      { name: "placement", type: "Placement", unit: "one of a closed list", nullable: false, doc: "Placement of the first member against the arrival quote." },
      { name: "quote_ts", type: "time", unit: "ns since 1970-01-01 UTC", nullable: true, doc: "Time of the arrival quote." },
      { name: "quote_seq", type: "sequence", unit: "sequence number", nullable: true, doc: "Sequence number of the arrival quote." },
      { name: "bid", type: "price", unit: "USD", nullable: true, doc: "Best bid; absent where that side had no quote." },
      { name: "ask", type: "price", unit: "USD", nullable: true, doc: "Best ask; absent where that side had no quote." },
      { name: "at_ask_size", type: "contracts", unit: "contracts", nullable: false, doc: "Contracts at or above the ask, by its own quote." },
      { name: "at_bid_size", type: "contracts", unit: "contracts", nullable: false, doc: "Contracts at or below the bid, by its own quote." },
      { name: "inside_size", type: "contracts", unit: "contracts", nullable: false, doc: "Contracts inside the spread, by its own quote." },
      { name: "first_print_seq", type: "sequence", unit: "sequence number", nullable: false, doc: "First member in options.prints, same partition." },
      { name: "last_print_seq", type: "sequence", unit: "sequence number", nullable: false, doc: "Last member in options.prints, same partition." },
      { name: "members", type: "json", unit: "JSON text", nullable: false, doc: "Sequence numbers of members, at most 64, the rest counted." },
      { name: "baseline", type: "Baseline", unit: "one of a closed list", nullable: false, doc: "What the z-scores compare with; none: they cannot be said." },
      { name: "baseline_count", type: "count", unit: "count", nullable: false, doc: "Packets in that baseline." },
      { name: "premium_z", type: "ratio", unit: "dimensionless", nullable: false, doc: "Robust z of log premium; 0 where the baseline is none." },
      { name: "size_z", type: "ratio", unit: "dimensionless", nullable: false, doc: "Robust z of log size; 0 where the baseline is none." },
      { name: "spread_z", type: "ratio", unit: "dimensionless", nullable: false, doc: "Robust z of the relative spread; 0 where the baseline is none." },
    ],
  },
  "flow.hits": {
    table: "flow_hits",
    doc: "One rule that held on one packet, with the inputs it saw.",
    timeField: "emit_ts",
    isRaw: false,
    columns: [
      { name: "seq", type: "sequence", unit: "sequence number", nullable: false, doc: "Dense number of the record in its topic partition, given by the flow." },
      { name: "emit_ts", type: "time", unit: "ns since 1970-01-01 UTC", nullable: false, doc: "The event time at which the flow could first say this." },
      { name: "underlying", type: "label", unit: "text", nullable: false, doc: "The underlying the record is keyed by." },
      { name: "hit_id", type: "id", unit: "hash in hexadecimal", nullable: false, doc: "Hash of rule, rule version and packet." },
      { name: "version", type: "small", unit: "count", nullable: false, doc: "Version of this claim; the highest one stands." },
      { name: "status", type: "VersionStatus", unit: "one of a closed list", nullable: false, doc: "Whether this version is final, a restatement or a retraction." },
      { name: "rule_id", type: "RuleId", unit: "one of a closed list", nullable: false, doc: "The rule that made the claim." },
      { name: "rule_version", type: "small", unit: "count", nullable: false, doc: "Version of the rule." },
      { name: "packet_id", type: "id", unit: "hash in hexadecimal", nullable: false, doc: "The flow packet the claim is about." },
      { name: "packet_version", type: "small", unit: "count", nullable: false, doc: "Version of that packet." },
      { name: "contract", type: "label", unit: "text", nullable: false, doc: "The option series of the packet." },
      { name: "score", type: "ratio", unit: "dimensionless", nullable: false, doc: "Strength of the claim, 0 to 1; an order of claims, no probability." },
      { name: "delta_direction", type: "DeltaDirection", unit: "one of a closed list", nullable: false, doc: "Direction in price it is consistent with." },
      { name: "volatility_direction", type: "VolatilityDirection", unit: "one of a closed list", nullable: false, doc: "Volatility it is consistent with." },
      { name: "sentence", type: "text", unit: "text", nullable: false, doc: "The claim in words, hedged." },
      { name: "inputs", type: "json", unit: "JSON text", nullable: false, doc: "The columns the rule read and its thresholds." },
    ],
  },
  "flow.alerts": {
    table: "flow_alerts",
    doc: "Versioned claims of one rule on one packet that passed the alert score.",
    timeField: "emit_ts",
    isRaw: false,
    columns: [
      { name: "seq", type: "sequence", unit: "sequence number", nullable: false, doc: "Dense number of the record in its topic partition, given by the flow." },
      { name: "emit_ts", type: "time", unit: "ns since 1970-01-01 UTC", nullable: false, doc: "The event time at which the flow could first say this." },
      { name: "underlying", type: "label", unit: "text", nullable: false, doc: "The underlying the record is keyed by." },
      { name: "alert_id", type: "id", unit: "hash in hexadecimal", nullable: false, doc: "Hash of rule and packet." },
      { name: "version", type: "small", unit: "count", nullable: false, doc: "Version of this claim; the highest one stands." },
      { name: "status", type: "VersionStatus", unit: "one of a closed list", nullable: false, doc: "Whether this version is final, a restatement or a retraction." },
      { name: "rule_id", type: "RuleId", unit: "one of a closed list", nullable: false, doc: "The rule that made the claim." },
      { name: "rule_version", type: "small", unit: "count", nullable: false, doc: "Version of the rule." },
      { name: "packet_id", type: "id", unit: "hash in hexadecimal", nullable: false, doc: "The flow packet the claim is about." },
      { name: "packet_version", type: "small", unit: "count", nullable: false, doc: "Version of that packet." },
      { name: "contract", type: "label", unit: "text", nullable: false, doc: "The option series of the packet." },
      { name: "kind", type: "PacketKind", unit: "one of a closed list", nullable: false, doc: "Kind of the packet." },
      { name: "side", type: "Side", unit: "one of a closed list", nullable: false, doc: "Aggressor side of the packet." },
      { name: "size", type: "contracts", unit: "contracts", nullable: false, doc: "Contracts of the packet." },
      { name: "premium", type: "money", unit: "USD", nullable: false, doc: "Premium of the packet." },
      { name: "severity", type: "Severity", unit: "one of a closed list", nullable: false, doc: "Rarity of the score over sessions; unrated before five." },
      { name: "score", type: "ratio", unit: "dimensionless", nullable: false, doc: "Strength of the claim, 0 to 1; an order of claims, no probability." },
      { name: "delta_direction", type: "DeltaDirection", unit: "one of a closed list", nullable: false, doc: "Direction in price it is consistent with." },
      { name: "volatility_direction", type: "VolatilityDirection", unit: "one of a closed list", nullable: false, doc: "Volatility it is consistent with." },
      { name: "sentence", type: "text", unit: "text", nullable: false, doc: "The claim in words, hedged." },
      { name: "evidence", type: "json", unit: "JSON text", nullable: false, doc: "Print range, arrival quote and inputs behind the claim." },
    ],
  },
  "equities.joins": {
    table: "equity_joins",
    doc: "Each equity print beside the quote it traded against.",
    timeField: "emit_ts",
    isRaw: false,
    columns: [
      { name: "seq", type: "sequence", unit: "sequence number", nullable: false, doc: "Dense number of the record in its topic partition, given by the flow." },
      { name: "emit_ts", type: "time", unit: "ns since 1970-01-01 UTC", nullable: false, doc: "The event time at which the flow could first say this." },
      { name: "underlying", type: "label", unit: "text", nullable: false, doc: "The underlying the record is keyed by." },
      { name: "print_seq", type: "sequence", unit: "sequence number", nullable: false, doc: "The print in equities.prints, same partition." },
      { name: "source_ts", type: "time", unit: "ns since 1970-01-01 UTC", nullable: false, doc: "Publication time of the print." },
      { name: "event_ts", type: "time", unit: "ns since 1970-01-01 UTC", nullable: false, doc: "Execution time of the print." },
      { name: "price", type: "price", unit: "USD", nullable: false, doc: "Trade price." },
      { name: "size", type: "shares", unit: "shares", nullable: false, doc: "Shares traded." },
      { name: "notional", type: "money", unit: "USD", nullable: false, doc: "Price x size." },
      { name: "venue", type: "label", unit: "text", nullable: false, doc: "Participant letter of the reporting venue." },
      { name: "off_exchange", type: "flag", unit: "true or false", nullable: false, doc: "Whether the trade was reported through a FINRA facility." },
      { name: "conditions", type: "label", unit: "text", nullable: false, doc: "Sale conditions exactly as the feed wrote them." },
      { name: "condition_bits", type: "bits", unit: "bit set", nullable: false, doc: "The same conditions as bits of schemas.conditions." },
      { name: "updates_volume", type: "flag", unit: "true or false", nullable: false, doc: "Whether its conditions let it count in volume." },
      { name: "updates_high_low", type: "flag", unit: "true or false", nullable: false, doc: "Whether its conditions let it set a high or low." },
      { name: "updates_last", type: "flag", unit: "true or false", nullable: false, doc: "Whether its conditions let it set an open or last." },
      { name: "status", type: "PrintStatus", unit: "one of a closed list", nullable: false, doc: "Taken as: ok, late at the log, reported late, a bar, or no trade." },
      { name: "quote_state", type: "QuoteState", unit: "one of a closed list", nullable: false, doc: "State of the quote standing strictly before the print." },
      { name: "placement", type: "Placement", unit: "one of a closed list", nullable: false, doc: "Price against that quote; none where no side or crossed." },
      { name: "is_placement_stable", type: "flag", unit: "true or false", nullable: false, doc: "Whether it is the same over the window of doubt." },
      { name: "quote_source", type: "QuoteSource", unit: "one of a closed list", nullable: false, doc: "How the quote was found: by time, from history, or not." },
      { name: "quote_ts", type: "time", unit: "ns since 1970-01-01 UTC", nullable: true, doc: "Publication time of that quote, where there was one." },
      { name: "quote_seq", type: "sequence", unit: "sequence number", nullable: true, doc: "Sequence number of that quote in its partition." },
      { name: "bid", type: "price", unit: "USD", nullable: true, doc: "Best bid; absent where that side had no quote." },
      { name: "ask", type: "price", unit: "USD", nullable: true, doc: "Best ask; absent where that side had no quote." },
      { name: "bid_size", type: "count", unit: "count", nullable: true, doc: "Size at the bid in the unit of the quote topic." },
      { name: "ask_size", type: "count", unit: "count", nullable: true, doc: "Size at the ask in the unit of the quote topic." },
      { name: "quote_age_ns", type: "duration", unit: "ns", nullable: true, doc: "Time of the print minus time of the quote." },
    ],
  },
  "dark.events": {
    table: "dark_events",
    doc: "Inferences from off-exchange prints, each with its evidence.",
    timeField: "emit_ts",
    isRaw: false,
    columns: [
      { name: "seq", type: "sequence", unit: "sequence number", nullable: false, doc: "Dense number of the record in its topic partition, given by the flow." },
      { name: "emit_ts", type: "time", unit: "ns since 1970-01-01 UTC", nullable: false, doc: "The event time at which the flow could first say this." },
      { name: "underlying", type: "label", unit: "text", nullable: false, doc: "The underlying the record is keyed by." },
      { name: "dark_id", type: "id", unit: "hash in hexadecimal", nullable: false, doc: "Hash of the rule and the identity of the print." },
      { name: "version", type: "small", unit: "count", nullable: false, doc: "Version of this claim; the highest one stands." },
      { name: "status", type: "VersionStatus", unit: "one of a closed list", nullable: false, doc: "Whether this version is final, a restatement or a retraction." },
      { name: "kind", type: "DarkKind", unit: "one of a closed list", nullable: false, doc: "The pattern." },
      { name: "rule_version", type: "small", unit: "count", nullable: false, doc: "Version of the rule." },
      { name: "print_seq", type: "sequence", unit: "sequence number", nullable: false, doc: "The print in equities.prints, same partition." },
      { name: "source_ts", type: "time", unit: "ns since 1970-01-01 UTC", nullable: false, doc: "Publication time of the print." },
      { name: "price", type: "price", unit: "USD", nullable: false, doc: "Price of the print." },
      { name: "size", type: "shares", unit: "shares", nullable: false, doc: "Size of the print." },
      { name: "notional", type: "money", unit: "USD", nullable: false, doc: "Price x size." },
      { name: "placement", type: "Placement", unit: "one of a closed list", nullable: false, doc: "Placement of the print." },
      { name: "bid", type: "price", unit: "USD", nullable: true, doc: "Best bid; absent where that side had no quote." },
      { name: "ask", type: "price", unit: "USD", nullable: true, doc: "Best ask; absent where that side had no quote." },
      { name: "settled_bid", type: "price", unit: "USD", nullable: true, doc: "Best bid when the waiting time ended." },
      { name: "settled_ask", type: "price", unit: "USD", nullable: true, doc: "Best ask when the waiting time ended." },
      { name: "sentence", type: "text", unit: "text", nullable: false, doc: "The claim in words, hedged." },
      { name: "evidence", type: "json", unit: "JSON text", nullable: false, doc: "Thresholds, quotes and the prints seen while waiting." },
    ],
  },
  "equities.candles": {
    table: "equity_candles",
    doc: "Open, high, low, close and volume over fixed intervals, as versioned upserts.",
    timeField: "emit_ts",
    isRaw: false,
    columns: [
      { name: "seq", type: "sequence", unit: "sequence number", nullable: false, doc: "Dense number of the record in its topic partition, given by the flow." },
      { name: "emit_ts", type: "time", unit: "ns since 1970-01-01 UTC", nullable: false, doc: "The event time at which the flow could first say this." },
      { name: "underlying", type: "label", unit: "text", nullable: false, doc: "The underlying the record is keyed by." },
      { name: "version", type: "small", unit: "count", nullable: false, doc: "Version of this claim; the highest one stands." },
      { name: "status", type: "VersionStatus", unit: "one of a closed list", nullable: false, doc: "Whether this version is final, a restatement or a retraction." },
      { name: "interval_s", type: "seconds", unit: "s", nullable: false, doc: "Length of the interval." },
      { name: "start_ts", type: "time", unit: "ns since 1970-01-01 UTC", nullable: false, doc: "Start of the interval, inclusive; aligned to the epoch." },
      { name: "end_ts", type: "time", unit: "ns since 1970-01-01 UTC", nullable: false, doc: "End of the interval, exclusive." },
      { name: "open", type: "price", unit: "USD", nullable: true, doc: "First eligible price, where there was one." },
      { name: "high", type: "price", unit: "USD", nullable: true, doc: "Highest eligible price." },
      { name: "low", type: "price", unit: "USD", nullable: true, doc: "Lowest eligible price." },
      { name: "close", type: "price", unit: "USD", nullable: true, doc: "Last eligible price." },
      { name: "volume", type: "shares", unit: "shares", nullable: false, doc: "Shares of all trades, off-exchange ones included." },
      { name: "off_exchange_volume", type: "shares", unit: "shares", nullable: false, doc: "Shares reported through a FINRA facility." },
      { name: "notional", type: "money", unit: "USD", nullable: false, doc: "Price x size of all trades, rounded per print, then summed." },
      { name: "trade_count", type: "count", unit: "count", nullable: false, doc: "Trades in volume." },
    ],
  },
  "flow.progress": {
    table: "flow_progress",
    doc: "What a shard of the market flow has done so far, per input topic.",
    timeField: "emit_ts",
    isRaw: false,
    columns: [
      { name: "seq", type: "sequence", unit: "sequence number", nullable: false, doc: "Dense number of the record in its topic partition, given by the flow." },
      { name: "emit_ts", type: "time", unit: "ns since 1970-01-01 UTC", nullable: false, doc: "The event time at which the flow could first say this." },
      { name: "underlying", type: "label", unit: "text", nullable: false, doc: "The underlying the record is keyed by." },
      { name: "input", type: "label", unit: "text", nullable: false, doc: "The raw topic counted." },
      { name: "processed", type: "count", unit: "count", nullable: false, doc: "Data records applied in order." },
      { name: "late", type: "count", unit: "count", nullable: false, doc: "Data records at or below the frontier at their log position." },
      { name: "duplicate", type: "count", unit: "count", nullable: false, doc: "Records whose sequence number had been seen." },
      { name: "deadletter", type: "count", unit: "count", nullable: false, doc: "Records refused, with a row in deadletter." },
      { name: "control", type: "count", unit: "count", nullable: false, doc: "Heartbeats, session, gap and end records." },
      { name: "is_final", type: "flag", unit: "true or false", nullable: false, doc: "Whether the inputs of the shard have ended." },
    ],
  },
  "deadletter": {
    table: "deadletter",
    doc: "Everything that could not be taken, with where it stood and why.",
    timeField: "emit_ts",
    isRaw: false,
    columns: [
      { name: "seq", type: "sequence", unit: "sequence number", nullable: false, doc: "Dense number of the record in its topic partition, given by the flow." },
      { name: "emit_ts", type: "time", unit: "ns since 1970-01-01 UTC", nullable: false, doc: "The event time at which the flow could first say this." },
      { name: "underlying", type: "label", unit: "text", nullable: false, doc: "The underlying the record is keyed by." },
      { name: "reason", type: "DeadletterReason", unit: "one of a closed list", nullable: false, doc: "Why the record was refused." },
      { name: "source_topic", type: "label", unit: "text", nullable: false, doc: "The raw topic the record stood in or was meant for." },
      { name: "source_seq", type: "sequence", unit: "sequence number", nullable: true, doc: "Its sequence number, if it could be read." },
      { name: "after_seq", type: "sequence", unit: "sequence number", nullable: true, doc: "The last good sequence number before it." },
      { name: "ordinal", type: "count", unit: "count", nullable: false, doc: "How many refused records stand between that one and this one." },
      { name: "detail", type: "text", unit: "text", nullable: false, doc: "What was wrong, and where in the source it stood." },
      { name: "length", type: "count", unit: "count", nullable: false, doc: "Bytes of the record." },
      { name: "sha256", type: "text", unit: "text", nullable: false, doc: "SHA-256 of the record, in hexadecimal." },
      { name: "head", type: "text", unit: "text", nullable: false, doc: "The first 4096 bytes, base64." },
    ],
  },
};
