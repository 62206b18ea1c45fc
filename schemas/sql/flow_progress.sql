CREATE TABLE IF NOT EXISTS `{database}`.flow_progress
(
    `seq` Int64 CODEC(DoubleDelta, ZSTD(1)) COMMENT 'Dense number of the record in its topic partition, given by the flow. [sequence number]',
    `emit_ts` DateTime64(9, 'UTC') CODEC(DoubleDelta, ZSTD(1)) COMMENT 'The event time at which the flow could first say this. [UTC]',
    `underlying` LowCardinality(String) CODEC(ZSTD(1)) COMMENT 'The underlying the record is keyed by. [text]',
    `input` LowCardinality(String) CODEC(ZSTD(1)) COMMENT 'The raw topic counted. [text]',
    `processed` Int64 CODEC(T64, ZSTD(1)) COMMENT 'Data records applied in order. [count]',
    `late` Int64 CODEC(T64, ZSTD(1)) COMMENT 'Data records at or below the frontier at their log position. [count]',
    `duplicate` Int64 CODEC(T64, ZSTD(1)) COMMENT 'Records whose sequence number had been seen. [count]',
    `deadletter` Int64 CODEC(T64, ZSTD(1)) COMMENT 'Records refused, with a row in deadletter. [count]',
    `control` Int64 CODEC(T64, ZSTD(1)) COMMENT 'Heartbeats, session, gap and end records. [count]',
    `is_final` Bool CODEC(ZSTD(1)) COMMENT 'Whether the inputs of the shard have ended. [true or false]',
    `_partition` UInt16 CODEC(Delta, ZSTD(1)) COMMENT 'Topic partition the record stood in.',
    `_offset` UInt64 CODEC(DoubleDelta, ZSTD(1)) COMMENT 'Offset of the record in that partition.',
    `_day` Date CODEC(Delta, ZSTD(1)) COMMENT 'Day of the log\'s frontier when the record was written.'
)
ENGINE = ReplacingMergeTree
PARTITION BY _day
ORDER BY (emit_ts, _partition, _offset)
COMMENT 'What a shard of the market flow has done so far, per input topic.';
