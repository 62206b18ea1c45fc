"""Rates and ratios, measured by the command that prints them."""
