"""The embedded stack: a broker, a column store and a cache on loopback, without containers."""
