"""What became of each environment variable of the TypeScript original.

Owns the table: kept (same meaning), changed (another meaning, name or unit) or dropped, with the reason and
the new name. Refuses to translate values: the original's premiums were price x contracts, a hundredth of USD.
"""

from typing import Final, NamedTuple

KEPT, CHANGED, DROPPED = "kept", "changed", "dropped"
FATES: Final = (KEPT, CHANGED, DROPPED)


class Variable(NamedTuple):
    """Variables that share a fate: their names, the default there, the fate, the new name, and why."""

    names: tuple[str, ...]
    default: str
    fate: str
    now: str
    why: str


_NO_SIDECAR: Final = "There is no live bridge in Python to start; vendors are read from recorded files."

ANALYTICS: Final = (
    Variable(
        ("CLUSTER_WINDOW_MS",),
        "500",
        CHANGED,
        "options.parents.split_gap_ms",
        "One window from the first print joined strangers and cut long orders; parents go by gap and span, "
        "by venue and side: see also sweep_gap_ms, sweep_span_ms and split_span_ms.",
    ),
    Variable(
        ("NBBO_MAX_AGE_MS", "NEXT_PUBLIC_NBBO_MAX_AGE_MS"),
        "1000",
        DROPPED,
        "",
        "An unchanged quote stands, whatever its age, until a session, a halt or a gap. Its age is shown.",
    ),
    Variable(
        ("EQUITY_QUOTE_MAX_AGE_MS",), "1000", DROPPED, "", "The same for quotes of stocks; the age is shown."
    ),
    Variable(
        ("ROLLING_WINDOW_SIZE",),
        "50",
        DROPPED,
        "",
        "Streaming robust location and scale need no list of samples; counts shrink the fine to the coarse.",
    ),
    Variable(
        ("ROLLING_TTL_SEC",),
        "86400",
        DROPPED,
        "",
        "No wall clock tunes a result; baselines of earlier sessions come as records of the log.",
    ),
    Variable(
        ("CLASSIFIER_SWEEP_MIN_PREMIUM",),
        "40000",
        CHANGED,
        "options.rules.call_sweep.premium_usd",
        "In real USD: 40000 there was 4,000,000 USD. Also put_sweep, call_sell, put_sell and far_dated.",
    ),
    Variable(
        ("CLASSIFIER_SWEEP_MIN_COUNT",),
        "3",
        CHANGED,
        "options.rules.call_sweep.venue_count",
        "A sweep is one order over several venues; a count of prints says how many contras there were.",
    ),
    Variable(
        ("CLASSIFIER_SWEEP_MIN_PREMIUM_Z",),
        "2",
        CHANGED,
        "options.rules.contract_spike.z",
        "How unusual a size is belongs to the spike and to the score of an alert, not to what a sweep is.",
    ),
    Variable(
        ("CLASSIFIER_SPIKE_MIN_PREMIUM",),
        "20000",
        CHANGED,
        "options.rules.contract_spike.premium_usd",
        "In real USD: 20000 there was 2,000,000 USD.",
    ),
    Variable(
        ("CLASSIFIER_SPIKE_MIN_SIZE",),
        "400",
        DROPPED,
        "",
        "A number of contracts is large in one series and nothing in another; the baseline knows which.",
    ),
    Variable(
        ("CLASSIFIER_SPIKE_MIN_PREMIUM_Z", "CLASSIFIER_SPIKE_MIN_SIZE_Z"),
        "2.5, 2",
        CHANGED,
        "options.rules.contract_spike.z",
        "One threshold for the greater of both, in robust scales of logarithms, not standard deviations.",
    ),
    Variable(
        ("CLASSIFIER_Z_MIN_SAMPLES",),
        "12",
        CHANGED,
        "options.rules.contract_spike.baseline_count",
        "Counts packets of the baseline used; a young series is shrunk towards its like and not left out.",
    ),
    Variable(
        ("CLASSIFIER_MIN_NBBO_COVERAGE",),
        "0.5",
        DROPPED,
        "",
        "A packet is judged against the quote on its arrival; without one no rule claims a side.",
    ),
    Variable(
        ("CLASSIFIER_MIN_AGGRESSOR_RATIO",),
        "0.55",
        CHANGED,
        "options.rules.call_sweep.side_p",
        "A chance of the side instead of a share of prints; one threshold with each rule that needs a side.",
    ),
    Variable(
        ("CLASSIFIER_0DTE_MAX_ATM_PCT",),
        "0.01",
        KEPT,
        "options.rules.zero_dte_punch.from_money",
        "Same meaning, against the stock's quote strictly before; days by the exchange's calendar.",
    ),
    Variable(
        ("CLASSIFIER_0DTE_MIN_PREMIUM",),
        "20000",
        CHANGED,
        "options.rules.zero_dte_punch.premium_usd",
        "In real USD: 20000 there was 2,000,000 USD.",
    ),
    Variable(
        ("CLASSIFIER_0DTE_MIN_SIZE",),
        "400",
        DROPPED,
        "",
        "Premium says how large it is; contracts differ in price.",
    ),
    Variable(
        ("DARK_INFER_MIN_BLOCK_SIZE",),
        "2000",
        DROPPED,
        "",
        "A block of a stock is 10,000 shares or 200,000 USD, as in Regulation NMS; that is no setting.",
    ),
    Variable(
        ("DARK_INFER_WINDOW_MS", "DARK_INFER_COOLDOWN_MS", "DARK_INFER_MAX_EVIDENCE"),
        "60000, 30000, 20",
        DROPPED,
        "",
        "A claim waits until the quote has had its time to move; every print is evidence once.",
    ),
    Variable(
        ("DARK_INFER_MIN_ACCUM_SIZE", "DARK_INFER_MIN_ACCUM_COUNT", "DARK_INFER_MIN_PRINT_SIZE"),
        "3000, 4, 200",
        DROPPED,
        "",
        "Counts of buys were claimed where half of all prints are buys by chance; no such claim is made.",
    ),
    Variable(
        ("DARK_INFER_MAX_SPREAD_PCT",),
        "0.005",
        DROPPED,
        "",
        "Placement compares whole numbers; no spread is too wide for it.",
    ),
    Variable(
        ("CANDLE_INTERVALS_MS",),
        "60000,300000",
        DROPPED,
        "",
        "Candles of 1, 5, 60 and 300 s are always made.",
    ),
    Variable(
        ("CANDLE_MAX_LATE_MS",),
        "0",
        DROPPED,
        "",
        "A late print restates its candle as a further version for 30 minutes; none is left out of volume.",
    ),
    Variable(
        ("CANDLE_CACHE_LIMIT",),
        "2000",
        DROPPED,
        "",
        "Candles are read from the store; no cache stands beside it.",
    ),
)
PLATFORM: Final = (
    Variable(
        ("NATS_URL",),
        "nats://localhost:4222",
        CHANGED,
        "KAFKA_BOOTSTRAP_SERVERS",
        "The log is Kafka's; absent means the embedded broker.",
    ),
    Variable(
        ("CLICKHOUSE_URL",),
        "http://localhost:8123",
        KEPT,
        "CLICKHOUSE_URL",
        "Absent means the embedded store.",
    ),
    Variable(
        ("CLICKHOUSE_DATABASE",),
        "default",
        DROPPED,
        "",
        "Each namespace is a database of its own (`--namespace`).",
    ),
    Variable(
        ("REDIS_URL",),
        "redis://localhost:6379",
        KEPT,
        "REDIS_URL",
        "Only the gateway uses it; absent means the embedded one.",
    ),
    Variable(
        ("OPTIONS_INGEST_ADAPTER", "EQUITIES_INGEST_ADAPTER"),
        "synthetic",
        CHANGED,
        "islandflow run, islandflow import",
        "One feed carries options and stocks together, or prices would not belong to each other.",
    ),
    Variable(
        ("EMIT_INTERVAL_MS",),
        "1000",
        CHANGED,
        "--speed",
        "The synthetic market has event times of its own; a run is paced by them.",
    ),
    Variable(
        (
            "ALPACA_KEY_ID",
            "ALPACA_SECRET_KEY",
            "ALPACA_REST_URL",
            "ALPACA_WS_BASE_URL",
            "ALPACA_FEED",
            "ALPACA_UNDERLYINGS",
            "ALPACA_STRIKES_PER_SIDE",
            "ALPACA_MAX_DTE_DAYS",
            "ALPACA_MONEYNESS_PCT",
            "ALPACA_MONEYNESS_FALLBACK_PCT",
            "ALPACA_MAX_QUOTES",
        ),
        "indicative; SPY,NVDA,AAPL; 8; 30; 0.06; 0.1; 200",
        DROPPED,
        "",
        "Answers of the vendor that were saved are imported; what they hold is what is analysed.",
    ),
    Variable(
        (
            "DATABENTO_API_KEY",
            "DATABENTO_DATASET",
            "DATABENTO_SCHEMA",
            "DATABENTO_STYPE_IN",
            "DATABENTO_STYPE_OUT",
            "DATABENTO_LIMIT",
            "DATABENTO_PRICE_SCALE",
            "DATABENTO_PYTHON_BIN",
        ),
        "OPRA.PILLAR; trades; parent; instrument_id; 0; 1",
        DROPPED,
        "",
        "DBN files are read as they are; they say their dataset, schema, symbols and price scale themselves.",
    ),
    Variable(
        ("DATABENTO_START", "DATABENTO_END", "DATABENTO_SYMBOLS"),
        "; ; SPY.OPT",
        CHANGED,
        "islandflow import --start, --end, --symbols",
        "The same choice for every recorded format.",
    ),
    Variable(
        (
            "IBKR_HOST",
            "IBKR_PORT",
            "IBKR_CLIENT_ID",
            "IBKR_SYMBOL",
            "IBKR_EXPIRY",
            "IBKR_STRIKE",
            "IBKR_RIGHT",
            "IBKR_EXCHANGE",
            "IBKR_CURRENCY",
            "IBKR_PYTHON_BIN",
        ),
        "127.0.0.1; 7497; 0; SPY; 20250117; 450; C; SMART; USD; python3",
        DROPPED,
        "",
        f"{_NO_SIDECAR} Trades without quotes of one series would carry no side, parent or package.",
    ),
    Variable(
        (
            "COMPUTE_DELIVER_POLICY",
            "COMPUTE_CONSUMER_RESET",
            "CANDLE_DELIVER_POLICY",
            "CANDLE_CONSUMER_RESET",
        ),
        "new, false",
        DROPPED,
        "",
        "A flow goes on where its snapshot stands; skipping what is in the log would make another result.",
    ),
    Variable(
        ("REPLAY_ENABLED", "REPLAY_STREAMS", "REPLAY_BATCH_SIZE", "REPLAY_LOG_EVERY"),
        "false; options,nbbo,equities,equity-quotes; 200; 1000",
        DROPPED,
        "",
        "Recorded data run through the same path under a namespace of their own, never onto live topics.",
    ),
    Variable(
        ("REPLAY_START_TS", "REPLAY_END_TS"),
        "0",
        CHANGED,
        "islandflow import --start, --end",
        "Times of New York instead of milliseconds.",
    ),
    Variable(
        ("REPLAY_SPEED",),
        "1",
        KEPT,
        "--speed",
        "Same meaning; absent is as fast as possible, and changes no output.",
    ),
    Variable(("API_PORT",), "4000", CHANGED, "--port", "The page and its API share one port on loopback."),
    Variable(("NEXT_PUBLIC_API_URL",), "", DROPPED, "", "The page asks where it came from."),
    Variable(
        ("REST_DEFAULT_LIMIT",),
        "200",
        CHANGED,
        "limit",
        "A parameter of each request, with a cursor to go on.",
    ),
    Variable(("TESTING_MODE",), "false", KEPT, "TESTING_MODE", "The synthetic market keeps fewer records."),
    Variable(
        ("TESTING_THROTTLE_MS",),
        "200",
        KEPT,
        "TESTING_THROTTLE_MS",
        "By series and stock, and a print keeps its quote: there every other record was dropped blindly.",
    ),
)
