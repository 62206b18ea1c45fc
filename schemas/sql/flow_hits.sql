CREATE TABLE IF NOT EXISTS `{database}`.flow_hits
(
    `seq` Int64 CODEC(DoubleDelta, ZSTD(1)) COMMENT 'Dense number of the record in its topic partition, given by the flow. [sequence number]',
    `emit_ts` DateTime64(9, 'UTC') CODEC(DoubleDelta, ZSTD(1)) COMMENT 'The event time at which the flow could first say this. [UTC]',
    `underlying` LowCardinality(String) CODEC(ZSTD(1)) COMMENT 'The underlying the record is keyed by. [text]',
    `hit_id` String CODEC(ZSTD(1)) COMMENT 'Hash of rule, rule version and packet. [hash in hexadecimal]',
    `version` Int32 CODEC(ZSTD(1)) COMMENT 'Version of this claim; the highest one stands. [count]',
    `status` LowCardinality(String) CODEC(ZSTD(1)) COMMENT 'Whether this version is final, a restatement or a retraction. [one of a closed list]',
    `rule_id` LowCardinality(String) CODEC(ZSTD(1)) COMMENT 'The rule that made the claim. [one of a closed list]',
    `rule_version` Int32 CODEC(ZSTD(1)) COMMENT 'Version of the rule. [count]',
    `packet_id` String CODEC(ZSTD(1)) COMMENT 'The flow packet the claim is about. [hash in hexadecimal]',
    `packet_version` Int32 CODEC(ZSTD(1)) COMMENT 'Version of that packet. [count]',
    `contract` LowCardinality(String) CODEC(ZSTD(1)) COMMENT 'The option series of the packet. [text]',
    `score` Float64 CODEC(ZSTD(1)) COMMENT 'Strength of the claim, 0 to 1; an order of claims, no probability. [dimensionless]',
    `direction` LowCardinality(String) CODEC(ZSTD(1)) COMMENT 'Direction in price it is consistent with. [one of a closed list]',
    `volatility_direction` LowCardinality(String) CODEC(ZSTD(1)) COMMENT 'Volatility it is consistent with. [one of a closed list]',
    `sentence` String CODEC(ZSTD(1)) COMMENT 'The claim in words, hedged. [text]',
    `inputs` String CODEC(ZSTD(1)) COMMENT 'The columns the rule read and its thresholds. [JSON text]',
    `reason` LowCardinality(String) CODEC(ZSTD(1)) COMMENT 'What made this version: none for the first. [one of a closed list]',
    `_partition` UInt16 CODEC(Delta, ZSTD(1)) COMMENT 'Topic partition the record stood in.',
    `_offset` UInt64 CODEC(DoubleDelta, ZSTD(1)) COMMENT 'Offset of the record in that partition.',
    `_day` Date CODEC(Delta, ZSTD(1)) COMMENT 'Day of the log\'s frontier when the record was written.'
)
ENGINE = ReplacingMergeTree
PARTITION BY _day
ORDER BY (underlying, rule_id, emit_ts, _partition, _offset)
COMMENT 'One rule that held on one packet, with the inputs it saw.';
CREATE VIEW IF NOT EXISTS `{database}`.flow_hits_current AS
SELECT
    seq,
    emit_ts,
    underlying,
    hit_id,
    version,
    status,
    rule_id,
    rule_version,
    packet_id,
    packet_version,
    contract,
    score,
    direction,
    volatility_direction,
    sentence,
    inputs,
    reason,
    _partition,
    _offset,
    _day
FROM `{database}`.flow_hits
ORDER BY underlying, hit_id, version DESC, _offset DESC
LIMIT 1 BY underlying, hit_id;
