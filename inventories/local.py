"""This machine alone."""

hosts = [("@local", {"environment": "environments/quickstart.yaml"})]
