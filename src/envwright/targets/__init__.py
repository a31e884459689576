"""Exports of an environment into other forms, such as a plain pyinfra deploy."""
