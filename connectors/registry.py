"""Schema ids from a schema registry, where one is configured.

Owns the subject of every topic, the requests to the registry's REST interface, and the `Codec` by
which the edges read and write records. Refuses to take silence for an answer: what the registry
does not know is a bad record, a registry that cannot be asked stops the reader, or the output
would depend on whether it was up.
"""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterable, Sequence
from operator import itemgetter
from time import monotonic
from typing import Any, Final
from urllib.parse import quote

import httpx
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_exponential_jitter

from connectors.errors import ServiceError, UserError
from connectors.settings import Settings
from schemas import codec
from schemas.codec import BUILT_IN, HEADER_BYTES, Decoded, SchemaIds, Writer
from schemas.columns import Batch
from schemas.records import NAMESPACE, avro_schema
from schemas.topics import TOPIC, TOPICS, Topic, physical_name

VARIABLE: Final = "SCHEMA_REGISTRY_URL"
MEDIA_TYPE: Final = "application/vnd.schemaregistry.v1+json"
REQUEST_SECONDS: Final = 5.0
PATIENCE_SECONDS: Final = 10.0
QUIET_SECONDS: Final = 5.0  # after a failure nobody is made to wait for the next one
CACHE_MAX: Final = 1000  # ids; when full all are forgotten and asked for again
SCHEMA_BYTES_MAX: Final = 1 << 20
NOT_FOUND: Final = range(40400, 40500)  # the registry's own codes; a bare 404 is a wrong address
UNKNOWN: Final = "unknown_schema"
_HEAD: Final = itemgetter(slice(0, HEADER_BYTES))
_BY_RECORD: Final = {t.record_name: t.name for t in TOPICS}


def subject_of(namespace: str, topic: str) -> str:
    """Return the subject under which the schema of a topic's values is kept."""
    return f"{physical_name(namespace, topic)}-value"


def is_same_body(one: bytes, other: bytes) -> bool:
    """Tell whether two records are equal; the id of the schema may come from elsewhere since."""
    return one[HEADER_BYTES:] == other[HEADER_BYTES:]


def writer_of(schema: Any) -> Writer | None:
    """Return who writes by an Avro schema, or None where it is of no topic of ours."""
    try:
        space, _, name = schema["name"].rpartition(".")
        topic = _BY_RECORD.get(name) if schema["type"] == "record" else None
        if topic is None or (space or schema.get("namespace")) != NAMESPACE:
            return None
        return Writer.from_avro(topic, schema)
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def _host(url: str) -> str:
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL:
        parsed = httpx.URL()
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise UserError(f"{VARIABLE} must be an http or https address, as http://registry:8081")
    return parsed.host


def _trust(ca: str | None) -> ssl.SSLContext | bool:
    try:
        return ssl.create_default_context(cafile=ca) if ca else True
    except (OSError, ssl.SSLError) as error:
        raise UserError(f"the certificates in {ca} cannot be read: {error.args[-1]}") from None


class _Passing(Exception):
    """No answer yet: says why."""


class Registry:
    """The REST interface of one registry; every call blocks, at most for `patience_s`.

    Raises:
        ServiceError: it does not answer, or answers what no registry does.
    """

    def __init__(self, url: str, ca: str | None = None, patience_s: float = PATIENCE_SECONDS) -> None:
        # The address may hold a password, so only the host's name is ever shown.
        self._name = f"the schema registry at {_host(url)} ({VARIABLE})"
        self._url, self._patience_s = url.rstrip("/"), patience_s
        self._verify = _trust(ca)
        self._failure = ""
        self._quiet_until = 0.0

    def register(self, subject: str, schema: Any) -> int:
        """Return the id of a schema under a subject; a subject that lacks it gets it."""
        body = {"schema": json.dumps(schema)}
        path = f"/subjects/{quote(subject, safe='')}"
        found = self._ask("POST", path, body) or self._ask("POST", f"{path}/versions", body)
        if found is None or type(found.get("id")) is not int:
            raise ServiceError(f"{self._name} gives no id for {subject}")
        return int(found["id"])

    def schema(self, schema_id: int) -> Any:
        """Return the Avro schema of an id, or None where the id is unknown or of another kind."""
        found = self._ask("GET", f"/schemas/ids/{schema_id}")
        if found is None or found.get("schemaType", "AVRO") != "AVRO" or found.get("references"):
            return None
        try:
            return json.loads(found["schema"])
        except (KeyError, TypeError, ValueError):
            return None

    def _ask(self, method: str, path: str, body: Any = None) -> dict[str, Any] | None:
        """Return the answer, or None where the registry says that there is no such thing."""
        if self._failure and monotonic() < self._quiet_until:
            raise ServiceError(self._failure)
        retrying = Retrying(
            retry=retry_if_exception_type((httpx.TransportError, _Passing)),
            wait=wait_exponential_jitter(multiplier=0.1, max=2),
            stop=stop_after_delay(self._patience_s),
            reraise=True,
        )
        try:
            answer: httpx.Response = retrying(self._request, method, path, body)
        except (httpx.TransportError, _Passing) as error:
            reason = str(error) or type(error).__name__
            self._failure = f"{self._name} does not answer ({reason}); check the address or start it"
            self._quiet_until = monotonic() + QUIET_SECONDS
            raise ServiceError(self._failure) from None
        self._failure = ""
        return self._read(answer, path)

    def _request(self, method: str, path: str, body: Any) -> httpx.Response:
        # Like broker and tables it is reached directly, whatever proxy leads to the outside.
        with httpx.Client(
            verify=self._verify,
            trust_env=False,
            timeout=REQUEST_SECONDS,
            headers={"Accept": MEDIA_TYPE},
        ) as client:
            content = None if body is None else json.dumps(body).encode()
            headers = {"Content-Type": MEDIA_TYPE}
            answer = client.request(method, self._url + path, content=content, headers=headers)
        if answer.status_code >= 500 or answer.status_code == 429:
            raise _Passing(f"HTTP {answer.status_code}")
        return answer

    def _read(self, answer: httpx.Response, path: str) -> dict[str, Any] | None:
        status = answer.status_code
        try:
            found = answer.json() if len(answer.content) <= SCHEMA_BYTES_MAX else None
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise ServiceError(f"{self._name} answers {path} with HTTP {status} and no JSON object")
        if status == 404 and found.get("error_code") in NOT_FOUND:
            return None
        if status == 409:
            raise UserError(
                f"{self._name} refuses {path}: the schema is incompatible with the one there; "
                "use another namespace, or change the subject's compatibility"
            )
        if status != 200:
            reason = str(found.get("message", "no reason given"))[:200]
            raise ServiceError(f"{self._name} refuses {path} with HTTP {status}: {reason}")
        return found


class Codec:
    """Records to bytes and back under the ids of a registry; without one, of the built-in table.

    Use it from one thread. Ids of the built-in table are always read, so that a log may be begun
    without a registry and go on with one.
    """

    def __init__(self, registry: Registry | None = None) -> None:
        self._registry = registry
        self._own: dict[str, int] = {}
        self._kept = BUILT_IN
        self._known: SchemaIds = BUILT_IN
        self._asked: set[int] = set()

    def register(self, namespace: str, topics: Iterable[str]) -> None:
        """Take the ids to write these topics of a namespace with. Raises ServiceError, UserError."""
        if self._registry is None:
            return
        for name in topics:
            subject = subject_of(namespace, name)
            schema_id = self._registry.register(subject, avro_schema(TOPIC[name]))
            writer = Writer.of(TOPIC[name])
            if (self._kept.get(schema_id) or writer) != writer:
                raise ServiceError(f"{VARIABLE}: id {schema_id} of {subject} has another schema already")
            self._own[name] = schema_id
            self._kept = self._kept.adding(schema_id, writer)
        self._forget()

    def encode(self, batch: Batch) -> list[bytes]:
        """Return one framed record a row."""
        return codec.encode(batch, self._own.get(batch.topic.name))

    def decode(self, topic: Topic, values: Sequence[bytes]) -> Decoded:
        """Decode framed records of one topic; asks the registry for ids that are new.

        Raises:
            ServiceError: the registry cannot be asked.
        """
        known = self._known
        found = self.read(topic, values)
        if self._registry is None or all(b.reason != UNKNOWN for b in found.bad):
            return found
        ids = self.learn(values)
        return found if ids is known else self.read(topic, values)

    def read(self, topic: Topic, values: Sequence[bytes]) -> Decoded:
        """Decode framed records of one topic with the ids known by now; asks nobody."""
        return codec.decode(topic, values, self._known)

    def learn(self, values: Iterable[Any]) -> SchemaIds:
        """Return the ids to decode these values with; asks the registry once for each new one.

        Raises:
            ServiceError: the registry cannot be asked.
        """
        if self._registry is not None:
            for head in _heads(values):
                if head[0] == 0:
                    self._ask(self._registry, int.from_bytes(head[1:], "big"))
        return self._known

    def _ask(self, registry: Registry, schema_id: int) -> None:
        if schema_id in self._asked or self._kept.get(schema_id) is not None:
            return
        if len(self._asked) >= CACHE_MAX:
            self._forget()
        writer = writer_of(registry.schema(schema_id))
        self._asked.add(schema_id)
        if writer is not None:
            self._known = self._known.adding(schema_id, writer)

    def _forget(self) -> None:
        self._known, self._asked = self._kept, set()


BUILT_IN_CODEC: Final = Codec()
"""The codec without a registry."""


def codec_for(settings: Settings) -> Codec:
    """Return the codec that the settings ask for; nothing is asked of a registry yet.

    Raises:
        UserError: SCHEMA_REGISTRY_URL is no http address.
    """
    if settings.schema_registry_url is None:
        return BUILT_IN_CODEC
    ca = settings.requests_ca_bundle
    return Codec(Registry(settings.schema_registry_url, str(ca) if ca else None))


def _heads(values: Iterable[Any]) -> set[bytes]:
    """Return the distinct headers of these values; what has none is for the decoder to refuse."""
    try:
        heads = set(map(_HEAD, values))
    except TypeError:
        heads = {v[:HEADER_BYTES] for v in values if isinstance(v, bytes)}
    return {h for h in heads if len(h) == HEADER_BYTES}
