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

export const PACKET_KIND = ["single", "sweep", "split", "block", "iso_single", "repeat", "auction", "cross", "floor", "package", "leg"] as const;
export type PacketKind = (typeof PACKET_KIND)[number];

export const BASELINE = ["none", "contract", "underlying_time", "moneyness_expiry", "blend"] as const;
export type Baseline = (typeof BASELINE)[number];

export const PACKAGE_CLASS = ["none", "unnamed", "vertical", "ratio", "butterfly", "broken_wing", "condor", "iron_fly", "iron_condor", "straddle", "strangle", "risk_reversal", "collar", "synthetic", "three_way", "calendar", "diagonal", "roll", "box", "conversion", "jelly_roll", "ladder", "stock_tied"] as const;
export type PackageClass = (typeof PACKAGE_CLASS)[number];

export const DIRECTION = ["unknown", "bullish", "bearish", "neutral"] as const;
export type Direction = (typeof DIRECTION)[number];

export const SIDE_METHOD = ["none", "quote", "combined", "parent", "gsu_large"] as const;
export type SideMethod = (typeof SIDE_METHOD)[number];

export const SIDE_LABEL = ["none", "uncalibrated", "synthetic", "published", "own_truth"] as const;
export type SideLabel = (typeof SIDE_LABEL)[number];

export const ABSTENTION = ["none", "no_quote", "quote_state", "unstable", "code", "package_leg", "late", "time_doubtful", "no_trade", "below_floor"] as const;
export type Abstention = (typeof ABSTENTION)[number];

export const OPENING_BASIS = ["no_open_interest", "proven", "incomplete_volume", "late", "adjusted", "no_trade"] as const;
export type OpeningBasis = (typeof OPENING_BASIS)[number];

export const OPEN_METHOD = ["none", "proven", "table"] as const;
export type OpenMethod = (typeof OPEN_METHOD)[number];

export const CANCEL_MATCH = ["none", "by_id", "by_terms", "orphan_unknown", "orphan_again", "orphan_beyond_horizon"] as const;
export type CancelMatch = (typeof CANCEL_MATCH)[number];

export const RESTATEMENT = ["none", "cancel", "correction", "late", "follow_up", "expiry", "superseded", "joined", "escalated"] as const;
export type Restatement = (typeof RESTATEMENT)[number];

export const EXPIRY_BUCKET = ["unknown", "same_day", "week", "month", "quarter", "later"] as const;
export type ExpiryBucket = (typeof EXPIRY_BUCKET)[number];

export const ALERT_STATUS = ["opened", "updated", "retracted", "expired"] as const;
export type AlertStatus = (typeof ALERT_STATUS)[number];

export const VOLATILITY_DIRECTION = ["unknown", "long", "short", "none"] as const;
export type VolatilityDirection = (typeof VOLATILITY_DIRECTION)[number];

export const VERSION_STATUS = ["final", "restated", "retracted"] as const;
export type VersionStatus = (typeof VERSION_STATUS)[number];

export const SEVERITY = ["unrated", "low", "medium", "high"] as const;
export type Severity = (typeof SEVERITY)[number];

export const RULE_ID = ["call_sweep", "put_sweep", "contract_spike", "call_sell", "put_sell", "new_position", "closing_position", "zero_dte_punch", "far_dated", "straddle_strangle", "vertical_spread", "roll", "strike_ladder", "no_follow_through"] as const;
export type RuleId = (typeof RULE_ID)[number];

export const DARK_KIND = ["absorbed_block"] as const;
export type DarkKind = (typeof DARK_KIND)[number];

export const REFERENCE_NAME = ["control", "reject", "capabilities", "definition", "open_interest", "statistic", "status", "corporate_action", "short_volume", "universe", "baseline", "story_rates", "configuration"] as const;
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
  /** Chance that a buyer took; absent: abstains. [dimensionless] */
  p_aggressor_buy: number | null;
  /** Chance that the customer bought; absent: abstains. [dimensionless] */
  p_customer_buy: number | null;
  /** Method of p_aggressor_buy. [one of a closed list] */
  aggressor_method: SideMethod;
  /** Method of p_customer_buy. [one of a closed list] */
  customer_method: SideMethod;
  /** What those chances were checked on. [one of a closed list] */
  side_label: SideLabel;
  /** Why no side is claimed. [one of a closed list] */
  abstention: Abstention;
  /** Venue at the bid, if named. [one of a closed list] */
  bid_venue: VenueLetter;
  /** Venue at the ask, if named. [one of a closed list] */
  ask_venue: VenueLetter;
  /** Contracts open before the session. [count] */
  open_interest: number | null;
  /** Contracts of the series before it. [count] */
  volume_before: number;
  /** Opened by buyers at least. [contracts] */
  opened_min_buy: number;
  /** Opened by sellers at least. [contracts] */
  opened_min_sell: number;
  /** Whether that is proven, or what lacks. [one of a closed list] */
  opening_basis: OpeningBasis;
  /** Bounds said before that it weakens: [print, what stands]. [JSON text] */
  weakens: string;
  /** The print this one takes back. [sequence number] */
  cancels_seq: number | null;
  /** How it was found, or why not. [one of a closed list] */
  cancel_match: CancelMatch;
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
  /** What made this version: none for the first. [one of a closed list] */
  reason: Restatement;
  /** Price of the first member. [USD] */
  first_price: number | null;
  /** Price of the last member. [USD] */
  last_price: number | null;
  /** Lowest price of the members. [USD] */
  low_price: number | null;
  /** Highest price of the members. [USD] */
  high_price: number | null;
  /** Premium at or above the ask, by each member's own quote. [USD] */
  at_ask_premium: number;
  /** Premium at or below the bid, by each member's own quote. [USD] */
  at_bid_premium: number;
  /** Premium inside the spread, by each member's own quote. [USD] */
  inside_premium: number;
  /** Contracts with an electronic code. [contracts] */
  electronic_size: number;
  /** Contracts with an auction code. [contracts] */
  auction_size: number;
  /** Contracts with a cross code. [contracts] */
  cross_size: number;
  /** Contracts with a floor code. [contracts] */
  floor_size: number;
  /** Contracts with a multi-leg or stock-option code. [contracts] */
  leg_size: number;
  /** Contracts displayed at the touch taken, on arrival. [count] */
  displayed_size: number | null;
  /** Distance from the touch over the half-spread. [dimensionless] */
  touch_distance: number | null;
  /** Chance that a buyer took; absent: abstains. [dimensionless] */
  p_aggressor_buy: number | null;
  /** Chance that the customer bought; absent: abstains. [dimensionless] */
  p_customer_buy: number | null;
  /** Method of p_aggressor_buy. [one of a closed list] */
  aggressor_method: SideMethod;
  /** Method of p_customer_buy. [one of a closed list] */
  customer_method: SideMethod;
  /** What those chances were checked on. [one of a closed list] */
  side_label: SideLabel;
  /** Direction in price it is consistent with. [one of a closed list] */
  direction: Direction;
  /** Volatility it suits. [one of a closed list] */
  volatility_direction: VolatilityDirection;
  /** Taker events of this series and side of similar size, 30 min. [count] */
  repeat_count: number;
  /** Contracts of those. [contracts] */
  repeat_size: number;
  /** Time of the first of those. [ns since 1970-01-01 UTC] */
  repeat_start_ts: string | null;
  /** Strikes bought or sold alike within a minute, own included. [count] */
  ladder_strikes: number;
  /** Premium of those. [USD] */
  ladder_premium: number;
  /** First print of its burst: series and side alike, gaps to 500 ms. [sequence number] */
  burst_first_seq: number | null;
  /** Of each baseline behind the z-scores: weight and packets. [JSON text] */
  baseline_weights: string;
  /** Contracts open before the session. [count] */
  open_interest: number | null;
  /** Contracts of the series before it in the session. [count] */
  volume_before: number;
  /** Opened at least, on each side, where provable. [contracts] */
  opened_min: number;
  /** Whether that is proven, or what lacks. [one of a closed list] */
  opening_basis: OpeningBasis;
  /** Chance that a contract of it opened for its side; absent: abstains. [dimensionless] */
  p_open: number | null;
  /** Method of p_open. [one of a closed list] */
  open_method: OpenMethod;
  /** What a chance from a table was checked on. [one of a closed list] */
  open_label: SideLabel;
  /** Time of the stock quote that stood when the packet left. [ns since 1970-01-01 UTC] */
  underlying_ts: string | null;
  /** Bid of the stock then. [USD] */
  underlying_bid: number | null;
  /** Ask of the stock then. [USD] */
  underlying_ask: number | null;
  /** Strike over the middle of that quote, less one. [dimensionless] */
  moneyness: number | null;
  /** Calendar days to expiry. [count] */
  days_to_expiry: number | null;
  /** Trading days to expiry, 0 on the day itself. [count] */
  trading_days: number | null;
  /** When the market was looked at again. [ns since 1970-01-01 UTC] */
  after_ts: string | null;
  /** Bid of the series then. [USD] */
  after_bid: number | null;
  /** Ask of the series then. [USD] */
  after_ask: number | null;
  /** Bid of the stock then. [USD] */
  after_underlying_bid: number | null;
  /** Ask of the stock then. [USD] */
  after_underlying_ask: number | null;
  /** Named form of a package. [one of a closed list] */
  package_class: PackageClass;
  /** Form of the legs without their signs. [text] */
  geometry: string;
  /** Sequence numbers of the prints of all legs. [JSON text] */
  package_members: string;
  /** Series, ratio, sign, size and price of each leg. [JSON text] */
  legs: string;
  /** Whole packages traded. [contracts] */
  units: number;
  /** Paid (positive) or received for all legs. [USD] */
  net_premium: number | null;
  /** Confidence that the legs are one order. [dimensionless] */
  grouping_p: number | null;
  /** Confidence in the form without signs. [dimensionless] */
  geometry_p: number | null;
  /** Confidence in the relative signs. [dimensionless] */
  sign_p: number | null;
  /** Confidence in who paid. [dimensionless] */
  direction_p: number | null;
  /** Chance that a calendar or diagonal is a roll. [dimensionless] */
  roll_p: number | null;
  /** A stock print it is tied to, in equities.prints. [sequence number] */
  stock_print_seq: number | null;
  /** Confidence in that tie, after its chance rate. [dimensionless] */
  stock_tie_p: number | null;
  /** Shares a unit is worth over 100, signed. [dimensionless] */
  package_delta: number | null;
  /** What the four claims rest on, and the runner-up. [JSON text] */
  package_evidence: string;
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
  direction: Direction;
  /** Volatility it is consistent with. [one of a closed list] */
  volatility_direction: VolatilityDirection;
  /** The claim in words, hedged. [text] */
  sentence: string;
  /** The columns the rule read and its thresholds. [JSON text] */
  inputs: string;
  /** What made this version: none for the first. [one of a closed list] */
  reason: Restatement;
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
  /** Opened, updated, retracted or expired with this version. [one of a closed list] */
  status: AlertStatus;
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
  direction: Direction;
  /** Volatility it is consistent with. [one of a closed list] */
  volatility_direction: VolatilityDirection;
  /** The claim in words, hedged. [text] */
  sentence: string;
  /** Print range, arrival quote and inputs behind the claim. [JSON text] */
  evidence: string;
  /** What made this version: none for the first. [one of a closed list] */
  reason: Restatement;
  /** Every packet it rests on, the first one first. [JSON text] */
  packet_ids: string;
  /** The story it belongs to. [hash in hexadecimal] */
  story_id: string;
  /** Alerts of the story so far, this one included. [count] */
  story_alert_count: number;
  /** Premium of the story so far. [USD] */
  story_premium: number;
  /** Highest score of the story so far. [dimensionless] */
  story_score: number;
  /** Expiry bucket of the story. [one of a closed list] */
  expiry_bucket: ExpiryBucket;
  /** Part of the score: premium. [dimensionless] */
  score_premium: number;
  /** Part of the score: evidence of a side. [dimensionless] */
  score_side: number;
  /** Part of the score: how unusual. [dimensionless] */
  score_z: number;
  /** Part of the score: how well the rule fits. [dimensionless] */
  score_structure: number;
  /** Part of the score: new in its story. [dimensionless] */
  score_novelty: number;
  /** Taken off the score: innocent readings and doubts. [dimensionless] */
  score_noise: number;
  /** Within the budget of delivery. [true or false] */
  is_delivered: boolean;
  /** Alerts the budget had held back in the session. [count] */
  held_back_count: number;
  /** Innocent readings with their evidence and weight. [JSON text] */
  benign: string;
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
      { name: "p_aggressor_buy", type: "ratio", unit: "dimensionless", nullable: true, doc: "Chance that a buyer took; absent: abstains." },
      { name: "p_customer_buy", type: "ratio", unit: "dimensionless", nullable: true, doc: "Chance that the customer bought; absent: abstains." },
      { name: "aggressor_method", type: "SideMethod", unit: "one of a closed list", nullable: false, doc: "Method of p_aggressor_buy." },
      { name: "customer_method", type: "SideMethod", unit: "one of a closed list", nullable: false, doc: "Method of p_customer_buy." },
      { name: "side_label", type: "SideLabel", unit: "one of a closed list", nullable: false, doc: "What those chances were checked on." },
      { name: "abstention", type: "Abstention", unit: "one of a closed list", nullable: false, doc: "Why no side is claimed." },
      { name: "bid_venue", type: "VenueLetter", unit: "one of a closed list", nullable: false, doc: "Venue at the bid, if named." },
      { name: "ask_venue", type: "VenueLetter", unit: "one of a closed list", nullable: false, doc: "Venue at the ask, if named." },
      { name: "open_interest", type: "count", unit: "count", nullable: true, doc: "Contracts open before the session." },
      { name: "volume_before", type: "count", unit: "count", nullable: false, doc: "Contracts of the series before it." },
      { name: "opened_min_buy", type: "contracts", unit: "contracts", nullable: false, doc: "Opened by buyers at least." },
      { name: "opened_min_sell", type: "contracts", unit: "contracts", nullable: false, doc: "Opened by sellers at least." },
      { name: "opening_basis", type: "OpeningBasis", unit: "one of a closed list", nullable: false, doc: "Whether that is proven, or what lacks." },
      { name: "weakens", type: "json", unit: "JSON text", nullable: false, doc: "Bounds said before that it weakens: [print, what stands]." },
      { name: "cancels_seq", type: "sequence", unit: "sequence number", nullable: true, doc: "The print this one takes back." },
      { name: "cancel_match", type: "CancelMatch", unit: "one of a closed list", nullable: false, doc: "How it was found, or why not." },
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
      { name: "reason", type: "Restatement", unit: "one of a closed list", nullable: false, doc: "What made this version: none for the first." },
      { name: "first_price", type: "price", unit: "USD", nullable: true, doc: "Price of the first member." },
      { name: "last_price", type: "price", unit: "USD", nullable: true, doc: "Price of the last member." },
      { name: "low_price", type: "price", unit: "USD", nullable: true, doc: "Lowest price of the members." },
      { name: "high_price", type: "price", unit: "USD", nullable: true, doc: "Highest price of the members." },
      { name: "at_ask_premium", type: "money", unit: "USD", nullable: false, doc: "Premium at or above the ask, by each member's own quote." },
      { name: "at_bid_premium", type: "money", unit: "USD", nullable: false, doc: "Premium at or below the bid, by each member's own quote." },
      { name: "inside_premium", type: "money", unit: "USD", nullable: false, doc: "Premium inside the spread, by each member's own quote." },
      { name: "electronic_size", type: "contracts", unit: "contracts", nullable: false, doc: "Contracts with an electronic code." },
      { name: "auction_size", type: "contracts", unit: "contracts", nullable: false, doc: "Contracts with an auction code." },
      { name: "cross_size", type: "contracts", unit: "contracts", nullable: false, doc: "Contracts with a cross code." },
      { name: "floor_size", type: "contracts", unit: "contracts", nullable: false, doc: "Contracts with a floor code." },
      { name: "leg_size", type: "contracts", unit: "contracts", nullable: false, doc: "Contracts with a multi-leg or stock-option code." },
      { name: "displayed_size", type: "count", unit: "count", nullable: true, doc: "Contracts displayed at the touch taken, on arrival." },
      { name: "touch_distance", type: "ratio", unit: "dimensionless", nullable: true, doc: "Distance from the touch over the half-spread." },
      { name: "p_aggressor_buy", type: "ratio", unit: "dimensionless", nullable: true, doc: "Chance that a buyer took; absent: abstains." },
      { name: "p_customer_buy", type: "ratio", unit: "dimensionless", nullable: true, doc: "Chance that the customer bought; absent: abstains." },
      { name: "aggressor_method", type: "SideMethod", unit: "one of a closed list", nullable: false, doc: "Method of p_aggressor_buy." },
      { name: "customer_method", type: "SideMethod", unit: "one of a closed list", nullable: false, doc: "Method of p_customer_buy." },
      { name: "side_label", type: "SideLabel", unit: "one of a closed list", nullable: false, doc: "What those chances were checked on." },
      { name: "direction", type: "Direction", unit: "one of a closed list", nullable: false, doc: "Direction in price it is consistent with." },
      { name: "volatility_direction", type: "VolatilityDirection", unit: "one of a closed list", nullable: false, doc: "Volatility it suits." },
      { name: "repeat_count", type: "small", unit: "count", nullable: false, doc: "Taker events of this series and side of similar size, 30 min." },
      { name: "repeat_size", type: "contracts", unit: "contracts", nullable: false, doc: "Contracts of those." },
      { name: "repeat_start_ts", type: "time", unit: "ns since 1970-01-01 UTC", nullable: true, doc: "Time of the first of those." },
      { name: "ladder_strikes", type: "small", unit: "count", nullable: false, doc: "Strikes bought or sold alike within a minute, own included." },
      { name: "ladder_premium", type: "money", unit: "USD", nullable: false, doc: "Premium of those." },
      { name: "burst_first_seq", type: "sequence", unit: "sequence number", nullable: true, doc: "First print of its burst: series and side alike, gaps to 500 ms." },
      { name: "baseline_weights", type: "json", unit: "JSON text", nullable: false, doc: "Of each baseline behind the z-scores: weight and packets." },
      { name: "open_interest", type: "count", unit: "count", nullable: true, doc: "Contracts open before the session." },
      { name: "volume_before", type: "count", unit: "count", nullable: false, doc: "Contracts of the series before it in the session." },
      { name: "opened_min", type: "contracts", unit: "contracts", nullable: false, doc: "Opened at least, on each side, where provable." },
      { name: "opening_basis", type: "OpeningBasis", unit: "one of a closed list", nullable: false, doc: "Whether that is proven, or what lacks." },
      { name: "p_open", type: "ratio", unit: "dimensionless", nullable: true, doc: "Chance that a contract of it opened for its side; absent: abstains." },
      { name: "open_method", type: "OpenMethod", unit: "one of a closed list", nullable: false, doc: "Method of p_open." },
      { name: "open_label", type: "SideLabel", unit: "one of a closed list", nullable: false, doc: "What a chance from a table was checked on." },
      { name: "underlying_ts", type: "time", unit: "ns since 1970-01-01 UTC", nullable: true, doc: "Time of the stock quote that stood when the packet left." },
      { name: "underlying_bid", type: "price", unit: "USD", nullable: true, doc: "Bid of the stock then." },
      { name: "underlying_ask", type: "price", unit: "USD", nullable: true, doc: "Ask of the stock then." },
      { name: "moneyness", type: "ratio", unit: "dimensionless", nullable: true, doc: "Strike over the middle of that quote, less one." },
      { name: "days_to_expiry", type: "small", unit: "count", nullable: true, doc: "Calendar days to expiry." },
      { name: "trading_days", type: "small", unit: "count", nullable: true, doc: "Trading days to expiry, 0 on the day itself." },
      { name: "after_ts", type: "time", unit: "ns since 1970-01-01 UTC", nullable: true, doc: "When the market was looked at again." },
      { name: "after_bid", type: "price", unit: "USD", nullable: true, doc: "Bid of the series then." },
      { name: "after_ask", type: "price", unit: "USD", nullable: true, doc: "Ask of the series then." },
      { name: "after_underlying_bid", type: "price", unit: "USD", nullable: true, doc: "Bid of the stock then." },
      { name: "after_underlying_ask", type: "price", unit: "USD", nullable: true, doc: "Ask of the stock then." },
      { name: "package_class", type: "PackageClass", unit: "one of a closed list", nullable: false, doc: "Named form of a package." },
      { name: "geometry", type: "label", unit: "text", nullable: false, doc: "Form of the legs without their signs." },
      { name: "package_members", type: "json", unit: "JSON text", nullable: false, doc: "Sequence numbers of the prints of all legs." },
      { name: "legs", type: "json", unit: "JSON text", nullable: false, doc: "Series, ratio, sign, size and price of each leg." },
      { name: "units", type: "contracts", unit: "contracts", nullable: false, doc: "Whole packages traded." },
      { name: "net_premium", type: "money", unit: "USD", nullable: true, doc: "Paid (positive) or received for all legs." },
      { name: "grouping_p", type: "ratio", unit: "dimensionless", nullable: true, doc: "Confidence that the legs are one order." },
      { name: "geometry_p", type: "ratio", unit: "dimensionless", nullable: true, doc: "Confidence in the form without signs." },
      { name: "sign_p", type: "ratio", unit: "dimensionless", nullable: true, doc: "Confidence in the relative signs." },
      { name: "direction_p", type: "ratio", unit: "dimensionless", nullable: true, doc: "Confidence in who paid." },
      { name: "roll_p", type: "ratio", unit: "dimensionless", nullable: true, doc: "Chance that a calendar or diagonal is a roll." },
      { name: "stock_print_seq", type: "sequence", unit: "sequence number", nullable: true, doc: "A stock print it is tied to, in equities.prints." },
      { name: "stock_tie_p", type: "ratio", unit: "dimensionless", nullable: true, doc: "Confidence in that tie, after its chance rate." },
      { name: "package_delta", type: "ratio", unit: "dimensionless", nullable: true, doc: "Shares a unit is worth over 100, signed." },
      { name: "package_evidence", type: "json", unit: "JSON text", nullable: false, doc: "What the four claims rest on, and the runner-up." },
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
      { name: "direction", type: "Direction", unit: "one of a closed list", nullable: false, doc: "Direction in price it is consistent with." },
      { name: "volatility_direction", type: "VolatilityDirection", unit: "one of a closed list", nullable: false, doc: "Volatility it is consistent with." },
      { name: "sentence", type: "text", unit: "text", nullable: false, doc: "The claim in words, hedged." },
      { name: "inputs", type: "json", unit: "JSON text", nullable: false, doc: "The columns the rule read and its thresholds." },
      { name: "reason", type: "Restatement", unit: "one of a closed list", nullable: false, doc: "What made this version: none for the first." },
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
      { name: "status", type: "AlertStatus", unit: "one of a closed list", nullable: false, doc: "Opened, updated, retracted or expired with this version." },
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
      { name: "direction", type: "Direction", unit: "one of a closed list", nullable: false, doc: "Direction in price it is consistent with." },
      { name: "volatility_direction", type: "VolatilityDirection", unit: "one of a closed list", nullable: false, doc: "Volatility it is consistent with." },
      { name: "sentence", type: "text", unit: "text", nullable: false, doc: "The claim in words, hedged." },
      { name: "evidence", type: "json", unit: "JSON text", nullable: false, doc: "Print range, arrival quote and inputs behind the claim." },
      { name: "reason", type: "Restatement", unit: "one of a closed list", nullable: false, doc: "What made this version: none for the first." },
      { name: "packet_ids", type: "json", unit: "JSON text", nullable: false, doc: "Every packet it rests on, the first one first." },
      { name: "story_id", type: "id", unit: "hash in hexadecimal", nullable: false, doc: "The story it belongs to." },
      { name: "story_alert_count", type: "count", unit: "count", nullable: false, doc: "Alerts of the story so far, this one included." },
      { name: "story_premium", type: "money", unit: "USD", nullable: false, doc: "Premium of the story so far." },
      { name: "story_score", type: "ratio", unit: "dimensionless", nullable: false, doc: "Highest score of the story so far." },
      { name: "expiry_bucket", type: "ExpiryBucket", unit: "one of a closed list", nullable: false, doc: "Expiry bucket of the story." },
      { name: "score_premium", type: "ratio", unit: "dimensionless", nullable: false, doc: "Part of the score: premium." },
      { name: "score_side", type: "ratio", unit: "dimensionless", nullable: false, doc: "Part of the score: evidence of a side." },
      { name: "score_z", type: "ratio", unit: "dimensionless", nullable: false, doc: "Part of the score: how unusual." },
      { name: "score_structure", type: "ratio", unit: "dimensionless", nullable: false, doc: "Part of the score: how well the rule fits." },
      { name: "score_novelty", type: "ratio", unit: "dimensionless", nullable: false, doc: "Part of the score: new in its story." },
      { name: "score_noise", type: "ratio", unit: "dimensionless", nullable: false, doc: "Taken off the score: innocent readings and doubts." },
      { name: "is_delivered", type: "flag", unit: "true or false", nullable: false, doc: "Within the budget of delivery." },
      { name: "held_back_count", type: "count", unit: "count", nullable: false, doc: "Alerts the budget had held back in the session." },
      { name: "benign", type: "json", unit: "JSON text", nullable: false, doc: "Innocent readings with their evidence and weight." },
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
