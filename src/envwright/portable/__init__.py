"""Modules that use the standard library alone, so that an export can copy them."""
