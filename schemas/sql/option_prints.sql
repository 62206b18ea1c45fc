CREATE TABLE IF NOT EXISTS `{database}`.option_prints
(
    `kind` LowCardinality(String) CODEC(ZSTD(1)) COMMENT 'What the record is: data, or one of the control records of the log. [one of a closed list]',
    `seq` Int64 CODEC(DoubleDelta, ZSTD(1)) COMMENT 'Dense number of the record in its topic partition, given by the feed. [sequence number]',
    `source_ts` DateTime64(9, 'UTC') CODEC(DoubleDelta, ZSTD(1)) COMMENT 'When the record was published by its source; it drives event time. [UTC]',
    `event_ts` DateTime64(9, 'UTC') CODEC(DoubleDelta, ZSTD(1)) COMMENT 'When it happened; it chooses the quote. source_ts where unknown. [UTC]',
    `underlying` LowCardinality(String) CODEC(ZSTD(1)) COMMENT 'The underlying it is keyed by; empty on broadcast control records. [text]',
    `contract` LowCardinality(String) CODEC(ZSTD(1)) COMMENT 'Series: root padded to 6, YYMMDD, C or P, strike in 8 digits. [text]',
    `price` Decimal(18, 9) CODEC(Delta, ZSTD(1)) COMMENT 'Trade price per share; the close of a bar. [USD]',
    `price_low` Nullable(Decimal(18, 9)) CODEC(Delta, ZSTD(1)) COMMENT 'Lowest price of a bar; absent on a trade. [USD; NULL where absent]',
    `price_high` Nullable(Decimal(18, 9)) CODEC(Delta, ZSTD(1)) COMMENT 'Highest price of a bar; absent on a trade. [USD; NULL where absent]',
    `size` Int64 CODEC(T64, ZSTD(1)) COMMENT 'Contracts traded. [contracts]',
    `multiplier` Int32 CODEC(ZSTD(1)) COMMENT 'Shares a contract of this series stands for. [count]',
    `venue` LowCardinality(String) CODEC(ZSTD(1)) COMMENT 'Letter of the executing exchange; empty where unknown. [text]',
    `condition` LowCardinality(String) CODEC(ZSTD(1)) COMMENT 'Case-sensitive sale code; empty where the feed has none. [text]',
    `is_bar` Bool CODEC(ZSTD(1)) COMMENT 'Whether this record is the volume of a bar and not a trade. [true or false]',
    `_partition` UInt16 CODEC(Delta, ZSTD(1)) COMMENT 'Topic partition the record stood in.',
    `_offset` UInt64 CODEC(DoubleDelta, ZSTD(1)) COMMENT 'Offset of the record in that partition.',
    `_day` Date CODEC(Delta, ZSTD(1)) COMMENT 'Day of the log\'s frontier when the record was written.'
)
ENGINE = ReplacingMergeTree
PARTITION BY _day
ORDER BY (underlying, contract, source_ts, _partition, _offset)
COMMENT 'Option trade reports as the feed gave them.';
