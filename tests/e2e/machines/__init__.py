"""Machines for end-to-end tests: containers that boot systemd, and what they install from."""
