"""What every child process of a run shares: where the services are, and how it fails.

Owns the addresses a process cannot do without and the form of its last words: one line on stderr and
the exit code, 2 where the user is to act and 1 where a service failed.
"""

import sys
from collections.abc import Callable

from connectors.errors import ServiceError, UserError
from connectors.registry import Codec, codec_for
from connectors.settings import load_settings


def broker_address() -> str:
    """Return the broker's address, or say which variable names it."""
    return _needed(load_settings().kafka_bootstrap_servers, "KAFKA_BOOTSTRAP_SERVERS")


def clickhouse_address() -> str:
    """Return ClickHouse's address, or say which variable names it."""
    return _needed(load_settings().clickhouse_url, "CLICKHOUSE_URL")


def record_codec() -> Codec:
    """Return the codec of this process: by a schema registry where the environment names one."""
    return codec_for(load_settings())


def _needed(value: str | None, variable: str) -> str:
    if not value:
        raise UserError(f"{variable} is not set; it names the service this process needs")
    return value


def exit_code(main: Callable[[], int]) -> int:
    """Run a process's main; a known failure becomes one line and its exit code."""
    try:
        return main()
    except UserError as error:
        print(error, file=sys.stderr)
        return 2
    except ServiceError as error:
        print(error, file=sys.stderr)
        return 1
