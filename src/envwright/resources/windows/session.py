r"""A session as Windows starts one, of which only Windows knows what PATH it has.

WSL's init appends the PATH of Windows when wsl.exe starts a session (microsoft/WSL:
src/linux/init/config.cpp, ConfigCreateEnvironmentBlock). What `su -`, ssh and services start has
nothing of it, so that they show nothing of `interop.appendWindowsPath`.
"""

from __future__ import annotations

from envwright.facts.interop import on_windows
from envwright.model.proof import SKIPPED
from envwright.scripts import load

# Without a word of sh in it: what wsl.exe makes of quotes and dollars does not matter then.
_SESSION = load(__file__)


def in_session(script: str, /, distribution: str, user: str = "") -> str:
    """Return the script of a proof about the PATH of a session, which is in `path`.

    It is skipped where Windows cannot be reached or starts no session.

    Args:
        script: what is proved; `ew_target` is where the drive of Windows is mounted.
        distribution: what Windows calls this distribution.
        user: whose session; by default that of the default user.
    """
    return on_windows(
        f"{_SESSION}{script}", unreached=str(SKIPPED), distribution=distribution, user=user
    )
