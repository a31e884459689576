"""Times one command where it runs; started as a program of its own, near what it times.

    python -I -S stopwatch.py LIMIT FOLDER COMMAND [ARGUMENT ...]

Prints JSON: `seconds` (wall), `code` (of exit; negative: the signal), `peak` (KiB of memory, of the
largest process), `cpu` (seconds of user and system time, of the command and the children that it
waited for), `said` (the last MiB of stdout and stderr). After LIMIT seconds the command and its
children are killed. It is sent to machines as text: it imports the standard library alone.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time

TAIL = 1 << 20


def main(limit: str, folder: str, *command: str) -> None:
    """Run the command, and print what it took."""
    with tempfile.TemporaryFile() as said:
        start = time.perf_counter()
        process = subprocess.Popen(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            start_new_session=True,
        )
        signal.signal(signal.SIGALRM, lambda *_: os.killpg(process.pid, signal.SIGKILL))
        signal.setitimer(signal.ITIMER_REAL, float(limit))
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        signal.setitimer(signal.ITIMER_REAL, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        said.seek(max(0, said.seek(0, os.SEEK_END) - TAIL))
        words = said.read().decode("utf-8", "replace")
    taken = {
        "seconds": seconds,
        "code": process.returncode,
        "peak": usage.ru_maxrss,
        "cpu": usage.ru_utime + usage.ru_stime,
        "said": words,
    }
    print(json.dumps(taken))  # noqa: T201 - this is its result


if __name__ == "__main__":
    main(*sys.argv[1:])
