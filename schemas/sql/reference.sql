CREATE TABLE IF NOT EXISTS `{database}`.reference
(
    `kind` LowCardinality(String) CODEC(ZSTD(1)) COMMENT 'What the record is: data, or one of the control records of the log. [one of a closed list]',
    `seq` Int64 CODEC(DoubleDelta, ZSTD(1)) COMMENT 'Dense number of the record in its topic partition, given by the feed. [sequence number]',
    `source_ts` DateTime64(9, 'UTC') CODEC(DoubleDelta, ZSTD(1)) COMMENT 'When the record was published by its source; it drives event time. [UTC]',
    `event_ts` DateTime64(9, 'UTC') CODEC(DoubleDelta, ZSTD(1)) COMMENT 'When it happened; it chooses the quote. source_ts where unknown. [UTC]',
    `underlying` LowCardinality(String) CODEC(ZSTD(1)) COMMENT 'The underlying it is keyed by; empty on broadcast control records. [text]',
    `name` LowCardinality(String) CODEC(ZSTD(1)) COMMENT 'Which reference record this is. [one of a closed list]',
    `ingest_ts` Nullable(DateTime64(9, 'UTC')) CODEC(DoubleDelta, ZSTD(1)) COMMENT 'Wall time at which a heartbeat was written. [UTC; NULL where absent]',
    `detail` String CODEC(ZSTD(1)) COMMENT 'Session, inputs, capabilities, checkpoint or refused row. [JSON text]',
    `_partition` UInt16 CODEC(Delta, ZSTD(1)) COMMENT 'Topic partition the record stood in.',
    `_offset` UInt64 CODEC(DoubleDelta, ZSTD(1)) COMMENT 'Offset of the record in that partition.',
    `_day` Date CODEC(Delta, ZSTD(1)) COMMENT 'Day of the log\'s frontier when the record was written.'
)
ENGINE = ReplacingMergeTree
PARTITION BY _day
ORDER BY (source_ts, _partition, _offset)
COMMENT 'Sessions, configuration, capabilities, gaps and refusals; broadcast to every shard.';
