"""The REST interface of a schema registry, as far as it is used: a schema's id, an id's schema.

Owns how it is asked and how long it is waited for. Refuses to take silence for an answer: what the
registry does not know is None, a registry that cannot be asked is an error that names its variable.
"""

from __future__ import annotations

import json
import ssl
from time import monotonic
from typing import Any, Final
from urllib.parse import quote

import httpx
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_exponential_jitter

from connectors.errors import ServiceError, UserError

VARIABLE: Final = "SCHEMA_REGISTRY_URL"
MEDIA_TYPE: Final = "application/vnd.schemaregistry.v1+json"
REQUEST_SECONDS: Final = 5.0
PATIENCE_SECONDS: Final = 10.0
QUIET_SECONDS: Final = 5.0  # after a failure nobody is made to wait for the next one
SCHEMA_BYTES_MAX: Final = 1 << 20
NOT_FOUND: Final = range(40400, 40500)  # the registry's own codes; a bare 404 is a wrong address


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


class Rest:
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
