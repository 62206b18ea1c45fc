"""Rules: claims about packets, as data, and the rows they become."""
