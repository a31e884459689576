"""The stand-in for WSL itself: what other tests take for granted about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from machines.engine import EngineError

if TYPE_CHECKING:
    from machines.machine import Machine, NewMachine

KERNEL = "6.6.87.2-microsoft-standard-WSL2"
SYSTEM = "/mnt/c/Windows/System32"
CMD = f"cd /mnt/c && {SYSTEM}/cmd.exe /c"
FSUTIL = f"cd /mnt/c && {SYSTEM}/fsutil.exe"
DRIVE = (
    "aname=drvfs;path=C:\\;uid=1000;gid=1000;{}symlinkroot=/mnt/"
    ",cache=5,access=client,msize=65536,trans=fd,rfd=5,wfd=5"
)


def test_it_boots_systemd_without_a_failed_unit(wsl: Machine) -> None:
    assert wsl.sh("cat /proc/1/comm; systemctl is-system-running") == "systemd\nrunning\n"


def test_it_says_wsl_wherever_one_looks(wsl: Machine) -> None:
    script = (
        "uname -r; cat /proc/sys/kernel/osrelease; cut -d' ' -f1-3 /proc/version; "
        "systemd-detect-virt; python3 -c 'import os; print(os.uname().release)'"
    )
    assert wsl.sh(script).splitlines() == [
        KERNEL,
        KERNEL,
        f"Linux version {KERNEL}",
        "wsl",
        KERNEL,
    ]


def test_the_drive_is_on_9p_by_every_mount_table(wsl: Machine) -> None:
    options = DRIVE.format("")
    script = (
        "grep ' /mnt/c' /proc/mounts; "
        "sed -n 's/.* \\(- 9p .*\\)/\\1/p' /proc/self/mountinfo; findmnt -nrt 9p -o FSTYPE,TARGET"
    )
    assert wsl.sh(script).splitlines() == [
        f"C:\\134 /mnt/c 9p rw,noatime,{options} 0 0",
        f"- 9p C:\\134 rw,{options}",
        "9p /mnt/c",
    ]


def test_the_drive_refuses_the_names_that_windows_refuses(wsl: Machine) -> None:
    script = 'cd /mnt/c; for name in "a:b" "q?x" "end."; do touch "$name" && echo "$name"; done'
    assert wsl.sh(script, check=False) == ""


def test_owners_and_modes_are_ignored_without_metadata(wsl: Machine) -> None:
    script = "cd /mnt/c/Users/dev; touch f; chmod 600 f; chown root: f; stat -c '%a %U' f; rm f"
    assert wsl.sh(script) == "777 dev\n"


def test_settings_of_wsl_conf_are_felt_after_a_restart(new_machine: NewMachine) -> None:
    machine = new_machine("wsl")
    machine.put("/etc/wsl.conf", '[automount]\noptions = "metadata,umask=022"\n')
    machine.sh(f"cd /mnt/c; {SYSTEM}/wsl.exe --terminate Debian")
    machine.wait_for_restart()
    assert machine.sh("grep ' /mnt/c' /proc/mounts") == (
        f"C:\\134 /mnt/c 9p rw,noatime,{DRIVE.format('metadata;umask=022;')} 0 0\n"
    )
    script = "cd /mnt/c/Users; touch f; chmod 640 f; chown daemon: f; stat -c '%a %U' f"
    assert machine.sh(script) == "640 daemon\n"


def test_a_windows_program_runs_by_its_path_for_root_and_for_the_user(wsl: Machine) -> None:
    command = f"cd /mnt/c && {SYSTEM}/cmd.exe /c 'echo %USERPROFILE%& exit 3'"
    script = f'({command}); echo $?; su dev -c "{command}"; echo $?'
    assert wsl.sh(script) == "C:\\Users\\dev\n3\nC:\\Users\\dev\n3\n"


def test_a_windows_program_runs_by_init_and_from_a_service(wsl: Machine) -> None:
    call = f"/init {SYSTEM}/cmd.exe cmd.exe /d /c echo hello"
    run = f"systemd-run -q --wait --pipe --working-directory=/mnt/c {call}"
    assert wsl.sh(f"cd /mnt/c; {call}; {run}") == "hello\nhello\n"


def test_cmd_complains_of_a_linux_directory_and_goes_on(wsl: Machine) -> None:
    said = wsl.sh(f"cd /etc; {SYSTEM}/cmd.exe /c cd 2>&1")
    assert said.splitlines() == [
        "'\\\\wsl.localhost\\Debian\\etc'",
        "CMD.EXE was started with the above path as the current directory.",
        "UNC paths are not supported.  Defaulting to Windows directory.",
        "C:\\Windows",
    ]


def test_cmd_prints_utf_16_when_asked(wsl: Machine) -> None:
    assert wsl.sh(f"{CMD} echo hi") == "hi\n"
    script = f"cd /mnt/c && {SYSTEM}/cmd.exe /u /c echo hi | od -An -c | tr -d ' '"
    assert wsl.sh(script) == "h\\0i\\0\\r\\0\\n\\0\n"


def test_paths_are_translated_both_ways(wsl: Machine) -> None:
    script = (
        "wslpath 'C:\\Users\\dev'; wslpath -w /mnt/c/Users; wslpath -w /etc/hosts; wslpath -am /; "
        "wslpath '\\\\wsl.localhost\\Debian\\etc'; wslpath 'D:\\x' || echo $?; "
        "wslinfo --networking-mode"
    )
    assert wsl.sh(script).splitlines() == [
        "/mnt/c/Users/dev",
        "C:\\Users",
        "\\\\wsl.localhost\\Debian\\etc\\hosts",
        "//wsl.localhost/Debian/",
        "/etc",
        "1",
        "nat",
    ]


def test_the_registry_is_there(wsl: Machine) -> None:
    key = "'HKCU\\Software\\envwright'"
    reg = f"cd /mnt/c && {SYSTEM}/reg.exe"
    said = wsl.sh(f"{reg} add {key} /v n /d text /f >/dev/null; {reg} query {key} /v n")
    assert said.split() == ["HKEY_CURRENT_USER\\Software\\envwright", "n", "REG_SZ", "text"]


def test_mklink_makes_a_reparse_point_that_windows_and_linux_see(wsl: Machine) -> None:
    wsl.sh("mkdir -p /mnt/c/a /opt/docker")
    target = "\\\\wsl.localhost\\Debian\\opt\\docker"
    made = wsl.sh(f"{CMD} mklink /D 'C:\\a\\docker' '{target}'")
    assert made == f"symbolic link created for C:\\a\\docker <<===>> {target}\n"
    assert f"<SYMLINKD>     docker [{target}]\n" in wsl.sh(f"{CMD} dir /AL 'C:\\a'")
    assert "Reparse Tag Value : 0xa000000c" in wsl.sh(
        f"{FSUTIL} reparsepoint query 'C:\\a\\docker'"
    )
    # As on real WSL, such a link leads nowhere from inside.
    assert wsl.sh("[ -L /mnt/c/a/docker ] && [ ! -e /mnt/c/a/docker ] && echo dangling") == (
        "dangling\n"
    )


def test_rmdir_takes_the_link_and_leaves_what_it_led_to(wsl: Machine) -> None:
    wsl.sh("mkdir -p /mnt/c/b/real; touch /mnt/c/b/real/kept")
    wsl.sh(f"{CMD} mklink /J 'C:\\b\\link' 'C:\\b\\real'; {CMD} rmdir 'C:\\b\\link'")
    assert wsl.sh("cd /mnt/c/b; find . | sort") == ".\n./real\n./real/kept\n"


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (
            "mklink /D 'C:\\Users\\dev' 'C:\\x'",
            "Cannot create a file when that file already exists.",
        ),
        ("mklink /D 'C:\\no\\x' 'C:\\x'", "The system cannot find the path specified."),
        ("mklink /J 'C:\\j' '\\\\wsl.localhost\\Debian\\opt'", "Local volumes are required"),
        ("mklink 'C:\\only'", "The syntax of the command is incorrect."),
    ],
)
def test_a_link_that_windows_would_refuse_is_refused(
    wsl: Machine, command: str, words: str
) -> None:
    with pytest.raises(EngineError, match="exit code 1") as refused:
        wsl.sh(f"{CMD} {command}")
    assert words in str(refused.value)


def test_without_the_privilege_no_symbolic_link_is_made(wsl: Machine) -> None:
    flag = "/etc/standin-no-symlink-privilege"
    command = f"touch {flag}; {CMD} mklink /D 'C:\\p' 'C:\\Users' 2>&1; echo $?; rm {flag}"
    said = wsl.sh(command)
    assert said == "You do not have sufficient privilege to perform this operation.\n1\n"


def test_wsl_exe_prints_utf_16(wsl: Machine) -> None:
    said = wsl.sh(f"cd /mnt/c; {SYSTEM}/wsl.exe -l -v | iconv -f UTF-16LE -t UTF-8")
    assert said.splitlines() == [
        "  NAME      STATE           VERSION",
        "* Debian    Running         2",
    ]


def test_windows_appends_its_path_to_sessions_and_to_nothing_else(wsl: Machine) -> None:
    start = f"cd /mnt/c; /init {SYSTEM}/wsl.exe wsl.exe --distribution Debian"
    ask = (
        f"({start} --exec printenv PATH USER; {start} --user root --exec printenv PATH USER; "
        "printenv PATH; su - dev -c 'printenv PATH') | sed 's|^[^:]*:.*:/usr/lib/wsl|wsl|'"
    )
    windows = (
        "/mnt/c/Windows/system32:/mnt/c/Windows:/mnt/c/Windows/System32/WindowsPowerShell/v1.0"
    )
    assert wsl.sh(ask).splitlines() == [
        f"wsl/lib:{windows}",
        "dev",
        f"wsl/lib:{windows}",
        "root",
        "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "/usr/local/bin:/usr/bin:/bin:/usr/local/games:/usr/games",
    ]


def test_a_restart_leaves_the_drive_and_the_virtual_machine_but_not_the_memory(
    new_machine: NewMachine,
) -> None:
    machine = new_machine("wsl")
    machine.sh("touch /run/lost /mnt/c/kept")
    boots = [machine.sh("cat /proc/sys/kernel/random/boot_id")]
    for request in ("--terminate Debian", "--shutdown"):
        machine.sh(f"cd /mnt/c; {SYSTEM}/wsl.exe {request}")
        machine.wait_for_restart()
        boots.append(machine.sh("cat /proc/sys/kernel/random/boot_id"))
    assert [boot == boots[0] for boot in boots] == [True, True, False]
    assert machine.sh("ls -d /mnt/c/kept /run/lost", check=False) == "/mnt/c/kept\n"
    assert machine.sh(f"{CMD} echo warm") == "warm\n"


def test_a_restart_leaves_interop_to_the_other_machines(
    wsl: Machine, new_machine: NewMachine
) -> None:
    new_machine("wsl").restart()
    assert wsl.sh(f"{CMD} echo still") == "still\n"


def test_without_interop_no_windows_program_runs(new_machine: NewMachine) -> None:
    machine = new_machine("wsl")
    machine.put("/etc/wsl.conf", "[interop]\nenabled = false\n")
    machine.restart()
    with pytest.raises(EngineError, match="UtilConnectToInteropServer"):
        machine.sh(f"{CMD} ver")
