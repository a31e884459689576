"""A restart by Windows, and the run that goes on after it."""
