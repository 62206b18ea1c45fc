"""The compose file and the image: what they say is what the programs understand."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

import api.serve
import connectors.ingest
import dataflows.archive
import dataflows.market
from api.guard import LOOPBACK_HOSTS, host_name
from connectors.partitions import Stop
from connectors.settings import Settings, load_settings
from connectors.topics_admin import check_namespace

ROOT = Path(__file__).resolve().parents[2]
OURS = ("feed", "flow", "archive", "gateway")
SERVICES = ("redpanda", "clickhouse", "redis")
VARIABLE = re.compile(r"\$\{(\w+):-([^}]*)\}")  # every variable has a default


class Parsed(Exception):
    """Raised in place of running: the arguments were understood."""


def filled(node: Any) -> Any:
    """Put the default of each variable in its place, as compose does where none is set."""
    if isinstance(node, dict):
        return {key: filled(value) for key, value in node.items()}
    if isinstance(node, list):
        return [filled(value) for value in node]
    if not isinstance(node, str):
        return node
    return VARIABLE.sub(lambda found: found[2], node).replace("$$", "$")


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    found = filled(yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8")))
    assert isinstance(found, dict)
    return found


@pytest.fixture(scope="module")
def services(compose: dict[str, Any]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = compose["services"]
    return found


@pytest.fixture(scope="module")
def dockerfile() -> list[tuple[str, str]]:
    """The instructions of the image: word and argument, continued lines joined."""
    text = (ROOT / "deploy" / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [(line.split(maxsplit=1)[0], line.split(maxsplit=1)[1]) for line in lines]


def arguments(services: dict[str, dict[str, Any]], name: str) -> list[str]:
    """Return the arguments of one of our modules, after checking how it is started."""
    command = [str(part) for part in services[name]["command"]]
    assert command[:2] == ["python", "-m"]
    return command[3:]


def test_every_service_is_known(services: dict[str, dict[str, Any]]) -> None:
    assert set(services) == {*OURS, *SERVICES}


def test_the_feed_is_one_that_can_be_built(
    services: dict[str, dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert services["feed"]["command"][2] == connectors.ingest.__name__
    monkeypatch.setattr(sys, "argv", ["ingest", *arguments(services, "feed")])
    namespace, spec = connectors.ingest._arguments()
    assert check_namespace(namespace) == "demo"
    assert connectors.ingest.build_feed(spec).is_synthetic
    assert connectors.ingest.speed_of(spec) == 1.0


def test_the_flow_understands_its_arguments(
    services: dict[str, dict[str, Any]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    jobs = []

    def run(job: dataflows.market.Job) -> None:
        jobs.append(job)
        raise Parsed

    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "redpanda:9092")
    monkeypatch.setattr(dataflows.market, "run", run)
    monkeypatch.setattr(dataflows.market, "ensure_topics", lambda *_: None)
    assert services["flow"]["command"][2] == dataflows.market.__name__
    with pytest.raises(Parsed):
        dataflows.market.main(arguments(services, "flow"))
    (job,) = jobs
    assert job.log.namespace == job.output == "demo"
    (volume,) = services["flow"]["volumes"]
    mounted = Path(volume.partition(":")[2])
    assert job.recovery.is_relative_to(mounted / job.log.namespace)


def test_the_archive_understands_its_arguments(
    services: dict[str, dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def ensure(bootstrap: str, namespace: str) -> None:
        asked.append((bootstrap, namespace))
        raise Parsed

    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "redpanda:9092")
    monkeypatch.setattr(dataflows.archive, "ensure_topics", ensure)
    monkeypatch.setattr(Stop, "install", lambda _: None)
    assert services["archive"]["command"][2] == dataflows.archive.__name__
    with pytest.raises(Parsed):
        dataflows.archive.main(arguments(services, "archive"))
    assert asked == [("redpanda:9092", "demo")]


def test_a_browser_reaches_the_gateway(services: dict[str, dict[str, Any]]) -> None:
    gateway = services["gateway"]
    assert gateway["command"][2] == api.serve.__name__
    args = api.serve.parse(arguments(services, "gateway"))
    (port,) = gateway["ports"]
    address, outside, inside = port.split(":")
    assert (address, int(inside)) == ("127.0.0.1", args.port)
    assert args.host == "0.0.0.0", "inside its container it must listen beyond loopback"
    allowed = LOOPBACK_HOSTS | {*args.allow_host, *api.serve._own_name(args.host)}
    for name in (f"localhost:{outside}", f"127.0.0.1:{outside}"):
        assert host_name(name) in allowed
    (probe,) = re.findall(r"http://[^\"]+", gateway["healthcheck"]["test"][-1])
    assert probe == f"http://127.0.0.1:{args.port}/health"
    compile(gateway["healthcheck"]["test"][-1], "healthcheck", "exec")


def test_nothing_but_the_page_is_published(services: dict[str, dict[str, Any]]) -> None:
    assert [name for name, service in services.items() if "ports" in service] == ["gateway"]
    assert all("network_mode" not in service for service in services.values())


@pytest.mark.parametrize("name", OURS)
def test_the_environment_is_what_settings_read(
    services: dict[str, dict[str, Any]], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    environment = services[name]["environment"]
    read = {c for f in Settings.model_fields.values() for c in _choices(f.validation_alias)}
    assert set(environment) <= read
    for variable in read:
        monkeypatch.delenv(variable, raising=False)
    for variable, value in environment.items():
        monkeypatch.setenv(variable, value)
    found = load_settings()
    hosts = {found.kafka_bootstrap_servers, found.clickhouse_url, found.redis_url}
    assert {_host(address or "") for address in hosts} == set(SERVICES)
    assert found.schema_registry_url is None


def _choices(alias: Any) -> Iterator[str]:
    yield from getattr(alias, "choices", ())


def _host(address: str) -> str:
    return address.rpartition("//")[2].rpartition("@")[2].partition(":")[0]


def test_the_tables_have_one_user(services: dict[str, dict[str, Any]]) -> None:
    clickhouse = services["clickhouse"]
    user, password = (clickhouse["environment"][f"CLICKHOUSE_{n}"] for n in ("USER", "PASSWORD"))
    assert all(f"//{user}:{password}@" in services[n]["environment"]["CLICKHOUSE_URL"] for n in OURS)
    probe = shlex.split(clickhouse["healthcheck"]["test"][1])
    assert probe[probe.index("--user") + 1] == "$CLICKHOUSE_USER"
    assert probe[probe.index("--password") + 1] == "$CLICKHOUSE_PASSWORD"


def test_everything_waits_for_what_it_needs(services: dict[str, dict[str, Any]]) -> None:
    for name in SERVICES:
        assert set(services[name]["healthcheck"]) >= {"test", "interval", "timeout", "retries"}
        assert services[name]["restart"] == "unless-stopped"
    for name in OURS:
        waits = services[name]["depends_on"]
        assert waits == {other: {"condition": "service_healthy"} for other in SERVICES}
        assert services[name]["restart"] == "unless-stopped"


def test_no_two_services_write_one_volume(
    compose: dict[str, Any], services: dict[str, dict[str, Any]]
) -> None:
    mounted = [v.partition(":")[0] for s in services.values() for v in s.get("volumes", ())]
    assert sorted(mounted) == sorted(set(mounted)) == sorted(compose["volumes"])


def test_images_are_pinned(services: dict[str, dict[str, Any]], dockerfile: list[tuple[str, str]]) -> None:
    (base,) = [a.partition("=")[2] for word, a in dockerfile if word == "ARG"]
    for image in [base, *(services[n]["image"] for n in SERVICES)]:
        assert re.fullmatch(r"[\w./-]+:v?\d+\.\d+[\w.-]*", image), image
    assert {services[n]["image"] for n in OURS} == {"islandflow:local"}
    (built,) = {json.dumps(services[n]["build"], sort_keys=True) for n in OURS}
    place = json.loads(built)
    assert (ROOT / place["context"] / place["dockerfile"]).is_file()


def sources(dockerfile: list[tuple[str, str]]) -> list[str]:
    return [name for word, a in dockerfile if word == "COPY" for name in a.split()[:-1]]


def test_the_image_holds_the_product_and_nothing_else(dockerfile: list[tuple[str, str]]) -> None:
    copied = sources(dockerfile)
    assert all((ROOT / name).exists() for name in copied)
    packages = ("schemas", "connectors", "dataflows", "api", "cli")
    files = ("requirements.lock", "pyproject.toml", "README.md", "LICENSE")
    assert set(copied) == {*packages, *files, "frontend"}
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert ignored[1] == "*", "the context is closed but for what is named"
    assert {line[1:] for line in ignored if line.startswith("!")} == set(copied)


def test_the_image_runs_as_a_user_who_may_write_where_it_must(
    services: dict[str, dict[str, Any]], dockerfile: list[tuple[str, str]]
) -> None:
    (user,) = [argument for word, argument in dockerfile if word == "USER"]
    assert dockerfile[-1][0] == "USER" and user != "root"
    said = " ".join(argument for word, argument in dockerfile if word == "RUN")
    folders = [v.partition(":")[2] for n in OURS for v in services[n].get("volumes", ())]
    for folder in [*folders, "/usr/local/var/islandflow"]:
        assert re.search(rf"chown (-R )?{user}: {folder}\b", said), folder


@pytest.mark.parametrize("module", ["cli.page", "cli.warm"])
def test_what_the_image_runs_exists(dockerfile: list[tuple[str, str]], module: str) -> None:
    assert any(f"python -m {module}" in a for word, a in dockerfile if word == "RUN")
    source = (ROOT / f"{module.replace('.', '/')}.py").read_text(encoding="utf-8")
    assert '\nif __name__ == "__main__":\n    sys.exit(' in source, "started as a module it does nothing"


def test_compose_itself_agrees() -> None:
    asked = ["docker", "compose", "version"]
    try:
        found = subprocess.run(asked, capture_output=True, check=False).returncode == 0
    except OSError:
        found = False
    if not found:
        pytest.skip("docker compose is not installed here")
    command = ["docker", "compose", "-f", str(ROOT / "docker-compose.yml"), "config", "-q"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
