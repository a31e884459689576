"""envwright: one YAML file to a proven developer machine."""

__version__ = "0.1.0"
