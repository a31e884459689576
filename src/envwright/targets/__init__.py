"""Other forms of an environment than a live machine."""
