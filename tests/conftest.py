"""What all tests share: signals as a terminal has them, whoever started the run."""

from __future__ import annotations

import signal
import threading

# Under nohup, and in the background of a script, these are ignored, and children inherit that.
if threading.current_thread() is threading.main_thread():
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
