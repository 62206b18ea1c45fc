"""The core: columns in, columns out; no I/O, no clock, no randomness, no engine."""
