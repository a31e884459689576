"""Standard library only: what an export carries along, too."""
