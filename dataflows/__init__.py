"""The flows: wiring that reads like the picture, over a pure core."""
