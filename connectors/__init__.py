"""The edges: settings, broker, store, cache, and the feeds that fill the raw topics."""
