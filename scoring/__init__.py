"""The scorer: how right each claim of the product is where the truth is known."""
