"""What a run did: inputs, outputs, archive, and whether everything is accounted for.

Owns the summary file and the table printed at the end. Every number is read back from the log and from
the tables, none is remembered.
"""

from typing import Any

import clickhouse_connect
from rich.table import Table

from connectors.registry import BUILT_IN_CODEC, Codec
from connectors.scan import digest, feed_totals, final_progress, log_sizes
from schemas.topics import DERIVED_TOPICS, RAW_TOPICS

INPUTS = [t.name for t in RAW_TOPICS if t.name != "reference"]


def archived_rows(clickhouse_url: str, namespace: str) -> dict[str, int]:
    """Return the rows of each output table."""
    client = clickhouse_connect.get_client(dsn=clickhouse_url, autogenerate_session_id=False)
    try:
        return {
            t.table: int(str(client.command(f"SELECT count() FROM `{namespace}`.{t.table}")))
            for t in DERIVED_TOPICS
        }
    finally:
        client.close()


def input_counts(
    bootstrap: str, namespace: str, present: list[str], codec: Codec = BUILT_IN_CODEC
) -> dict[str, dict[str, int]]:
    """Return the counters of every input topic.

    `published` are the data records in the log; `read` and `rejected` are the feed's own totals. Records
    that another writer put into the log are `foreign` and named only where there are any.
    """
    feed = feed_totals(bootstrap, namespace, codec) or {}
    flow = final_progress(bootstrap, namespace, codec)
    sizes = log_sizes(bootstrap, namespace, present)
    counts: dict[str, dict[str, int]] = {}
    for topic in present:
        done = flow.get(topic, dict.fromkeys(("processed", "late", "duplicate", "deadletter", "control"), 0))
        published = sizes[topic] - done["control"]
        by_feed = int(feed.get("published", {}).get(topic, 0))
        row = {
            "read": int(feed.get("read", {}).get(topic, 0)),
            "rejected": int(feed.get("rejected", {}).get(topic, 0)),
            "published": published,
        }
        row |= {k: done[k] for k in ("processed", "late", "duplicate", "deadletter")}
        if published != by_feed:
            row["foreign"] = published - by_feed
        counts[topic] = row
    return counts


def is_conserved(inputs: dict[str, Any], outputs: dict[str, Any], archive: dict[str, int]) -> bool:
    """Tell whether everything read is accounted for, from the feed to the tables."""
    for row in inputs.values():
        if row["read"] != row["published"] - row.get("foreign", 0) + row["rejected"]:
            return False
        if row["published"] != row["processed"] + row["late"] + row["duplicate"] + row["deadletter"]:
            return False
    return all(archive[t.table] == outputs[t.name]["records"] for t in DERIVED_TOPICS)


def summarise(
    bootstrap: str,
    clickhouse_url: str,
    namespace: str,
    feed: str,
    elapsed_s: float,
    present: list[str],
    *,
    codec: Codec = BUILT_IN_CODEC,
) -> dict[str, Any]:
    """Read the log and the tables of a finished run and return its summary."""
    inputs = input_counts(bootstrap, namespace, present, codec)
    outputs = {}
    for topic in DERIVED_TOPICS:
        records, sha = digest(bootstrap, namespace, topic, codec)
        outputs[topic.name] = {"records": records, "digest": sha}
    archive = archived_rows(clickhouse_url, namespace)
    events = sum(row["published"] for row in inputs.values())
    return {
        "feed": feed,
        "namespace": namespace,
        "elapsed_s": round(elapsed_s, 3),
        "events": events,
        "events_per_s": round(events / elapsed_s, 1) if elapsed_s > 0 else 0.0,
        "conserved": is_conserved(inputs, outputs, archive),
        "inputs": inputs,
        "outputs": outputs,
        "archive": archive,
    }


def tables(summary: dict[str, Any]) -> list[Table]:
    """Draw a summary for a terminal."""
    columns = ["read", "rejected", "published", "processed", "late", "duplicate", "deadletter"]
    first = Table("input", *columns, title=f"{summary['namespace']}: inputs", title_justify="left")
    for name in columns:
        first.columns[1 + columns.index(name)].justify = "right"
    for topic, row in summary["inputs"].items():
        first.add_row(topic, *(f"{row[c]:,}" for c in columns))
    second = Table("output", "records", "archived", "digest", title="outputs", title_justify="left")
    second.columns[1].justify = second.columns[2].justify = "right"
    for topic in DERIVED_TOPICS:
        out = summary["outputs"][topic.name]
        archived = f"{summary['archive'][topic.table]:,}"
        second.add_row(topic.name, f"{out['records']:,}", archived, out["digest"][:23] + "…")
    return [first, second]
