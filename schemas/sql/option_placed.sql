CREATE TABLE IF NOT EXISTS `{database}`.option_placed
(
    `seq` Int64 CODEC(DoubleDelta, ZSTD(1)) COMMENT 'Dense number of the record in its topic partition, given by the flow. [sequence number]',
    `emit_ts` DateTime64(9, 'UTC') CODEC(DoubleDelta, ZSTD(1)) COMMENT 'The event time at which the flow could first say this. [UTC]',
    `underlying` LowCardinality(String) CODEC(ZSTD(1)) COMMENT 'The underlying the record is keyed by. [text]',
    `print_seq` Int64 CODEC(DoubleDelta, ZSTD(1)) COMMENT 'The print in options.prints, same partition. [sequence number]',
    `source_ts` DateTime64(9, 'UTC') CODEC(DoubleDelta, ZSTD(1)) COMMENT 'Publication time of the print. [UTC]',
    `event_ts` DateTime64(9, 'UTC') CODEC(DoubleDelta, ZSTD(1)) COMMENT 'Execution time of the print. [UTC]',
    `contract` LowCardinality(String) CODEC(ZSTD(1)) COMMENT 'Series: root padded to 6, YYMMDD, C or P, strike in 8 digits. [text]',
    `expiry` Int32 CODEC(ZSTD(1)) COMMENT 'Expiry date of the series. [YYYYMMDD]',
    `strike` Decimal(18, 9) CODEC(Delta, ZSTD(1)) COMMENT 'Strike price of the series. [USD]',
    `right` LowCardinality(String) CODEC(ZSTD(1)) COMMENT 'Call or put. [one of a closed list]',
    `price` Decimal(18, 9) CODEC(Delta, ZSTD(1)) COMMENT 'Trade price per share; the close of a bar. [USD]',
    `size` Int64 CODEC(T64, ZSTD(1)) COMMENT 'Contracts traded. [contracts]',
    `premium` Decimal(18, 4) CODEC(T64, ZSTD(1)) COMMENT 'Price x size x multiplier, unsigned; of a bar, at its close. [USD]',
    `premium_low` Nullable(Decimal(18, 4)) CODEC(T64, ZSTD(1)) COMMENT 'Least premium of a bar; absent on a trade. [USD; NULL where absent]',
    `premium_high` Nullable(Decimal(18, 4)) CODEC(T64, ZSTD(1)) COMMENT 'Most premium of a bar; absent on a trade. [USD; NULL where absent]',
    `venue` LowCardinality(String) CODEC(ZSTD(1)) COMMENT 'Letter of the executing exchange; empty where unknown. [text]',
    `condition` LowCardinality(String) CODEC(ZSTD(1)) COMMENT 'Case-sensitive sale code; empty where the feed has none. [text]',
    `code_family` LowCardinality(String) CODEC(ZSTD(1)) COMMENT 'What the sale code says of how the trade was made. [one of a closed list]',
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
    `side` LowCardinality(String) CODEC(ZSTD(1)) COMMENT 'Aggressor by the quote rule where that is stable; uncalibrated. [one of a closed list]',
    `_partition` UInt16 CODEC(Delta, ZSTD(1)) COMMENT 'Topic partition the record stood in.',
    `_offset` UInt64 CODEC(DoubleDelta, ZSTD(1)) COMMENT 'Offset of the record in that partition.',
    `_day` Date CODEC(Delta, ZSTD(1)) COMMENT 'Day of the log\'s frontier when the record was written.'
)
ENGINE = ReplacingMergeTree
PARTITION BY _day
ORDER BY (underlying, contract, source_ts, _partition, _offset)
COMMENT 'Each option print beside the quote it traded against.';
