"""The capabilities: each file or folder here is one section of an environment."""
