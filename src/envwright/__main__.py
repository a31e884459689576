"""`python -m envwright`, and the command `envwright`: the command line, from its first moment."""

import sys


def main() -> int:
    """Run the command line; return the exit code."""
    try:
        from envwright.cli import main as run  # noqa: PLC0415 - Ctrl-C may come while it loads

        return run()
    except KeyboardInterrupt:
        return 130  # ExitCode.INTERRUPTED, which may not be loaded yet


if __name__ == "__main__":
    sys.exit(main())
