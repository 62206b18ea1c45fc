"""Generated files: fresh, complete, and readable by what they are for."""

import json
from pathlib import Path

import fastavro
import pytest

from cli.generate import ROOT, all_files, orphans, stale_files, write_files
from schemas.columns import empty, from_rows, to_json_rows
from schemas.generate import json_schema
from schemas.kinds import ENUMS
from schemas.topics import TOPICS, Topic

FILES = all_files()


def test_committed_files_are_fresh() -> None:
    assert stale_files() == [], "run `python -m cli.generate`"


def test_the_check_sees_edits_gaps_and_orphans(tmp_path: Path) -> None:
    assert set(write_files(tmp_path)) == set(FILES)
    assert write_files(tmp_path) == []
    (tmp_path / "docs/events.md").write_text("edited")
    (tmp_path / "schemas/sql/reference.sql").unlink()
    (tmp_path / "schemas/avro/gone.avsc").write_text("{}")
    expected = ["docs/events.md", "schemas/avro/gone.avsc", "schemas/sql/reference.sql"]
    assert stale_files(tmp_path) == expected
    assert orphans(tmp_path) == ["schemas/avro/gone.avsc"]
    assert write_files(tmp_path) == expected
    assert stale_files(tmp_path) == []


@pytest.mark.parametrize("topic", TOPICS, ids=lambda t: t.name)
def test_every_topic_and_field_says_what_it_is(topic: Topic) -> None:
    assert topic.doc.endswith(".")
    assert len(set(topic.field_names)) == len(topic.fields)
    assert set(topic.sort_key) <= set(topic.field_names)
    assert topic.time_field in topic.field_names
    for field in topic.fields:
        assert field.doc.endswith(".") and len(field.doc) > 5, field.name
        assert field.unit, field.name
        assert field.absent is None or not field.is_enum, field.name


@pytest.mark.parametrize("topic", TOPICS, ids=lambda t: t.name)
def test_every_topic_is_in_every_reference(topic: Topic) -> None:
    assert fastavro.parse_schema(json.loads((ROOT / f"schemas/avro/{topic.name}.avsc").read_text()))
    sql, page = FILES[f"schemas/sql/{topic.table}.sql"], FILES["docs/events.md"]
    types = FILES["frontend/src/generated/schema.ts"]
    assert f"\n## {topic.name}\n" in page
    assert f'"{topic.name}": {topic.record_name}Row;' in types
    section = page.split(f"\n## {topic.name}\n", 1)[1].split("\n## ", 1)[0]
    for field in topic.fields:
        assert f"| `{field.name}` | {field.doc} |" in section
        assert f"`{field.name}` " in sql
        assert f"/** {field.doc} [" in types


def test_every_vocabulary_is_in_the_page_and_the_types() -> None:
    for name, symbols in ENUMS.items():
        assert f"export type {name} = " in FILES["frontend/src/generated/schema.ts"]
        assert f"### {name}\n\n{', '.join(f'`{s}`' for s in symbols)}" in FILES["docs/events.md"]


@pytest.mark.parametrize("topic", TOPICS, ids=lambda t: t.name)
def test_the_json_form_is_what_its_schema_says(topic: Topic) -> None:
    schema = json_schema(topic)
    zeros = {"int32": 1, "int64": 1, "float64": 0.5, "bool": True}
    blank = empty(topic)
    row = {
        f.name: f.symbols[0] if f.is_enum else zeros.get(str(getattr(blank[f.name], "dtype", "")), "x")
        for f in topic.fields
    }
    absent = {f.name: f.absent for f in topic.fields if f.absent is not None}
    for written in to_json_rows(from_rows(topic, [row, {**row, **absent}])):
        assert set(written) == set(schema["required"]) == set(schema["properties"])
        for name, value in written.items():
            assert fits(value, schema["properties"][name]), name


def fits(value: object, schema: dict[str, object]) -> bool:
    """The part of JSON Schema that ours use."""
    if "enum" in schema:
        return value in list(schema["enum"])  # type: ignore[call-overload]
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    python = {"integer": int, "number": float, "string": str, "boolean": bool, "null": type(None)}
    return type(value) in [python[str(kind)] for kind in kinds]
