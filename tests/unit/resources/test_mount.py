"""Mount: an entry of fstab and what is mounted."""

from __future__ import annotations

import shlex
from typing import Any

import pytest

from envwright.facts import (
    Facts,
    Guarded,
    MountPoint,
    Mounts,
    Output,
    Shell,
    Stat,
    Status,
    Text,
    Unknown,
)
from envwright.model.operations import Changed, Edited, operation
from envwright.model.proof import Assertion, View
from envwright.model.resource import Fields, compare
from envwright.portable.safepath import change
from envwright.resources.mount import FSTAB, Mount

TMPFS = Mount(
    target="/mnt/x", source="tmpfs", kind="tmpfs", options=("size=64m", "nosuid", "mode=1777")
)
BIND = Mount(target="/srv/my data", source="/opt/data", kind="none", options=("bind", "ro"))
DRIVE = Mount(target="/mnt/d", source="D:", kind="drvfs", options=("metadata", "noatime"))
LATER = Mount(target="/mnt/l", source="/dev/sdb1", kind="ext4", options=("noauto",))
ROOT = {"/": MountPoint("/dev/sda1", "ext4", ("rw",), "/")}


def actual(mount: Mount, fstab: str | Unknown | None, mounts: Any) -> Any:
    return mount.actual(Facts({Text(FSTAB): fstab, Mounts(): mounts}))


def test_a_mount_is_an_entry_and_what_can_be_seen_of_it() -> None:
    assert (TMPFS.id, [*TMPFS.questions()]) == (
        "mount:/mnt/x",
        [Text(FSTAB), Mounts(), Guarded("/mnt/x"), Stat("/mnt"), Stat("/mnt/x")],
    )
    assert [mount.desired() for mount in (TMPFS, BIND, DRIVE, LATER)] == [
        {
            "fstab": "tmpfs /mnt/x tmpfs size=64m,nosuid,mode=1777 0 0",
            "mounted": ("tmpfs", "nosuid", "size=67108864"),
        },
        {"fstab": "/opt/data /srv/my\\040data none bind,ro 0 0", "mounted": ("bind", "ro")},
        {"fstab": "D: /mnt/d drvfs metadata,noatime 0 0", "mounted": ("drvfs", "noatime")},
        {"fstab": "/dev/sdb1 /mnt/l ext4 noauto 0 0"},
    ]
    plain = Mount(target="/mnt/x", source="tmpfs", kind="tmpfs", options=("size=50%",))
    assert (plain.desired() or {})["mounted"] == ("tmpfs",)
    assert Mount(target="/a", source="b", kind="c").entry == "b /a c defaults 0 0"


def test_a_mount_comes_after_what_it_lies_in_and_what_it_binds() -> None:
    assert list(BIND.autorequires) == ["mount:/srv", "directory:/srv", "directory:/opt/data"]


LIVE = MountPoint("tmpfs", "tmpfs", ("rw", "nosuid", "size=65536k", "mode=1777"), "/")


@pytest.mark.parametrize(
    ("fstab", "mounts", "fields"),
    [
        ("tmpfs /mnt/x tmpfs size=64m,nosuid,mode=1777 0 0\n", {"/mnt/x": LIVE}, ()),
        ("tmpfs  /mnt/x\ttmpfs size=64m,nosuid,mode=1777\n", {"/mnt/x": LIVE}, ()),
        ("# nothing\n", {"/mnt/x": LIVE}, ("fstab",)),
        ("tmpfs /mnt/x tmpfs size=64m,nosuid,mode=1777 0 0\n", {}, ("mounted",)),
        (
            "tmpfs /mnt/x tmpfs size=1m 0 0\n",
            {"/mnt/x": MountPoint("tmpfs", "tmpfs", ("rw", "size=1024k"), "/")},
            ("fstab", "mounted"),
        ),
        (
            "tmpfs /mnt/x tmpfs size=64m,nosuid,mode=1777 0 0\n",
            {"/mnt/x": MountPoint("/dev/sdb1", "ext4", ("rw", "nosuid"), "/")},
            ("mounted",),
        ),
        (None, {}, ("exists",)),
    ],
)
def test_entry_and_live_mount_differ_each_for_itself(
    fstab: str | None, mounts: Any, fields: tuple[str, ...]
) -> None:
    assert compare(actual(TMPFS, fstab, mounts), TMPFS.desired()).fields == fields


@pytest.mark.parametrize(
    ("mounts", "mounted"),
    [
        (
            {**ROOT, "/srv/my data": MountPoint("/dev/sda1", "ext4", ("ro",), "/opt/data")},
            ("bind", "ro"),
        ),
        (
            {**ROOT, "/srv/my data": MountPoint("/dev/sda1", "ext4", ("rw",), "/opt/data")},
            ("bind",),
        ),
        (
            {**ROOT, "/srv/my data": MountPoint("/dev/sda1", "ext4", ("ro",), "/data")},
            ("bind of /data", "ro"),
        ),
        (
            {
                **ROOT,
                "/opt/data": MountPoint("/dev/sdb1", "ext4", ("rw",), "/"),
                "/srv/my data": MountPoint("/dev/sdb1", "ext4", ("ro",), "/"),
            },
            ("bind", "ro"),
        ),
        (
            {
                "/": MountPoint("/dev/sda1", "btrfs", ("rw",), "/@root"),
                "/srv/my data": MountPoint("/dev/sda1", "btrfs", ("ro",), "/@root/opt/data"),
            },
            ("bind", "ro"),
        ),
        ({"/srv/my data": MountPoint("/dev/sda1", "ext4", ("ro",), "/opt/data")}, ("bind", "ro")),
    ],
    ids=["right", "not read-only", "another", "a mount itself", "a subvolume", "no root in sight"],
)
def test_a_bind_is_known_by_the_directory_that_it_shows(
    mounts: Any, mounted: tuple[str, ...]
) -> None:
    assert actual(BIND, "", mounts)["mounted"] == mounted


@pytest.mark.parametrize(
    ("kind", "options", "mounted"),
    [
        ("9p", ("rw", "noatime", "aname=drvfs;path=D:\\;metadata"), ("drvfs", "noatime")),
        ("drvfs", ("rw", "noatime"), ("drvfs", "noatime")),
        ("9p", ("rw", "aname=other"), ("9p",)),
    ],
)
def test_a_windows_drive_is_known_by_what_wsl_calls_it(
    kind: str, options: tuple[str, ...], mounted: tuple[str, ...]
) -> None:
    live = {"/mnt/d": MountPoint("D:\\", kind, options, "/")}
    assert actual(DRIVE, "", live)["mounted"] == mounted


def with_options(mount: Mount, *options: str, kind: str = "", **more: Any) -> MountPoint:
    return MountPoint(mount.source, kind or mount.kind, options, "/", **more)


PLAIN = Mount(target="/mnt/p", source="tmpfs", kind="tmpfs")
SQUASH = Mount(target="/mnt/p", source="/a.sqfs", kind="squashfs")
USERS = Mount(target="/mnt/p", source="tmpfs", kind="tmpfs", options=("users", "exec"))
FUSE = Mount(target="/mnt/p", source="x", kind="fuse.x")
AUTO = Mount(target="/mnt/p", source="/dev/sda1", kind="auto")
NFS = Mount(target="/mnt/p", source="nas:/x", kind="nfs")


@pytest.mark.parametrize(
    ("mount", "live", "mounted"),
    [
        (PLAIN, with_options(PLAIN, "rw", "relatime"), ("tmpfs",)),
        (PLAIN, with_options(PLAIN, "ro", "noexec"), ("tmpfs", "noexec", "ro")),
        (SQUASH, with_options(SQUASH, "ro"), ("squashfs",)),
        (USERS, with_options(USERS, "rw", "nosuid", "nodev"), ("tmpfs", "nodev", "nosuid")),
        (FUSE, with_options(FUSE, "rw", "nosuid", "nodev"), ("fuse.x",)),
        (FUSE, with_options(FUSE, "ro", "nosuid", "nodev"), ("fuse.x", "ro")),
        (AUTO, with_options(AUTO, "rw", kind="ext4"), ("auto",)),
        (NFS, with_options(NFS, "rw", kind="nfs4"), ("nfs",)),
    ],
)
def test_a_live_mount_that_allows_less_than_it_should_differs(
    mount: Mount, live: MountPoint, mounted: tuple[str, ...]
) -> None:
    assert actual(mount, mount.entry, {"/mnt/p": live})["mounted"] == mounted
    allowed = {"nosuid", "nodev"} if mount is USERS else set()
    assert (mount.desired() or {})["mounted"] == (mount.kind, *sorted(allowed))


def test_a_mount_that_waits_for_its_first_use_is_as_it_should_be() -> None:
    later = Mount(
        target="/mnt/p", source="nas:/x", kind="nfs", options=("x-systemd.automount", "noatime")
    )
    live = MountPoint("systemd-1", "autofs", ("rw", "relatime"), "/")
    assert actual(later, later.entry, {"/mnt/p": live}) == later.desired()
    assert len(list(later.witness())) == 2


def test_of_contradicting_options_the_last_one_is_wanted() -> None:
    both = Mount(target="/a", source="b", kind="c", options=("ro", "noexec", "rw", "exec", "ro"))
    assert (both.desired() or {})["mounted"] == ("c", "ro")


def test_a_bind_has_the_restrictions_of_the_mount_that_it_shows() -> None:
    bind = Mount(target="/srv/x", source="/opt/data", kind="none", options=("bind",))
    mounts = {
        "/": MountPoint("/dev/sda1", "ext4", ("rw", "noexec"), "/"),
        "/srv/x": MountPoint("/dev/sda1", "ext4", ("ro", "noexec"), "/opt/data"),
    }
    assert actual(bind, bind.entry, mounts)["mounted"] == ("bind", "ro")


def test_a_mount_that_others_cover_is_uncovered() -> None:
    covered = with_options(PLAIN, "rw")
    other = MountPoint("/dev/sdb1", "ext4", ("rw",), "/")
    live = MountPoint("x", "xfs", ("rw",), "/", (other, covered))
    before = actual(PLAIN, PLAIN.entry, {"/mnt/p": live})
    assert before == {
        "fstab": PLAIN.entry,
        "mounted": "hidden by a mount of xfs at the same place",
        "covered by": 2,
    }
    assert list(PLAIN.converge(compare(before, PLAIN.desired()))) == [
        operation("server.shell", commands=["umount -- /mnt/p && umount -- /mnt/p"])
    ]


@pytest.mark.parametrize(
    ("mount", "mounted", "options"),
    [
        (PLAIN, ("tmpfs", "noexec", "ro"), "remount,rw,exec"),
        (TMPFS, ("tmpfs", "size=1048576"), "remount,nosuid,size=67108864"),
        (BIND, ("bind",), "remount,bind,ro"),
    ],
)
def test_options_are_changed_without_an_unmount(
    mount: Mount, mounted: tuple[str, ...], options: str
) -> None:
    before: Fields = {"fstab": mount.entry, "mounted": mounted}
    target = shlex.quote(mount.target)
    assert list(mount.converge(compare(before, mount.desired()))) == [
        operation(
            "server.shell",
            commands=[
                (
                    f"{{ {change('guard', mount.target)} && mount -o {options} -- {target}; }} || "
                    f"{mounting(target)}"
                )
            ],
        )
    ]


# --- What is refused --------------------------------------------------------------------------

DIRECTORY = Status("directory", "0755", "root", "root", 0, "")
LINK = Status("link", "0777", "root", "root", 0, "/data")
DISK = Mount(target="/mnt/d", source="/dev/sdz9", kind="ext4")
TAGGED = Mount(target="/mnt/d", source="LABEL=backup", kind="ext4")
BOUND = Mount(target="/mnt/d", source="/opt/data", kind="none", options=("bind",))
SHARE = Mount(target="/mnt/d", source="//nas/docs", kind="cifs")
FOLDERS = {"/mnt": DIRECTORY, "/opt": DIRECTORY, "/dev": DIRECTORY, "/mnt/d": None}


def lack(source: str) -> str:
    return (
        f"{source}, which is to be mounted at /mnt/d, does not exist: correct the name, attach the "
        "device, or add `noauto` to write the entry in /etc/fstab alone"
    )


def real(path: str) -> str:
    return (
        f"{path} is a link to /data: the kernel knows mounts by their real paths alone; "
        f"write the real path in place of {path}"
    )


@pytest.mark.parametrize(
    ("mount", "paths", "changed", "refusals"),
    [
        (DISK, {"/dev/sdz9": None}, set(), (lack("/dev/sdz9"),)),
        (DISK, {"/dev/sdz9": LINK}, set(), ()),
        (DISK, {"/dev/sdz9": None}, {"package:lvm2"}, ()),
        (BOUND, {"/opt/data": None}, set(), (lack("/opt/data"),)),
        (BOUND, {"/opt/data": None}, {"directory:/opt"}, ()),
        (BOUND, {"/opt/data": DIRECTORY}, set(), ()),
        (BOUND, {"/opt/data": LINK}, set(), (real("/opt/data"),)),
        (BOUND, {"/opt/data": DIRECTORY, "/mnt": LINK}, set(), (real("/mnt"),)),
        (SHARE, {}, set(), ()),
        (LATER, {"/dev/sdb1": None}, set(), ()),
    ],
)
def test_what_cannot_be_mounted_is_refused_unless_the_plan_brings_it(
    mount: Mount, paths: dict[str, Status | None], changed: set[str], refusals: tuple[str, ...]
) -> None:
    facts = Facts({Stat(path): status for path, status in {**FOLDERS, **paths}.items()})
    work = [(mount, compare(None, mount.desired()))]
    assert Mount.forecast(work, facts, changed).refusals == refusals


def test_a_place_that_a_later_mount_above_hides_is_refused() -> None:
    mounts = {"/mnt": ROOT["/"], "/mnt/p": with_options(PLAIN, "rw", hidden_by="/mnt")}
    facts = Facts({Text(FSTAB): PLAIN.entry, Mounts(): mounts})
    before = PLAIN.actual(facts)
    assert before == {"fstab": PLAIN.entry, "mounted": "hidden by the mount at /mnt"}
    work = [(PLAIN, compare(before, PLAIN.desired()))]
    assert Mount.forecast(work, facts, set()).refusals == (
        "/mnt/p is hidden by a later mount at /mnt: unmount /mnt first",
    )


@pytest.mark.parametrize(("code", "refusals"), [(0, ()), (1, (lack("LABEL=backup"),))])
def test_a_tag_that_no_device_has_is_refused(code: int, refusals: tuple[str, ...]) -> None:
    facts = Facts({Shell("findfs LABEL=backup"): Output(code, "")})
    work = [(TAGGED, compare(None, TAGGED.desired()))]
    assert Mount.forecast(work, facts, set()).refusals == refusals
    assert Shell("findfs LABEL=backup") in TAGGED.questions()


def test_what_cannot_be_read_is_unknown() -> None:
    unknown = Unknown("cannot read the mounts")
    assert actual(TMPFS, Unknown("why"), {}) == unknown
    assert TMPFS.actual(Facts({Text(FSTAB): ""})) == unknown


# --- What is done -----------------------------------------------------------------------------

RELOAD = operation(
    "server.shell", commands=["[ ! -d /run/systemd/system ] || systemctl daemon-reload"]
).given(Changed())


def mounting(target: str, table: str = "") -> str:
    return (
        f"( {change('guard', shlex.split(target)[0])} || exit; "
        f"new=; [ -d {target} ] || new=1; mkdir -p -- {target} && "
        f"{{ while mountpoint -q -- {target}; do umount -- {target} || break; done; "
        f"! mountpoint -q -- {target}; }} && mount {table}-- {target} || "
        f'{{ if [ "$new" ]; then rmdir -- {target}; '
        f"else mountpoint -q -- {target} || mount -- {target} 2>/dev/null; fi; exit 1; }} )"
    )


def test_an_entry_goes_live_only_when_it_can_be_mounted() -> None:
    put, reload = BIND.converge(compare(None, BIND.desired()))
    assert (put, reload) == (
        operation(
            "paths.put",
            src=Edited(FSTAB, "fstab", {"/srv/my data": BIND.entry}),
            dest=FSTAB,
            user="root",
            group="root",
            mode="0644",
            validate=mounting("'/srv/my data'", '--fstab "$staged" '),
        ),
        RELOAD,
    )


def test_what_is_mounted_otherwise_is_mounted_anew() -> None:
    wrong: Fields = {"fstab": TMPFS.entry, "mounted": ("ext4",)}
    assert list(TMPFS.converge(compare(wrong, TMPFS.desired()))) == [
        operation("server.shell", commands=[mounting("/mnt/x")])
    ]


def test_what_is_not_mounted_now_is_only_written_down() -> None:
    put, reload = LATER.converge(compare(None, LATER.desired()))
    assert (put.arguments["dest"], reload) == (FSTAB, RELOAD)


def test_without_a_plan_an_entry_that_stands_is_mounted_where_it_is_not() -> None:
    *write, mount = BIND.exported()
    assert write == list(BIND.converge(compare(None, BIND.desired())))
    target = "'/srv/my data'"
    command = f"mountpoint -q -- {target} || {mounting(target)}"
    assert mount == operation("server.shell", commands=[command])
    assert list(LATER.exported()) == list(LATER.converge(compare(None, LATER.desired())))


# --- What is witnessed ------------------------------------------------------------------------


def sight(target: str, at: str, kinds: str, *tests: str) -> str:
    return (
        f"mountpoint -q -- {target} && at={at} kinds={kinds} awk "
        """'$5 == ENVIRON["at"] { for (i = 7; $i != "-"; i++); kind = $(i + 1); """
        f"""o = "," $6 "," $NF "," }} END {{ exit !({" && ".join(tests)}) }}' """
        "/proc/self/mountinfo"
    )


def test_a_mount_is_witnessed_in_fstab_and_in_the_kernel() -> None:
    line = ("file", (FSTAB,), "content_string")
    point = ("mount_point", ("/mnt/x",))
    has = ('index(ENVIRON["kinds"], "," kind ",")', "o ~ /,nosuid,/", "o ~ /,size=65536k,/")
    tests = (*has, "o !~ /,ro,/", "o !~ /,nodev,/", "o !~ /,noexec,/")
    assert list(TMPFS.witness()) == [
        Assertion(
            *line,
            ["tmpfs", "/mnt/x", "tmpfs", "mode=1777,nosuid,size=67108864", "0", "0"],
            view=View("fstab", "/mnt/x"),
        ),
        Assertion(*point, "exists", expected=True),
        Assertion("run", (sight("/mnt/x", "/mnt/x", ",tmpfs,", *tests),), "rc", 0),
    ]


def test_a_bind_is_witnessed_by_its_directory_and_under_its_escaped_name() -> None:
    line, exists, seen, same = BIND.witness()
    assert (line.expected, line.view) == (
        ["/opt/data", "/srv/my data", "none", "bind,ro", "0", "0"],
        View("fstab", "/srv/my data"),
    )
    point = ("mount_point", (r"/srv/my\040data",))
    see = sight("'/srv/my data'", r"'/srv/my\040data'", ",none,", "o ~ /,ro,/")
    assert [exists, seen, same] == [
        Assertion(*point, "exists", expected=True),
        Assertion("run", (see,), "rc", 0),
        Assertion("run", ("[ /opt/data -ef '/srv/my data' ]",), "rc", 0),
    ]


def test_what_is_not_mounted_now_is_witnessed_in_fstab_alone() -> None:
    assert [assertion.view for assertion in LATER.witness()] == [View("fstab", "/mnt/l")]
