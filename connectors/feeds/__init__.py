"""The feeds, one folder of modules a vendor: a pure parse and a small stream. None knows another."""
