"""Receipts: an alert, every record it rests on, and what comes out when it is computed again."""
