CREATE TABLE IF NOT EXISTS `{database}`.equity_candles
(
    `seq` Int64 CODEC(DoubleDelta, ZSTD(1)) COMMENT 'Dense number of the record in its topic partition, given by the flow. [sequence number]',
    `emit_ts` DateTime64(9, 'UTC') CODEC(DoubleDelta, ZSTD(1)) COMMENT 'The event time at which the flow could first say this. [UTC]',
    `underlying` LowCardinality(String) CODEC(ZSTD(1)) COMMENT 'The underlying the record is keyed by. [text]',
    `version` Int32 CODEC(ZSTD(1)) COMMENT 'Version of this claim; the highest one stands. [count]',
    `status` LowCardinality(String) CODEC(ZSTD(1)) COMMENT 'Whether this version is final, a restatement or a retraction. [one of a closed list]',
    `interval_s` Int32 CODEC(ZSTD(1)) COMMENT 'Length of the interval. [s]',
    `start_ts` DateTime64(9, 'UTC') CODEC(DoubleDelta, ZSTD(1)) COMMENT 'Start of the interval, inclusive; aligned to the epoch. [UTC]',
    `end_ts` DateTime64(9, 'UTC') CODEC(DoubleDelta, ZSTD(1)) COMMENT 'End of the interval, exclusive. [UTC]',
    `open` Nullable(Decimal(18, 9)) CODEC(Delta, ZSTD(1)) COMMENT 'First eligible price, where there was one. [USD; NULL where absent]',
    `high` Nullable(Decimal(18, 9)) CODEC(Delta, ZSTD(1)) COMMENT 'Highest eligible price. [USD; NULL where absent]',
    `low` Nullable(Decimal(18, 9)) CODEC(Delta, ZSTD(1)) COMMENT 'Lowest eligible price. [USD; NULL where absent]',
    `close` Nullable(Decimal(18, 9)) CODEC(Delta, ZSTD(1)) COMMENT 'Last eligible price. [USD; NULL where absent]',
    `volume` Decimal(18, 6) CODEC(T64, ZSTD(1)) COMMENT 'Shares of all trades, off-exchange ones included. [shares]',
    `off_exchange_volume` Decimal(18, 6) CODEC(T64, ZSTD(1)) COMMENT 'Shares reported through a FINRA facility. [shares]',
    `notional` Decimal(18, 4) CODEC(T64, ZSTD(1)) COMMENT 'Price x size of all trades, rounded per print, then summed. [USD]',
    `trade_count` Int64 CODEC(T64, ZSTD(1)) COMMENT 'Trades in volume. [count]',
    `_partition` UInt16 CODEC(Delta, ZSTD(1)) COMMENT 'Topic partition the record stood in.',
    `_offset` UInt64 CODEC(DoubleDelta, ZSTD(1)) COMMENT 'Offset of the record in that partition.',
    `_day` Date CODEC(Delta, ZSTD(1)) COMMENT 'Day of the log\'s frontier when the record was written.'
)
ENGINE = ReplacingMergeTree
PARTITION BY _day
ORDER BY (underlying, interval_s, start_ts, _partition, _offset)
COMMENT 'Open, high, low, close and volume over fixed intervals, as versioned upserts.';
CREATE VIEW IF NOT EXISTS `{database}`.equity_candles_current AS
SELECT
    seq,
    emit_ts,
    underlying,
    version,
    status,
    interval_s,
    start_ts,
    end_ts,
    open,
    high,
    low,
    close,
    volume,
    off_exchange_volume,
    notional,
    trade_count,
    _partition,
    _offset,
    _day
FROM `{database}`.equity_candles
ORDER BY underlying, interval_s, start_ts, version DESC, _offset DESC
LIMIT 1 BY underlying, interval_s, start_ts;
