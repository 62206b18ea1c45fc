CREATE TABLE IF NOT EXISTS `{database}`.equity_prints
(
    `kind` LowCardinality(String) CODEC(ZSTD(1)) COMMENT 'What the record is: data, or one of the control records of the log. [one of a closed list]',
    `seq` Int64 CODEC(DoubleDelta, ZSTD(1)) COMMENT 'Dense number of the record in its topic partition, given by the feed. [sequence number]',
    `source_ts` DateTime64(9, 'UTC') CODEC(DoubleDelta, ZSTD(1)) COMMENT 'When the record was published by its source; it drives event time. [UTC]',
    `event_ts` DateTime64(9, 'UTC') CODEC(DoubleDelta, ZSTD(1)) COMMENT 'When it happened; it chooses the quote. source_ts where unknown. [UTC]',
    `underlying` LowCardinality(String) CODEC(ZSTD(1)) COMMENT 'The underlying it is keyed by; empty on broadcast control records. [text]',
    `price` Decimal(18, 9) CODEC(Delta, ZSTD(1)) COMMENT 'Trade price. [USD]',
    `size` Decimal(18, 6) CODEC(T64, ZSTD(1)) COMMENT 'Shares traded. [shares]',
    `venue` LowCardinality(String) CODEC(ZSTD(1)) COMMENT 'Letter of the reporting venue; D is the FINRA facilities. [text]',
    `off_exchange` Bool CODEC(ZSTD(1)) COMMENT 'Whether the trade was reported through a FINRA facility. [true or false]',
    `conditions` LowCardinality(String) CODEC(ZSTD(1)) COMMENT 'Sale conditions exactly as the feed wrote them. [text]',
    `condition_bits` Int64 CODEC(ZSTD(1)) COMMENT 'The same conditions as bits of schemas.conditions. [bit set]',
    `has_event_ts` Bool CODEC(ZSTD(1)) COMMENT 'Whether event_ts is a participant time, no copy. [true or false]',
    `is_hidden` Bool CODEC(ZSTD(1)) COMMENT 'Whether it met hidden interest. [true or false]',
    `trade_id` String CODEC(ZSTD(1)) COMMENT 'The vendor\'s name of the trade; empty where it gives none. [text]',
    `vendor_seq` Nullable(Int64) CODEC(DoubleDelta, ZSTD(1)) COMMENT 'The vendor\'s own sequence number. [sequence number; NULL where absent]',
    `report` LowCardinality(String) CODEC(ZSTD(1)) COMMENT 'A trade, or the cancel or correction of one. [one of a closed list]',
    `refers_to` String CODEC(ZSTD(1)) COMMENT 'The trade_id that a cancel or correction is about. [text]',
    `aggressor` LowCardinality(String) CODEC(ZSTD(1)) COMMENT 'Side of the aggressor where the feed states it. [one of a closed list]',
    `is_time_doubtful` Bool CODEC(ZSTD(1)) COMMENT 'Whether the vendor doubts the times. [true or false]',
    `carried_bid` Nullable(Decimal(18, 9)) CODEC(Delta, ZSTD(1)) COMMENT 'Bid that came with the print itself. [USD; NULL where absent]',
    `carried_ask` Nullable(Decimal(18, 9)) CODEC(Delta, ZSTD(1)) COMMENT 'Ask that came with the print itself. [USD; NULL where absent]',
    `carried_bid_size` Nullable(Int64) CODEC(T64, ZSTD(1)) COMMENT 'Size at that bid, in the unit of size. [count; NULL where absent]',
    `carried_ask_size` Nullable(Int64) CODEC(T64, ZSTD(1)) COMMENT 'Size at that ask, in the unit of size. [count; NULL where absent]',
    `_partition` UInt16 CODEC(Delta, ZSTD(1)) COMMENT 'Topic partition the record stood in.',
    `_offset` UInt64 CODEC(DoubleDelta, ZSTD(1)) COMMENT 'Offset of the record in that partition.',
    `_day` Date CODEC(Delta, ZSTD(1)) COMMENT 'Day of the log\'s frontier when the record was written.'
)
ENGINE = ReplacingMergeTree
PARTITION BY _day
ORDER BY (underlying, source_ts, _partition, _offset)
COMMENT 'Equity trade reports as the feed gave them, official prices included.';
