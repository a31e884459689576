"""`python -m envwright`: the command line."""

import sys

from envwright.cli import main

sys.exit(main())
