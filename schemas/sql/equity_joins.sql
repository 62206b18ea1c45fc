CREATE TABLE IF NOT EXISTS `{database}`.equity_joins
(
    `seq` Int64 CODEC(DoubleDelta, ZSTD(1)) COMMENT 'Dense number of the record in its topic partition, given by the flow. [sequence number]',
    `emit_ts` DateTime64(9, 'UTC') CODEC(DoubleDelta, ZSTD(1)) COMMENT 'The event time at which the flow could first say this. [UTC]',
    `underlying` LowCardinality(String) CODEC(ZSTD(1)) COMMENT 'The underlying the record is keyed by. [text]',
    `print_seq` Int64 CODEC(DoubleDelta, ZSTD(1)) COMMENT 'The print in equities.prints, same partition. [sequence number]',
    `source_ts` DateTime64(9, 'UTC') CODEC(DoubleDelta, ZSTD(1)) COMMENT 'Publication time of the print. [UTC]',
    `event_ts` DateTime64(9, 'UTC') CODEC(DoubleDelta, ZSTD(1)) COMMENT 'Execution time of the print. [UTC]',
    `price` Decimal(18, 9) CODEC(Delta, ZSTD(1)) COMMENT 'Trade price. [USD]',
    `size` Decimal(18, 6) CODEC(T64, ZSTD(1)) COMMENT 'Shares traded. [shares]',
    `notional` Decimal(18, 4) CODEC(T64, ZSTD(1)) COMMENT 'Price x size. [USD]',
    `venue` LowCardinality(String) CODEC(ZSTD(1)) COMMENT 'Participant letter of the reporting venue. [text]',
    `off_exchange` Bool CODEC(ZSTD(1)) COMMENT 'Whether the trade was reported through a FINRA facility. [true or false]',
    `conditions` LowCardinality(String) CODEC(ZSTD(1)) COMMENT 'Sale conditions exactly as the feed wrote them. [text]',
    `condition_bits` Int64 CODEC(ZSTD(1)) COMMENT 'The same conditions as bits of schemas.conditions. [bit set]',
    `updates_volume` Bool CODEC(ZSTD(1)) COMMENT 'Whether its conditions let it count in volume. [true or false]',
    `updates_high_low` Bool CODEC(ZSTD(1)) COMMENT 'Whether its conditions let it set a high or low. [true or false]',
    `updates_last` Bool CODEC(ZSTD(1)) COMMENT 'Whether its conditions let it set an open or last. [true or false]',
    `status` LowCardinality(String) CODEC(ZSTD(1)) COMMENT 'Taken as: ok, late at the log, reported late, a bar, or no trade. [one of a closed list]',
    `quote_state` LowCardinality(String) CODEC(ZSTD(1)) COMMENT 'State of the quote standing strictly before the print. [one of a closed list]',
    `placement` LowCardinality(String) CODEC(ZSTD(1)) COMMENT 'Price against that quote; none where no side or crossed. [one of a closed list]',
    `is_placement_stable` Bool CODEC(ZSTD(1)) COMMENT 'Whether it is the same over the window of doubt. [true or false]',
    `quote_source` LowCardinality(String) CODEC(ZSTD(1)) COMMENT 'How the quote was found: by time, from history, or not. [one of a closed list]',
    `quote_ts` Nullable(DateTime64(9, 'UTC')) CODEC(DoubleDelta, ZSTD(1)) COMMENT 'Publication time of that quote, where there was one. [UTC; NULL where absent]',
    `quote_seq` Nullable(Int64) CODEC(DoubleDelta, ZSTD(1)) COMMENT 'Sequence number of that quote in its partition. [sequence number; NULL where absent]',
    `bid` Nullable(Decimal(18, 9)) CODEC(Delta, ZSTD(1)) COMMENT 'Best bid; absent where that side had no quote. [USD; NULL where absent]',
    `ask` Nullable(Decimal(18, 9)) CODEC(Delta, ZSTD(1)) COMMENT 'Best ask; absent where that side had no quote. [USD; NULL where absent]',
    `bid_size` Nullable(Int64) CODEC(T64, ZSTD(1)) COMMENT 'Size at the bid in the unit of the quote topic. [count; NULL where absent]',
    `ask_size` Nullable(Int64) CODEC(T64, ZSTD(1)) COMMENT 'Size at the ask in the unit of the quote topic. [count; NULL where absent]',
    `quote_age_ns` Nullable(Int64) CODEC(T64, ZSTD(1)) COMMENT 'Time of the print minus time of the quote. [ns; NULL where absent]',
    `_partition` UInt16 CODEC(Delta, ZSTD(1)) COMMENT 'Topic partition the record stood in.',
    `_offset` UInt64 CODEC(DoubleDelta, ZSTD(1)) COMMENT 'Offset of the record in that partition.',
    `_day` Date CODEC(Delta, ZSTD(1)) COMMENT 'Day of the log\'s frontier when the record was written.'
)
ENGINE = ReplacingMergeTree
PARTITION BY _day
ORDER BY (underlying, source_ts, _partition, _offset)
COMMENT 'Each equity print beside the quote it traded against.';
