"""R1 as experienced users of other tools write it: equal in content, each in its tool's own way."""
