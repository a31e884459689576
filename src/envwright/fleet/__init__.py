"""A fleet: the verbs for several machines at the same time, each by itself."""
