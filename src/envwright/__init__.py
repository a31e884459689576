"""envwright: one YAML file to a proven developer machine."""
