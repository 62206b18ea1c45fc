CREATE TABLE IF NOT EXISTS `{database}`.flow_alerts
(
    `seq` Int64 CODEC(DoubleDelta, ZSTD(1)) COMMENT 'Dense number of the record in its topic partition, given by the flow. [sequence number]',
    `emit_ts` DateTime64(9, 'UTC') CODEC(DoubleDelta, ZSTD(1)) COMMENT 'The event time at which the flow could first say this. [UTC]',
    `underlying` LowCardinality(String) CODEC(ZSTD(1)) COMMENT 'The underlying the record is keyed by. [text]',
    `alert_id` String CODEC(ZSTD(1)) COMMENT 'Hash of rule and packet. [hash in hexadecimal]',
    `version` Int32 CODEC(ZSTD(1)) COMMENT 'Version of this claim; the highest one stands. [count]',
    `status` LowCardinality(String) CODEC(ZSTD(1)) COMMENT 'Whether this version is final, a restatement or a retraction. [one of a closed list]',
    `rule_id` LowCardinality(String) CODEC(ZSTD(1)) COMMENT 'The rule that made the claim. [one of a closed list]',
    `rule_version` Int32 CODEC(ZSTD(1)) COMMENT 'Version of the rule. [count]',
    `packet_id` String CODEC(ZSTD(1)) COMMENT 'The flow packet the claim is about. [hash in hexadecimal]',
    `packet_version` Int32 CODEC(ZSTD(1)) COMMENT 'Version of that packet. [count]',
    `contract` LowCardinality(String) CODEC(ZSTD(1)) COMMENT 'The option series of the packet. [text]',
    `kind` LowCardinality(String) CODEC(ZSTD(1)) COMMENT 'Kind of the packet. [one of a closed list]',
    `side` LowCardinality(String) CODEC(ZSTD(1)) COMMENT 'Aggressor side of the packet. [one of a closed list]',
    `size` Int64 CODEC(T64, ZSTD(1)) COMMENT 'Contracts of the packet. [contracts]',
    `premium` Decimal(18, 4) CODEC(T64, ZSTD(1)) COMMENT 'Premium of the packet. [USD]',
    `severity` LowCardinality(String) CODEC(ZSTD(1)) COMMENT 'Rarity of the score over sessions; unrated before five. [one of a closed list]',
    `score` Float64 CODEC(ZSTD(1)) COMMENT 'Strength of the claim, 0 to 1; an order of claims, no probability. [dimensionless]',
    `delta_direction` LowCardinality(String) CODEC(ZSTD(1)) COMMENT 'Direction in price it is consistent with. [one of a closed list]',
    `volatility_direction` LowCardinality(String) CODEC(ZSTD(1)) COMMENT 'Volatility it is consistent with. [one of a closed list]',
    `sentence` String CODEC(ZSTD(1)) COMMENT 'The claim in words, hedged. [text]',
    `evidence` String CODEC(ZSTD(1)) COMMENT 'Print range, arrival quote and inputs behind the claim. [JSON text]',
    `_partition` UInt16 CODEC(Delta, ZSTD(1)) COMMENT 'Topic partition the record stood in.',
    `_offset` UInt64 CODEC(DoubleDelta, ZSTD(1)) COMMENT 'Offset of the record in that partition.',
    `_day` Date CODEC(Delta, ZSTD(1)) COMMENT 'Day of the log\'s frontier when the record was written.'
)
ENGINE = ReplacingMergeTree
PARTITION BY _day
ORDER BY (underlying, emit_ts, _partition, _offset)
COMMENT 'Versioned claims of one rule on one packet that passed the alert score.';
CREATE VIEW IF NOT EXISTS `{database}`.flow_alerts_current AS
SELECT
    seq,
    emit_ts,
    underlying,
    alert_id,
    version,
    status,
    rule_id,
    rule_version,
    packet_id,
    packet_version,
    contract,
    kind,
    side,
    size,
    premium,
    severity,
    score,
    delta_direction,
    volatility_direction,
    sentence,
    evidence,
    _partition,
    _offset,
    _day
FROM `{database}`.flow_alerts
ORDER BY underlying, alert_id, version DESC, _offset DESC
LIMIT 1 BY underlying, alert_id;
