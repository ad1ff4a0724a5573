"""The whole service on one machine, for demo, development and tests; loopback only."""
