CREATE TABLE IF NOT EXISTS `{database}`.equity_quotes
(
    `kind` LowCardinality(String) CODEC(ZSTD(1)) COMMENT 'What the record is: data, or one of the control records of the log. [one of a closed list]',
    `seq` Int64 CODEC(DoubleDelta, ZSTD(1)) COMMENT 'Dense number of the record in its topic partition, given by the feed. [sequence number]',
    `source_ts` DateTime64(9, 'UTC') CODEC(DoubleDelta, ZSTD(1)) COMMENT 'When the record was published by its source; it drives event time. [UTC]',
    `event_ts` DateTime64(9, 'UTC') CODEC(DoubleDelta, ZSTD(1)) COMMENT 'When it happened; it chooses the quote. source_ts where unknown. [UTC]',
    `underlying` LowCardinality(String) CODEC(ZSTD(1)) COMMENT 'The underlying it is keyed by; empty on broadcast control records. [text]',
    `bid` Nullable(Decimal(18, 9)) CODEC(Delta, ZSTD(1)) COMMENT 'Best bid; absent where that side had no quote. [USD; NULL where absent]',
    `ask` Nullable(Decimal(18, 9)) CODEC(Delta, ZSTD(1)) COMMENT 'Best ask; absent where that side had no quote. [USD; NULL where absent]',
    `bid_size` Decimal(18, 6) CODEC(T64, ZSTD(1)) COMMENT 'Shares at the bid. [shares]',
    `ask_size` Decimal(18, 6) CODEC(T64, ZSTD(1)) COMMENT 'Shares at the ask. [shares]',
    `bid_venue` LowCardinality(String) CODEC(ZSTD(1)) COMMENT 'Venue at the bid where the feed names it. [one of a closed list]',
    `ask_venue` LowCardinality(String) CODEC(ZSTD(1)) COMMENT 'Venue at the ask where the feed names it. [one of a closed list]',
    `_partition` UInt16 CODEC(Delta, ZSTD(1)) COMMENT 'Topic partition the record stood in.',
    `_offset` UInt64 CODEC(DoubleDelta, ZSTD(1)) COMMENT 'Offset of the record in that partition.',
    `_day` Date CODEC(Delta, ZSTD(1)) COMMENT 'Day of the log\'s frontier when the record was written.'
)
ENGINE = ReplacingMergeTree
PARTITION BY _day
ORDER BY (underlying, source_ts, _partition, _offset)
COMMENT 'National best bid and offer of equities.';
