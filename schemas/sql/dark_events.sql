CREATE TABLE IF NOT EXISTS `{database}`.dark_events
(
    `seq` Int64 CODEC(DoubleDelta, ZSTD(1)) COMMENT 'Dense number of the record in its topic partition, given by the flow. [sequence number]',
    `emit_ts` DateTime64(9, 'UTC') CODEC(DoubleDelta, ZSTD(1)) COMMENT 'The event time at which the flow could first say this. [UTC]',
    `underlying` LowCardinality(String) CODEC(ZSTD(1)) COMMENT 'The underlying the record is keyed by. [text]',
    `dark_id` String CODEC(ZSTD(1)) COMMENT 'Hash of the rule and the identity of the print. [hash in hexadecimal]',
    `version` Int32 CODEC(ZSTD(1)) COMMENT 'Version of this claim; the highest one stands. [count]',
    `status` LowCardinality(String) CODEC(ZSTD(1)) COMMENT 'Whether this version is final, a restatement or a retraction. [one of a closed list]',
    `kind` LowCardinality(String) CODEC(ZSTD(1)) COMMENT 'The pattern. [one of a closed list]',
    `rule_version` Int32 CODEC(ZSTD(1)) COMMENT 'Version of the rule. [count]',
    `print_seq` Int64 CODEC(DoubleDelta, ZSTD(1)) COMMENT 'The print in equities.prints, same partition. [sequence number]',
    `source_ts` DateTime64(9, 'UTC') CODEC(DoubleDelta, ZSTD(1)) COMMENT 'Publication time of the print. [UTC]',
    `price` Decimal(18, 9) CODEC(Delta, ZSTD(1)) COMMENT 'Price of the print. [USD]',
    `size` Decimal(18, 6) CODEC(T64, ZSTD(1)) COMMENT 'Size of the print. [shares]',
    `notional` Decimal(18, 4) CODEC(T64, ZSTD(1)) COMMENT 'Price x size. [USD]',
    `placement` LowCardinality(String) CODEC(ZSTD(1)) COMMENT 'Placement of the print. [one of a closed list]',
    `bid` Nullable(Decimal(18, 9)) CODEC(Delta, ZSTD(1)) COMMENT 'Best bid; absent where that side had no quote. [USD; NULL where absent]',
    `ask` Nullable(Decimal(18, 9)) CODEC(Delta, ZSTD(1)) COMMENT 'Best ask; absent where that side had no quote. [USD; NULL where absent]',
    `settled_bid` Nullable(Decimal(18, 9)) CODEC(Delta, ZSTD(1)) COMMENT 'Best bid when the waiting time ended. [USD; NULL where absent]',
    `settled_ask` Nullable(Decimal(18, 9)) CODEC(Delta, ZSTD(1)) COMMENT 'Best ask when the waiting time ended. [USD; NULL where absent]',
    `sentence` String CODEC(ZSTD(1)) COMMENT 'The claim in words, hedged. [text]',
    `evidence` String CODEC(ZSTD(1)) COMMENT 'Thresholds, quotes and the prints seen while waiting. [JSON text]',
    `_partition` UInt16 CODEC(Delta, ZSTD(1)) COMMENT 'Topic partition the record stood in.',
    `_offset` UInt64 CODEC(DoubleDelta, ZSTD(1)) COMMENT 'Offset of the record in that partition.',
    `_day` Date CODEC(Delta, ZSTD(1)) COMMENT 'Day of the log\'s frontier when the record was written.'
)
ENGINE = ReplacingMergeTree
PARTITION BY _day
ORDER BY (underlying, emit_ts, _partition, _offset)
COMMENT 'Inferences from off-exchange prints, each with its evidence.';
CREATE VIEW IF NOT EXISTS `{database}`.dark_events_current AS
SELECT
    seq,
    emit_ts,
    underlying,
    dark_id,
    version,
    status,
    kind,
    rule_version,
    print_seq,
    source_ts,
    price,
    size,
    notional,
    placement,
    bid,
    ask,
    settled_bid,
    settled_ask,
    sentence,
    evidence,
    _partition,
    _offset,
    _day
FROM `{database}`.dark_events
ORDER BY underlying, dark_id, version DESC, _offset DESC
LIMIT 1 BY underlying, dark_id;
