"""The edges: settings, broker, ClickHouse, Redis, feeds and the Bytewax source and sink."""
