"""A machine: the session to it, the connectors, the probe, the inventory."""
