"""`python -m envwright` and the command `envwright`: the fast path, then the command line."""

import sys


def main() -> int:
    """Run the command line; return the exit code."""
    # Ctrl-C may come while modules load; and what nobody needs is not loaded.
    words, attempt = sys.argv[1:], None
    try:
        from envwright import __version__, timings  # noqa: PLC0415 - see above

        if words == ["--version"] and sys.stdout:
            sys.stdout.write(f"envwright {__version__}\n")
            return 0
        if words[:1] == ["--after-restart"]:  # by the unit of a saved run, not by a person
            from envwright.after_restart import main as go_on  # noqa: PLC0415 - see above

            return go_on(words[1:])
        from envwright.cache import fastpath  # noqa: PLC0415 - see above

        spent = timings.timings(words)
        attempt = fastpath.attempt(words, spent)
        if attempt and attempt.repeat(spent):
            return 0
        from envwright.cli.main import main as run  # noqa: PLC0415 - see above

        return run(words, attempt, spent)
    except KeyboardInterrupt:
        return 130  # ExitCode.INTERRUPTED, which may not be loaded yet
    finally:
        if attempt:
            attempt.close()


if __name__ == "__main__":
    sys.exit(main())
