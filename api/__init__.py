"""The gateway: REST from ClickHouse, WebSocket from the topics."""
