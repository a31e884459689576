"""Files in well-known places go live only when the program that reads them accepts them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from sections import compile_everywhere

from envwright.resources.file import File
from envwright.resources.validators import reason_unread, unit_files, validator

ENVIRONMENTS = Path(__file__).parents[3] / "environments"

SERVICE = "[Service]\nExecStart=/opt/app --serve\n"
LIST = "deb [signed-by=/etc/apt/keyrings/x.asc] https://x.example/ stable main\n"
GOOD = {
    "/etc/sudoers": "root ALL=(ALL:ALL) ALL\n@includedir /etc/sudoers.d\n",
    "/etc/sudoers.d/team": "%team ALL=(root) /usr/bin/systemctl\n",
    "/etc/ssh/sshd_config": "Include /etc/ssh/sshd_config.d/*.conf\nUsePAM yes\n",
    "/etc/ssh/sshd_config.d/10-team.conf": "PasswordAuthentication no\nMatch User dev\n",
    "/etc/ssh/ssh_config.d/10-team.conf": "Host *.example.test\nUser dev\n",
    "/etc/docker/daemon.json": '{"debug": true}\n',
    "/etc/fstab": "# disks\nUUID=1 / ext4 defaults 0 1\ntmpfs /x tmpfs size=1m\n",
    "/etc/profile.d/x.sh": 'case "$-" in *i*) a=(1 2); [[ $x == !(y) ]] ;; esac\n',
    "/home/dev/.bashrc": "alias ll='ls -l'\n",
    "/etc/gitconfig": "[init]\n\tdefaultBranch = main\n[include]\n\tpath = /nowhere\n",
    "/home/dev/.config/git/config": "[alias]\nst = status\n",
    "/etc/systemd/system/app.service": f"[Unit]\nRequires=other.service\n{SERVICE}",
    "/etc/systemd/system/app@.service": f"{SERVICE}X-Note=ours\n",
    "/etc/systemd/system/app.timer": "[Timer]\nOnCalendar=daily\n",
    "/etc/systemd/system/old.service": f"{SERVICE}StandardOutput=syslog\nCPUShares=5\n",
    "/etc/systemd/system/app.service.d/10-user.conf": "[Service]\nUser=nobody\n",
    "/etc/systemd/system/systemd-logind.service.d/a.conf": "[Service]\nNice=1\n",
    "/home/dev/.config/systemd/user/own.service": f"{SERVICE}[Install]\nWantedBy=default.target\n",
    "/home/dev/.config/systemd/user/own.service.d/a.conf": "[Service]\nNice=1\n",
    "/home/dev/.config/systemd/user/own.timer.d/a.conf": "[Timer]\nPersistent=true\n",
    "/etc/crontab": "SHELL=/bin/sh\n17 *\t* * *\troot\tcd / && run-parts /etc/cron.hourly\n",
    "/etc/cron.d/x": '# c\nMAILTO = "a b"\n\n@daily dev date\n*/5 1-3 * jan Mon dev a=1 b\n',
    "/etc/apt/sources.list": LIST,
    "/etc/apt/sources.list.d/x.list": f"# c\n{LIST}",
    "/etc/apt/sources.list.d/x.sources": (
        "Types: deb\nURIs: https://x.example\nSuites: ./\nSigned-By: /x.asc\n"
    ),
    "/etc/apt/preferences.d/x": "Package: *\nPin: release n=x\nPin-Priority: -1\n",
    "/etc/apt/apt.conf.d/90x": 'APT::Install-Recommends "false";\n',
}
BAD = {
    "/etc/sudoers.d/team": ("everybody everything\n", "team:1:21: syntax error"),
    "/etc/ssh/sshd_config": ("PermitRootLogin maybe\n", 'line 1: unsupported option "maybe".'),
    "/etc/ssh/sshd_config.d/10-team.conf": ("Prot 2\n", "Bad configuration option: Prot"),
    "/etc/ssh/ssh_config.d/10-team.conf": ("Usr dev\n", "Bad configuration option: usr"),
    "/etc/fstab": ("UUID=1 / ext4\nUUID=2\n", "parse error at line 2"),
    "/etc/profile.d/x.sh": ("if true; then\n", "syntax error: unexpected end of file"),
    "/root/.profile": ("export X='a\n", "unexpected EOF while looking for matching"),
    "/home/dev/.gitconfig": ("[init\n", "bad config line 1 in file"),
    "/etc/systemd/system/app.service": (f"{SERVICE}Restrat=always\n", "app.service:3: Unknown key"),
    "/home/dev/.config/systemd/user/own.timer.d/more.conf": (
        "[Timer]\nOnCalnder=daily\n",
        "more.conf:2: Unknown key",
    ),
    "/home/dev/.config/systemd/user/own.timer": (
        "[Timer]\nOnCalnder=daily\n",
        "own.timer:2: Unknown key",
    ),
    "/etc/systemd/system/app.socket": ("[Socket]\nListenStream\n", "app.socket:2: Missing '='"),
    "/etc/systemd/system/app.mount": ("[Mount]\nWhat=x\nWhere=/y\n", "app.mount: Where= setting"),
    "/etc/systemd/system/app.timer": ("[Timer]\n", "app.timer: Timer unit lacks value setting"),
    "/etc/systemd/system/systemd-logind.service.d/a.conf": (
        "Nice=1\n",
        "a.conf:1: Assignment outside of section",
    ),
    "/etc/crontab": ("17 * * * root cd /\n", "bad day-of-week"),
    "/etc/cron.d/x": ("# c\n@daily dev x\n60 * * * * dev x\n", '"-":2: bad minute'),
    "/etc/apt/sources.list": ("deb https://x.example\n", "Malformed entry 1 in list file"),
    "/etc/apt/sources.list.d/x.list": ("deb https://x.example a\n", "(Component)"),
    "/etc/apt/sources.list.d/x.sources": ("URIs: https://x.example\n", "Malformed stanza 1"),
    "/etc/apt/preferences.d/x": ("Pakage: *\nPin: release n=x\n", "no Package header"),
    "/etc/apt/apt.conf.d/90x": ('APT::Install-Recommends "false"\n', "Syntax error"),
}


def judged(path: str, text: str, folder: Path) -> tuple[int, str]:
    """Whether the program accepts a file that is staged as one is on the machine, and its words."""
    staged = folder / path.lstrip("/")
    staged.parent.mkdir(parents=True)
    staged.write_text(text)
    done = subprocess.run(
        ["sh", "-c", validator(path)],
        env={"staged": str(staged), "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


PROGRAMS = (
    "visudo",
    "dockerd",
    "/usr/sbin/sshd",
    "ssh",
    "findmnt",
    "bash",
    "git",
    "systemd-analyze",
    "apt-get",
    "crontab",
)


def needs_its_program(path: str) -> None:
    for program in PROGRAMS:
        if f"command -v {program} " in validator(path) and not shutil.which(program):
            pytest.skip(f"no {program} here")


@pytest.mark.parametrize("path", GOOD)
def test_a_file_that_its_program_accepts_goes_live(path: str, tmp_path: Path) -> None:
    needs_its_program(path)
    code, said = judged(path, GOOD[path], tmp_path)
    assert (code, said) == (0, said)


@pytest.mark.parametrize("path", BAD)
def test_a_file_that_its_program_refuses_does_not_go_live(path: str, tmp_path: Path) -> None:
    needs_its_program(path)
    text, words = BAD[path]
    code, said = judged(path, text, tmp_path)
    assert (code != 0, words in said) == (True, True), said


@pytest.mark.parametrize(
    "environment", sorted(ENVIRONMENTS.glob("*.yaml")), ids=lambda file: file.stem
)
def test_what_capabilities_write_is_accepted(environment: Path, tmp_path: Path) -> None:
    files = {
        (resource.path, resource.content)
        for made in compile_everywhere(environment)
        for resource in made.resources
        if isinstance(resource, File) and resource.present and not resource.validate
    }
    checked = sorted(file for file in files if validator(file[0]))
    said = {}
    for number, (path, text) in enumerate(checked):
        needs_its_program(path)
        said[path] = judged(path, text, tmp_path / str(number))
    assert checked
    assert {path: words for path, (code, words) in said.items() if code} == {}
    assert [path for path, _ in files if reason_unread(path)] == []


def test_a_drop_in_is_not_refused_for_a_line_of_the_unit_itself(tmp_path: Path) -> None:
    path = "/etc/systemd/system/app.service.d/10-user.conf"
    needs_its_program(path)
    unit = tmp_path / "etc/systemd/system/app.service"
    unit.parent.mkdir(parents=True)
    unit.write_text(f"{SERVICE}drifted\n")
    assert judged(path, "[Service]\nUser=nobody\n", tmp_path)[0] == 0


def test_a_drop_in_that_leaves_its_unit_no_command_is_refused(tmp_path: Path) -> None:
    path = "/etc/systemd/system/app.service.d/10-user.conf"
    needs_its_program(path)
    unit = tmp_path / "etc/systemd/system/app.service"
    unit.parent.mkdir(parents=True)
    unit.write_text(SERVICE)
    code, said = judged(path, "[Service]\nExecStart=\n", tmp_path)
    assert (code != 0, said.splitlines()) == (
        True,
        ["app.service: Service has no ExecStart=, ExecStop=, or SuccessAction=. Refusing."],
    )


@pytest.mark.parametrize(
    ("path", "files"),
    [
        ("/etc/systemd/system/a.b.service.d/x.conf", ("a.b.service",)),
        ("/etc/systemd/system/a@.timer.d/x.conf", ("a@.timer",)),
        ("/etc/systemd/system/a@b@c.service.d/x.conf", ("a@b@c.service", "a@.service")),
        ("/etc/systemd/system/a.service", ()),
        ("/etc/systemd/system.conf.d/x.conf", ()),
        ("/etc/a.service.d/x.conf", ()),
    ],
)
def test_the_unit_of_a_drop_in_is_known_by_its_folder(path: str, files: tuple[str, ...]) -> None:
    assert unit_files(path) == tuple(f"/etc/systemd/system/{file}" for file in files)


def test_without_the_program_a_file_goes_live() -> None:
    script = validator("/etc/sudoers.d/team")
    done = subprocess.run(["/bin/sh", "-c", script], env={"PATH": "/nowhere"}, check=False)
    assert done.returncode == 0


def test_other_files_are_checked_by_nothing() -> None:
    paths = (
        "/etc/motd",
        "/etc/sudoers.dx",
        "/srv/etc/sudoers",
        "/etc/sudoers.d/a/b",
        "/etc/cron.daily/x",
    )
    assert [validator(path) for path in paths] == [""] * len(paths)


@pytest.mark.parametrize(
    ("path", "program"),
    [
        ("/etc/sudoers.d/10-team.conf", "sudo"),
        ("/etc/profile.d/x", "the login shell"),
        ("/etc/apt/sources.list.d/x.list.save", "apt"),
        ("/etc/apt/preferences.d/x.conf", "apt"),
        ("/etc/apt/apt.conf.d/x.pref", "apt"),
        ("/etc/cron.d/x.sh", "cron"),
        ("/etc/cron.daily/x.sh", "cron"),
        ("/etc/sysctl.d/90-x", "systemd(1)"),
        ("/etc/environment.d/x.sh", "systemd(1)"),
        ("/etc/systemd/system.conf.d/x", "systemd(1)"),
        ("/etc/systemd/system/app.service.d/x", "systemd(1)"),
        ("/etc/udev/rules.d/x.conf", "udev"),
    ],
)
def test_a_name_that_the_program_passes_over_is_told(path: str, program: str) -> None:
    folder, _, name = path.rpartition("/")
    assert reason_unread(path) == f"{program} reads no file of the name {name!r} in {folder}"


@pytest.mark.parametrize(
    "path",
    [
        *GOOD,
        "/etc/cron.d/a_b-1",
        "/etc/sysctl.d/x.conf",
        "/etc/apt/preferences.d/a.b.pref",
        "/etc/x",
    ],
)
def test_a_name_that_the_program_reads_is_as_it_should_be(path: str) -> None:
    assert not reason_unread(path)
