"""Schema ids from a registry: over a real socket, and through the whole pipeline."""

from __future__ import annotations

import io
import json
import shutil
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import clickhouse_connect
import fastavro
import pytest

from api.hub import Hub
from api.reader import Reader
from cli import query
from cli.summary import summarise
from connectors import registry
from connectors.errors import ServiceError, UserError
from connectors.publish import publish
from connectors.registry import Codec, codec_for, subject_of
from connectors.registry_rest import Rest
from connectors.scan import digest
from connectors.settings import load_settings
from schemas import codec as plain
from schemas.codec import avro_schema, header
from schemas.columns import Batch, field_type, from_rows, to_rows
from schemas.topics import DERIVED_TOPICS, RAW_TOPICS, TOPIC, TOPICS, Topic

if TYPE_CHECKING:
    from tests.integration.conftest import Lab, Published

MEDIA_TYPE = "application/vnd.schemaregistry.v1+json"
PRINTS = TOPIC["options.prints"]
QUICK_S = 0.3
WAIT_S = 20.0
GONE = "http://someone:secret@127.0.0.1:9"


@dataclass
class Shelf:
    """What a registry keeps: schemas by id, ids by subject; and what it was asked."""

    schemas: dict[int, str] = field(default_factory=dict)
    subjects: dict[str, list[int]] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    failures: list[tuple[int, bytes]] = field(default_factory=list)
    url: str = ""

    def put(self, schema: Any) -> int:
        """Return the id of a schema; equal schemas have one id, whatever their subject."""
        text = json.dumps(schema)
        for number, known in self.schemas.items():
            if known == text:
                return number
        self.schemas[len(self.schemas) + 1] = text
        return len(self.schemas)

    def look_up(self, subject: str, schema: Any) -> tuple[int, dict[str, Any]]:
        if subject not in self.subjects:
            return 404, {"error_code": 40401, "message": f"Subject '{subject}' not found."}
        number = self.put(schema)
        if number not in self.subjects[subject]:
            return 404, {"error_code": 40403, "message": "Schema not found"}
        return 200, {"subject": subject, "id": number, "version": 1, "schema": json.dumps(schema)}

    def add(self, subject: str, schema: Any) -> tuple[int, dict[str, Any]]:
        number = self.put(schema)
        self.subjects.setdefault(subject, []).append(number)
        return 200, {"id": number}

    def of_id(self, number: int) -> tuple[int, dict[str, Any]]:
        if number not in self.schemas:
            return 404, {"error_code": 40403, "message": f"Schema {number} not found"}
        return 200, {"schema": self.schemas[number]}

    def count(self, method: str, path: str = "") -> int:
        return sum(m == method and p.startswith(path) for m, p in self.asked)


class Handler(BaseHTTPRequestHandler):
    """The paths of a registry that clients use."""

    def __init__(self, *args: Any, shelf: Shelf) -> None:
        self.shelf = shelf
        super().__init__(*args)

    def do_GET(self) -> None:
        match self.path.split("/"):
            case ["", "schemas", "ids", number]:
                self.answer(*self.shelf.of_id(int(number)))
            case _:
                self.answer(404, {"error_code": 404, "message": "HTTP 404 Not Found"})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        schema = json.loads(body["schema"])
        fastavro.parse_schema(schema)
        assert self.headers["Content-Type"] == MEDIA_TYPE
        match self.path.split("/"):
            case ["", "subjects", subject]:
                self.answer(*self.shelf.look_up(subject, schema))
            case ["", "subjects", subject, "versions"]:
                self.answer(*self.shelf.add(subject, schema))

    def answer(self, status: int, found: Any) -> None:
        self.shelf.asked.append((self.command, self.path))
        body = json.dumps(found).encode()
        if self.shelf.failures:
            status, body = self.shelf.failures.pop(0)
        self.send_response(status)
        self.send_header("Content-Type", MEDIA_TYPE)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Stay quiet."""


@pytest.fixture
def shelf() -> Iterator[Shelf]:
    """A registry on a socket of its own."""
    made = Shelf()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, shelf=made))
    made.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield made
    server.shutdown()
    thread.join()
    server.server_close()


def codec_at(url: str) -> Codec:
    return Codec(Rest(url, patience_s=QUICK_S))


def prints(count: int) -> Batch:
    """Option prints without content, numbered."""
    row: dict[str, Any] = {}
    for f in PRINTS.fields:
        kind = field_type(f)
        row[f.name] = f.symbols[0] if f.is_enum else "x" if kind is None else kind()
    return from_rows(PRINTS, [row | {"seq": n} for n in range(count)])


def test_a_topic_is_written_under_the_id_of_its_subject(shelf: Shelf) -> None:
    shelf.put({"type": "string"})
    one, two = codec_at(shelf.url), codec_at(shelf.url)
    one.register("alpha", [t.name for t in TOPICS])
    assert list(shelf.subjects) == [f"alpha.{t.name}-value" for t in TOPICS]
    assert [shelf.schemas[n[0]] for n in shelf.subjects.values()] == [
        json.dumps(avro_schema(t)) for t in TOPICS
    ]
    (value,) = one.encode(prints(1))
    assert value[:5] == header(shelf.subjects[subject_of("alpha", PRINTS.name)][0])
    assert value[5:] == plain.encode(prints(1))[0][5:]
    before = shelf.count("POST", "/subjects/alpha.options.prints-value/versions")
    two.register("alpha", [PRINTS.name])
    assert two.encode(prints(1)) == [value]
    assert shelf.count("POST", "/subjects/alpha.options.prints-value/versions") == before == 1
    two.register("beta", [PRINTS.name])
    assert two.encode(prints(1)) == [value]


def test_an_unknown_id_is_asked_for_once(shelf: Shelf) -> None:
    writing, reading = codec_at(shelf.url), codec_at(shelf.url)
    writing.register("alpha", [PRINTS.name])
    values = writing.encode(prints(5))
    for _ in range(3):
        decoded = reading.decode(PRINTS, [*values, header(77) + b"x", b"?", b"\0\0"])
        assert to_rows(decoded.batch) == to_rows(prints(5))
        assert [(b.index, b.reason) for b in decoded.bad] == [
            (5, "unknown_schema"),
            (6, "bad_magic"),
            (7, "undecodable"),
        ]
    assert shelf.count("GET") == 2
    assert reading.decode(PRINTS, plain.encode(prints(2))).bad == ()
    assert shelf.count("GET") == 2


def test_a_record_of_another_version_is_projected(shelf: Shelf) -> None:
    schema = avro_schema(PRINTS)
    added = {"name": "colour", "type": "string", "default": "", "doc": "", "unit": ""}
    theirs = {**schema, "fields": [*schema["fields"], added]}
    other = shelf.put(theirs)
    body = io.BytesIO()
    row = to_rows(prints(1))[0] | {"colour": "blue"}
    symbols = {f.name: f.symbols for f in PRINTS.fields if f.is_enum}
    row |= {n: s[row[n]] for n, s in symbols.items() if isinstance(row[n], int)}
    fastavro.schemaless_writer(body, fastavro.parse_schema(theirs), row)
    decoded = codec_at(shelf.url).decode(PRINTS, [header(other) + body.getvalue()])
    assert to_rows(decoded.batch) == to_rows(prints(1))


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string"},
        "long",
        {"type": "record", "name": "OptionsPrints", "fields": []},
        {**avro_schema(PRINTS), "namespace": "elsewhere"},
        {**avro_schema(PRINTS), "fields": [{"name": "seq", "type": ["null", "long"]}]},
        {**avro_schema(PRINTS), "fields": [3]},
        avro_schema(TOPIC["flow.hits"]),
    ],
)
def test_a_schema_of_something_else_is_an_unknown_schema(shelf: Shelf, schema: Any) -> None:
    value = header(shelf.put(schema)) + plain.encode(prints(1))[0][5:]
    decoded = codec_at(shelf.url).decode(PRINTS, [value])
    assert [b.reason for b in decoded.bad] == ["unknown_schema"]


def test_the_cache_is_bounded(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "CACHE_MAX", 3)
    codec = codec_at(shelf.url)
    codec.register("alpha", [PRINTS.name])
    for n in range(70, 80):
        codec.learn([header(n)])
        assert len(codec._asked) <= 3
    assert shelf.count("GET") == 10
    assert codec.decode(PRINTS, codec.encode(prints(1))).bad == ()
    assert shelf.count("GET") == 10


def test_a_registry_that_is_down_at_the_start_is_named(shelf: Shelf) -> None:
    with pytest.raises(ServiceError, match="SCHEMA_REGISTRY_URL") as failed:
        codec_at(GONE).register("alpha", [PRINTS.name])
    assert "secret" not in str(failed.value)


def test_ids_that_are_known_outlive_the_registry(shelf: Shelf) -> None:
    writing, reading = codec_at(shelf.url), codec_at(shelf.url)
    writing.register("alpha", [PRINTS.name])
    values = writing.encode(prints(2))
    assert len(reading.decode(PRINTS, values).batch) == 2
    shelf.failures = [(503, b"")] * 1000
    for codec in (writing, reading):
        assert len(codec.decode(PRINTS, values).batch) == 2
    with pytest.raises(ServiceError, match="SCHEMA_REGISTRY_URL"):
        reading.decode(PRINTS, [*values, header(77) + b"x"])
    assert len(reading.read(PRINTS, [*values, header(77) + b"x"]).batch) == 2
    asked = len(shelf.asked)
    with pytest.raises(ServiceError, match="SCHEMA_REGISTRY_URL"):
        reading.learn([header(78)])
    assert len(shelf.asked) == asked, "it was asked again right after a failure"


def test_a_passing_failure_is_waited_out(shelf: Shelf) -> None:
    shelf.failures = [(503, b""), (429, b"")]
    codec = Codec(Rest(shelf.url, patience_s=5.0))
    codec.register("alpha", [PRINTS.name])
    assert codec.encode(prints(1))[0][:5] == header(1)


@pytest.mark.parametrize(
    ("status", "body", "kind", "said"),
    [
        (404, b"<html>no such page</html>", ServiceError, "no JSON object"),
        (404, b'{"error_code": 404, "message": "HTTP 404"}', ServiceError, "HTTP 404"),
        (401, b'{"error_code": 401, "message": "Unauthorized"}', ServiceError, "Unauthorized"),
        (200, b'{"id": "seven"}', ServiceError, "no id"),
        (200, b"[]", ServiceError, "no JSON object"),
        (409, b'{"error_code": 409, "message": "no"}', UserError, "incompatible"),
    ],
)
def test_an_answer_that_is_none_stops_the_writer(
    shelf: Shelf, status: int, body: bytes, kind: type[Exception], said: str
) -> None:
    shelf.failures = [(status, body)]
    with pytest.raises(kind, match=said):
        codec_at(shelf.url).register("alpha", [PRINTS.name])


@pytest.mark.parametrize("url", ["ftp://registry", "registry:8081", "http://", "http://a:b:c"])
def test_an_address_that_is_none_is_said(url: str) -> None:
    settings = load_settings().model_copy(update={"schema_registry_url": url})
    with pytest.raises(UserError, match="SCHEMA_REGISTRY_URL"):
        codec_for(settings)


@dataclass(frozen=True)
class Whole:
    """A run through feed, flow and archive under the ids of a registry."""

    lab: Lab
    namespace: str
    codec: Codec

    def id_of(self, shelf: Shelf, topic: Topic) -> int:
        return shelf.subjects[subject_of(self.namespace, topic.name)][0]


def under_registry(lab: Lab, shelf: Shelf) -> Lab:
    return replace(lab, env={**lab.env, "SCHEMA_REGISTRY_URL": shelf.url})


def test_a_run_has_the_same_bodies_under_the_ids_of_a_registry(
    lab: Lab, shelf: Shelf, quiet: Published
) -> None:
    there = under_registry(lab, shelf)
    whole = Whole(there, "registered", codec_at(shelf.url))
    spec = json.dumps({"feed": "synthetic", "profile": "quiet", "seed": 7, "minutes": 1, "symbols": ["60"]})
    there.finish(there.start("connectors.ingest", "--namespace", "registered", "--spec", spec))
    there.finish(*there.start_flow("registered", "registered"))
    there.finish(there.start("dataflows.archive", "--namespace", "registered"))
    assert {
        t.name: digest(lab.bootstrap, "registered", t, whole.codec) for t in DERIVED_TOPICS
    } == quiet.digests
    check_headers(whole, shelf, quiet)
    check_tables(whole)
    check_command_line(whole)
    check_gateway(whole)
    check_gateway_without_registry(whole)


def check_headers(whole: Whole, shelf: Shelf, quiet: Published) -> None:
    used = {TOPIC["reference"], *(TOPIC[n] for n in quiet.feed.inputs), *DERIVED_TOPICS}
    assert set(shelf.subjects) == {subject_of("registered", t.name) for t in used}
    for topic in used:
        values = whole.lab.values("registered", topic.name).values()
        heads = {value[:5] for found in values for value in found if value}
        assert heads <= {header(whole.id_of(shelf, topic))}, topic.name


def check_tables(whole: Whole) -> None:
    with clickhouse_connect.get_client(dsn=whole.lab.clickhouse) as client:
        for topic in TOPICS:
            found = client.query(f"SELECT count() FROM registered.{topic.table}").result_rows
            values = whole.lab.values("registered", topic.name).values()
            assert int(found[0][0]) == sum(map(len, values)), topic.name


def check_command_line(whole: Whole) -> None:
    bootstrap, clickhouse = whole.lab.bootstrap, whole.lab.clickhouse
    inputs = [t.name for t in RAW_TOPICS if t.name != "reference"]
    told = summarise(bootstrap, clickhouse, "registered", "synthetic", 1.0, inputs, codec=whole.codec)
    assert told["conserved"] and told["events"] > 1000
    lines = query.tail(bootstrap, "registered", "equities.joins", 3, False, whole.codec)
    assert [json.loads(line)["seq"] is not None for line in lines] == [True] * 3


def check_gateway(whole: Whole) -> None:
    hub = Hub(lambda _: None)
    reader = Reader(whole.lab.bootstrap, "registered", hub, whole.codec)
    reader.start()
    deadline = time.monotonic() + WAIT_S
    while not hub.pulse.has_ended and time.monotonic() < deadline:
        time.sleep(0.02)
    reader.stop()
    assert (hub.pulse.has_ended, reader.unreadable, reader.error) == (True, 0, "")


def check_gateway_without_registry(whole: Whole) -> None:
    reader = Reader(whole.lab.bootstrap, "registered", Hub(lambda _: None), codec_at(GONE))
    reader.start()
    deadline = time.monotonic() + WAIT_S
    while not reader.unreadable and time.monotonic() < deadline:
        time.sleep(0.02)
    reader.stop()
    assert reader.unreadable > 0 and "SCHEMA_REGISTRY_URL" in reader.error


def test_a_log_begun_without_a_registry_goes_on_with_one(lab: Lab, shelf: Shelf, quiet: Published) -> None:
    stop = threading.Event()
    begun = publish(quiet.feed, "joined", lab.bootstrap, stop=stop, on_progress=lambda _: stop.set())
    assert not begun.is_complete and begun.sent > 0
    codec = codec_at(shelf.url)
    ended = publish(quiet.feed, "joined", lab.bootstrap, codec=codec)
    assert ended.is_complete and ended.sent > 0
    assert publish(quiet.feed, "joined", lab.bootstrap, codec=codec).sent == 0
    for topic in quiet.feed.inputs:
        one = digest(lab.bootstrap, "joined", TOPIC[topic], codec)
        assert one == digest(lab.bootstrap, quiet.namespace, TOPIC[topic])


@pytest.mark.slow
def test_a_flow_goes_on_under_a_registry_where_it_was_without(
    lab: Lab, shelf: Shelf, quiet: Published
) -> None:
    assert lab.run_flow(quiet.namespace, "moved") == quiet.digests
    records = lab.derived_records("moved")
    shutil.rmtree(lab.recovery("moved"))
    there = under_registry(lab, shelf)
    there.finish(*there.start_flow(quiet.namespace, "moved"))
    assert lab.derived_records("moved") == records
    assert lab.digests("moved") == quiet.digests
