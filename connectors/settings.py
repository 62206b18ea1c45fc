"""Settings from the environment. The only reader of it; owns no defaults of the analytics.

Empty values count as absent, so `REDIS_URL=` means "use the embedded one".
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import AliasChoices, Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from connectors.errors import UserError

DEFAULT_DATA_DIR = Path("~/.local/share/islandflow")

Port = Annotated[int, Field(ge=0, le=65535)]


class Settings(BaseSettings):
    """Addresses of the services, the data directory, and the limits of the embedded stack.

    An absent address means that the embedded service is used. A port of 0 means any free one.
    """

    model_config = SettingsConfigDict(
        env_prefix="ISLANDFLOW_",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        populate_by_name=True,
    )

    kafka_bootstrap_servers: str | None = Field(
        default=None, validation_alias=AliasChoices("KAFKA_BOOTSTRAP_SERVERS")
    )
    clickhouse_url: str | None = Field(default=None, validation_alias=AliasChoices("CLICKHOUSE_URL"))
    redis_url: str | None = Field(default=None, validation_alias=AliasChoices("REDIS_URL"))
    schema_registry_url: str | None = Field(
        default=None, validation_alias=AliasChoices("SCHEMA_REGISTRY_URL")
    )
    requests_ca_bundle: Path | None = Field(
        default=None, validation_alias=AliasChoices("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
    )
    data_dir: Path = DEFAULT_DATA_DIR
    broker_port: Port = 0
    store_port: Port = 0
    redis_port: Port = 0
    broker_heap_mb: int = Field(default=512, ge=256, le=65536)
    # The broker keeps everything by default: topics are the log of record.
    broker_retention_bytes: int = Field(default=-1, ge=-1)
    min_free_disk_bytes: int = Field(default=1 << 30, ge=0)
    # For a weak laptop: the synthetic market keeps one print a series and interval, with its quote.
    testing_mode: bool = Field(default=False, validation_alias=AliasChoices("TESTING_MODE"))
    testing_throttle_ms: int = Field(
        default=200, ge=1, le=60_000, validation_alias=AliasChoices("TESTING_THROTTLE_MS")
    )

    @property
    def throttle_ms(self) -> int:
        """The interval of the synthetic market's throttle, 0 where it runs in full."""
        return self.testing_throttle_ms if self.testing_mode else 0

    @property
    def data_path(self) -> Path:
        """The data directory with `~` and relative parts resolved."""
        return self.data_dir.expanduser().absolute()


def load_settings(data_dir: Path | None = None) -> Settings:
    """Read the environment once; `data_dir` (the command line) wins over it.

    Raises:
        UserError: a variable holds a value that is not allowed.
    """
    try:
        found = Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0]) if first["loc"] else "settings"
        variable = name if name.isupper() else f"ISLANDFLOW_{name.upper()}"
        raise UserError(
            f"environment variable {variable} is {first['input']!r}: {first['msg'].lower()}"
        ) from None
    return found if data_dir is None else found.model_copy(update={"data_dir": data_dir})
