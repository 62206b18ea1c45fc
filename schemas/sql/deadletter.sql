CREATE TABLE IF NOT EXISTS `{database}`.deadletter
(
    `seq` Int64 CODEC(DoubleDelta, ZSTD(1)) COMMENT 'Dense number of the record in its topic partition, given by the flow. [sequence number]',
    `emit_ts` DateTime64(9, 'UTC') CODEC(DoubleDelta, ZSTD(1)) COMMENT 'The event time at which the flow could first say this. [UTC]',
    `underlying` LowCardinality(String) CODEC(ZSTD(1)) COMMENT 'The underlying the record is keyed by. [text]',
    `reason` LowCardinality(String) CODEC(ZSTD(1)) COMMENT 'Why the record was refused. [one of a closed list]',
    `source_topic` LowCardinality(String) CODEC(ZSTD(1)) COMMENT 'The raw topic the record stood in or was meant for. [text]',
    `source_seq` Nullable(Int64) CODEC(DoubleDelta, ZSTD(1)) COMMENT 'Its sequence number, if it could be read. [sequence number; NULL where absent]',
    `after_seq` Nullable(Int64) CODEC(DoubleDelta, ZSTD(1)) COMMENT 'The last good sequence number before it. [sequence number; NULL where absent]',
    `ordinal` Int64 CODEC(T64, ZSTD(1)) COMMENT 'How many refused records stand between that one and this one. [count]',
    `detail` String CODEC(ZSTD(1)) COMMENT 'What was wrong, and where in the source it stood. [text]',
    `length` Int64 CODEC(T64, ZSTD(1)) COMMENT 'Bytes of the record. [count]',
    `sha256` String CODEC(ZSTD(1)) COMMENT 'SHA-256 of the record, in hexadecimal. [text]',
    `head` String CODEC(ZSTD(1)) COMMENT 'The first 4096 bytes, base64. [text]',
    `_partition` UInt16 CODEC(Delta, ZSTD(1)) COMMENT 'Topic partition the record stood in.',
    `_offset` UInt64 CODEC(DoubleDelta, ZSTD(1)) COMMENT 'Offset of the record in that partition.',
    `_day` Date CODEC(Delta, ZSTD(1)) COMMENT 'Day of the log\'s frontier when the record was written.'
)
ENGINE = ReplacingMergeTree
PARTITION BY _day
ORDER BY (emit_ts, _partition, _offset)
COMMENT 'Everything that could not be taken, with where it stood and why.';
