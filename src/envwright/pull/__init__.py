"""Pull mode: a machine that follows a git repository of environments, by a timer of systemd."""
