"""The manager of an account: what it takes, and what comes before what."""

from __future__ import annotations

from standins import DEBIAN, OFFLINE

from envwright.resources.user_manager import user_manager


def test_the_manager_comes_after_its_packages_and_the_mark_that_the_account_lingers() -> None:
    made = list(user_manager("dev", DEBIAN, ("dev",)))
    assert [resource.id for resource in made] == [
        "package:libpam-systemd",
        "package:dbus-user-session",
        "directory:/home/dev/.config",
        "directory:/home/dev/.config/systemd",
        "directory:/home/dev/.config/systemd/user",
        "file:/var/lib/systemd/linger/dev",
        "command:user manager dev",
    ]
    assert list(made[-1].autorequires) == [
        "user:dev",
        "file:/var/lib/systemd/linger/dev",
        "package:libpam-systemd",
        "package:dbus-user-session",
    ]


def test_where_systemd_does_not_run_yet_the_manager_waits_for_it() -> None:
    manager = list(user_manager("dev", DEBIAN, ("dev",)))[-1]
    assert manager.pending(OFFLINE) == "systemd is not PID 1 yet"
    assert manager.pending(DEBIAN) == ""
