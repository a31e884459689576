r"""How a script reaches Windows from inside WSL: the shell library that runs its programs.

Facts of microsoft/WSL (src/linux/init): /init is the program that the kernel calls for every .exe,
`/init PATH ARGV0 ARGUMENT...`, so it works without the kernel's binfmt entry, too. /init talks to
Windows by the socket that WSL_INTEROP names or, without that variable, by the sockets of its
parents up to PID 1: so from services, under sudo and over ssh. cmd.exe wants a drive of Windows as
its working directory, ends lines by \r\n, and writes UTF-16 after /u.
"""

from __future__ import annotations

import shlex

REACH = r"""
ew_reach() {
 ew_why= ew_system=
 [ -e /init ] || { ew_why='this machine does not run under WSL'; return 1; }
 while read -r ew_source ew_target ew_kind ew_options ew_rest; do
  case $ew_kind,$ew_options in
  drvfs,*|virtiofs,*|9p,*aname=drvfs*)
   ew_target=$(printf '%b' "$ew_target")
   [ -f "$ew_target/Windows/System32/cmd.exe" ] || continue
   ew_system=$ew_target/Windows/System32; cd "$ew_target" && break;;
  esac
 done </proc/self/mounts
 [ "$ew_system" ] ||
  { ew_why='the drive of Windows is not mounted: see [automount] in /etc/wsl.conf'; return 1; }
 [ -e "${WSL_INTEROP-}" ] || unset WSL_INTEROP; }
ew_answers() { [ "$1" ] ||
 { ew_why='Windows programs do not run: see [interop] in /etc/wsl.conf'; return 1; }; }
ew_run() { ew_exe=$1; shift
 /init "$ew_system/$ew_exe" "$ew_exe" "$@" </dev/null 2>&1 | tr -d '\r'; }
ew_cmd() { ew_run cmd.exe /d /c "$@" | sed 's/ *$//'; }
ew_cmd_utf16() { /init "$ew_system/cmd.exe" cmd.exe /d /u /c "$@" </dev/null 2>/dev/null |
 iconv -c -f UTF-16LE -t UTF-8 | tr -d '\r' | sed 's/ *$//'; }
"""
"""Functions of sh. `ew_reach` goes to the drive of Windows, or fails and says why in `ew_why`, as
`ew_answers TEXT` does when Windows said nothing. Then `ew_run PROGRAM.exe ...` runs a program of
System32 and `ew_cmd COMMAND ...` a command, of which `ew_cmd_utf16` gives what it says in any
language: paths are read by that only."""

POWERSHELL = "powershell.exe -NoProfile -ExecutionPolicy Bypass -File"
"""How a person runs a script, by its path behind this: scripts that are not signed, too."""


def on_windows(script: str, /, unreached: str = "1", **words: str) -> str:
    """Return a script that reaches Windows or ends with `unreached`, with variables set before."""
    assignments = "".join(f"{name}={shlex.quote(word)}\n" for name, word in words.items())
    # What /init complains of on stderr is no answer.
    answers = 'ew_reach && ew_answers "$(ew_cmd_utf16 echo .)"'
    reach = f'{answers} || {{ echo "$ew_why"; exit {unreached}; }}'
    return f"{assignments}{REACH}{reach}\n{script}"
