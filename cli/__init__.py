"""The handle: the `islandflow` command and the embedded stack it can start."""
