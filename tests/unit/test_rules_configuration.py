"""Configuration of thresholds: what is refused and how, where it stands in the log, what is shown of it."""

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.configuration import options_config, read_configuration
from cli.main import app
from connectors.configured import Configured, configured
from connectors.errors import UserError
from connectors.feed import Feed
from connectors.feeds.synthetic import SyntheticFeed
from connectors.ingest import build_feed
from connectors.publish_rows import Assembler, Progress, identity_of
from connectors.settings import Settings
from dataflows.analytics.alerts_config import SETTINGS as ALERTS
from dataflows.analytics.options_config import PARENTS, OptionsConfig
from dataflows.analytics.rules.original import ANALYTICS, FATES, KEPT, PLATFORM
from dataflows.analytics.rules.reference import classifier_reference
from dataflows.analytics.rules.table import RULES
from schemas.columns import to_rows

CONFIGURATION = {"options": {"rules": {"call_sweep": {"premium_usd": 70_000}}}}
SPEC = {"feed": "synthetic", "profile": "quiet", "seed": 1, "minutes": 1}
WRONG: dict[str, tuple[str, ...]] = {
    "equities = 1": ("the configuration", "'equities'", "options"),
    "[options.rule]": ("options", "'rule'", "alerts, parents, rules"),
    "options = 3": ("options", "3", "table"),
    "[options.rules.calls]": ("options.rules", "'calls'", "call_sweep"),
    "[options.rules]\ncall_sweep = 5": ("options.rules.call_sweep", "5", "table", "premium_usd"),
    "[options.rules.call_sweep]\npremum_usd = 1": ("options.rules.call_sweep", "'premum_usd'", "premium_usd"),
    "[options.rules.call_sweep]\npremium_usd = 1": ("call_sweep.premium_usd", "1", "from 1000 to", "USD"),
    "[options.rules.call_sweep]\npremium_usd = '9'": ("call_sweep.premium_usd", "'9'", "a number"),
    "[options.rules.call_sweep]\npremium_usd = true": ("call_sweep.premium_usd", "True", "a number"),
    "[options.rules.call_sweep]\npremium_usd = nan": ("call_sweep.premium_usd", "nan", "a number"),
    "[options.rules.call_sweep]\nvenue_count = 2.5": ("call_sweep.venue_count", "2.5", "whole number"),
    "[options.rules.call_sweep]\nvenue_count = 9\nvenue_count_full = 4": (
        "options.rules.call_sweep",
        "venue_count is 9",
        "venue_count_full is 4",
        "less than",
    ),
    "[options.rules.far_dated]\ndays = 2024-01-01": ("far_dated.days", "2024", "whole number"),
    "[options.rules.new_position]\nopened_share = 0.4": ("new_position.opened_share", "0.4", "0.51"),
    "[options.parents]\nsweep_gap = 1": ("options.parents", "'sweep_gap'", "sweep_gap_ms"),
    "[options.parents]\nsweep_gap_ms = 0": ("options.parents.sweep_gap_ms", "0", "from 1"),
    "[options.parents]\nsweep_gap_ms = 900": ("sweep_gap_ms is 900", "sweep_span_ms is 250", "at most"),
    "[options.alerts]\nscore = 1.5": ("options.alerts.score", "1.5", "from 0 to 1"),
    "[options": ("no TOML",),
}


def write(folder: Path, text: str) -> Path:
    path = folder / "thresholds.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("text", WRONG, ids=lambda t: t.replace("\n", " "))
def test_what_is_wrong_is_said_in_one_sentence(tmp_path: Path, text: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(UserError) as refused:
        read_configuration(path)
    said = str(refused.value)
    assert said.startswith(f"--config {path}: ") and "\n" not in said
    for part in WRONG[text]:
        assert part in said
    assert refused.value.exit_code == 2


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    for path in (tmp_path / "absent.toml", tmp_path):
        with pytest.raises(UserError, match="cannot be read"):
            read_configuration(path)
    broken = tmp_path / "broken.toml"
    broken.write_bytes(b"\xff\xfe")
    with pytest.raises(UserError, match="UTF-8"):
        read_configuration(broken)
    broken.write_bytes(b"#" * 1_000_001)
    with pytest.raises(UserError, match="at most 1,000,000"):
        read_configuration(broken)


@pytest.mark.parametrize("rule", RULES, ids=lambda r: str(r.rule_id))
def test_every_threshold_can_be_set_within_its_range_and_not_beyond(rule: Any) -> None:
    for setting in rule.settings:
        for value in (setting.low, setting.high):
            given = {setting.name: int(value) if setting.is_whole else value}
            for relation in rule.relations:  # move the partner out of the way
                ends = {s.name: s for s in rule.settings}
                if setting.name == relation.lesser:
                    given[relation.greater] = int(ends[relation.greater].high)
                if setting.name == relation.greater:
                    given[relation.lesser] = int(ends[relation.lesser].low)
            assert rule.tuned(given).thresholds[setting.name] == value
        for value in (setting.low - 1, setting.high + 1):
            with pytest.raises(ValueError, match=setting.name):
                rule.tuned({setting.name: int(value) if setting.is_whole else value})


def test_what_is_given_lies_over_the_defaults(tmp_path: Path) -> None:
    given = read_configuration(write(tmp_path, "[options.rules.call_sweep]\npremium_usd = 70_000"))
    assert given == CONFIGURATION
    tuned, plain = options_config(given), OptionsConfig.read({})
    assert tuned.rules[0].thresholds == plain.rules[0].thresholds | {"premium_usd": 70_000}
    assert tuned.rules[1:] == plain.rules[1:]
    assert (tuned.limits, tuned.alerts) == (plain.limits, plain.alerts)
    assert read_configuration(None) == {}
    assert OptionsConfig.of_session({"configuration": given}).rules == tuned.rules
    assert OptionsConfig.of_session({}).rules == plain.rules


def session_detail(feed: Feed) -> dict[str, Any]:
    rows = Assembler(feed, Progress.fresh(feed.inputs)).assemble(next(iter(feed.chunks())), 0)
    found = [r["detail"] for r in to_rows(rows["reference"].batch) if r["kind"] == "session"]
    detail: dict[str, Any] = json.loads(found[0])
    return detail


def test_a_configuration_stands_in_the_record_of_the_session() -> None:
    plain, tuned = build_feed(SPEC), build_feed({**SPEC, "configuration": CONFIGURATION})
    one, two = session_detail(plain), session_detail(tuned)
    assert one["configuration"] == {}
    assert two == one | {"configuration": CONFIGURATION}
    assert OptionsConfig.of_session(two).rules[0].thresholds["premium_usd"] == 70_000


def test_another_configuration_is_another_input() -> None:
    feed = SyntheticFeed("quiet", 1, 1)
    assert configured(feed, {}) is feed and configured(feed, None) is feed
    other = {"options": {"rules": {"call_sweep": {"premium_usd": 80_000}}}}
    feeds = (feed, Configured(feed, CONFIGURATION), Configured(feed, other))
    assert len({identity_of(f) for f in feeds}) == 3
    tuned = Configured(feed, CONFIGURATION)
    for name in ("inputs", "symbols", "heartbeat_ns", "capabilities", "name", "is_synthetic"):
        assert getattr(tuned, name) == getattr(feed, name)
    assert tuned.share_done == -1.0


def shown(*arguments: str) -> list[dict[str, Any]]:
    result = CliRunner().invoke(app, ["classifiers", "--json", *arguments])
    assert result.exit_code == 0, result.output
    rules: list[dict[str, Any]] = json.loads(result.stdout)
    return rules


def test_the_command_shows_the_thresholds_in_force(tmp_path: Path) -> None:
    plain = shown()
    assert [r["rule_id"] for r in plain] == [r.rule_id for r in RULES]
    for rule, found in zip(RULES, plain, strict=True):
        assert {t["name"]: t["value"] for t in found["thresholds"]} == rule.thresholds
        assert [c["label"] for c in found["conditions"]] == [c.label for c in rule.conditions]
        assert found["inputs"] == list(rule.inputs)
    tuned = shown("--config", str(write(tmp_path, "[options.rules.call_sweep]\npremium_usd = 70_000")))
    assert tuned[1:] == plain[1:]
    bound = next(c for c in tuned[0]["conditions"] if c["label"] == "premium_usd")
    assert bound["bound"] == 70_000


def test_the_tables_name_every_rule() -> None:
    result = CliRunner().invoke(app, ["classifiers"], env={"COLUMNS": "200"})
    assert result.exit_code == 0
    assert all(f"{r.rule_id} {r.version}" in result.stdout for r in RULES)


def test_the_reference_holds_every_rule_threshold_and_reason() -> None:
    text = classifier_reference()
    for rule in RULES:
        section = text.split(f"\n## {rule.rule_id}\n", 1)[1].split("\n## ", 1)[0]
        assert rule.claim in section and rule.source in section
        for setting in rule.settings:
            assert f"| `{setting.name}` | " in section and setting.doc in section
        for condition in rule.conditions:
            assert f"| {condition.words} | " in section
    for setting in (*PARENTS, *ALERTS):
        assert f"| `{setting.name}` | " in text


def test_the_example_of_the_reference_is_a_configuration() -> None:
    example = classifier_reference().split("```toml\n", 1)[1].split("```", 1)[0]
    given = tomllib.loads(example)
    assert options_config(given).rules[0].thresholds["venue_count"] == 3


def test_the_fate_of_each_variable_is_told_once_and_leads_somewhere() -> None:
    table = (*ANALYTICS, *PLATFORM)
    names = [n for v in table for n in v.names]
    assert len(set(names)) == len(names)
    groups = (
        "CLASSIFIER_",
        "DARK_INFER_",
        "ROLLING_",
        "CANDLE_",
        "REPLAY_",
        "ALPACA_",
        "DATABENTO_",
        "IBKR_",
    )
    counts = {g: sum(n.startswith(g) for n in names) for g in groups}
    assert counts == dict(zip(groups, (13, 8, 2, 5, 7, 11, 11, 10), strict=True))
    paths = {f"options.rules.{r.rule_id}.{s.name}" for r in RULES for s in r.settings}
    paths |= {f"options.parents.{s.name}" for s in PARENTS}
    variables = {str(a) for f in Settings.model_fields.values() if f.validation_alias for a in _aliases(f)}
    for entry in table:
        assert entry.fate in FATES and entry.why.endswith(".")
        assert bool(entry.now) == (entry.fate != "dropped")
        if entry.now.startswith("options."):
            assert entry.now in paths, entry
        elif entry.now.isupper():
            assert entry.now in variables, entry
    assert {n for v in table if v.fate == KEPT for n in v.names} >= {"CLICKHOUSE_URL", "REDIS_URL"}


def _aliases(field: Any) -> list[Any]:
    return list(field.validation_alias.choices)
