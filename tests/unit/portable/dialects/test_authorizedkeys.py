"""The keys that may log in are read as sshd reads them, by a real sshd."""

from __future__ import annotations

import shutil
import subprocess
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp

import pytest
from fuzz import rounds
from hypothesis import given, settings
from hypothesis import strategies as st

from envwright.portable import readers
from envwright.portable.dialects import DialectError, Problem, Value, get, lacking, published

DIALECT = get("authorized_keys")
ONE = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ4hq2nFVZkTJDWSXn1pSN1Yd8sd6ZcSmkTdHkTq1fXo"
TWO = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIZ4mhVYyTHCB5tVrR0bE4bQ3s7N1hXh0m1N5mBJ9zQk"


def test_the_first_line_of_each_key_is_read() -> None:
    text = f"# {TWO}\n\n {ONE} me\r\nno-pty {TWO}\n{TWO} you\njunk\n{ONE} again\n"
    assert DIALECT.read(text) == {f" {ONE} me": True, f"no-pty {TWO}": True}


@pytest.mark.parametrize(
    "wanted",
    [
        f"{ONE} another comment",
        ONE,
        f'from="10.0.0.0/8,*.example",NO-PTY\t{TWO}',
        f'no-pty,from="10.0.0.0/8,*.example" {TWO.replace(" ", "  ")}',
    ],
)
def test_a_line_that_means_the_same_changes_no_byte(wanted: str) -> None:
    text = f'\t{ONE} me\r\nno-pty,from="10.0.0.0/8,*.example" {TWO}\n'
    assert DIALECT.actual(text, {wanted: True}) == {wanted: True}
    assert DIALECT.edit(text, {wanted: True}) == text
    assert readers.authorized_keys(text, wanted)


def test_a_new_line_goes_to_the_end_as_the_last_one_ends() -> None:
    assert DIALECT.edit(f"# c\n{ONE}", {TWO: True}) == f"# c\n{ONE}\n{TWO}"
    assert DIALECT.edit("# c\r\n", {TWO: True}) == f"# c\r\n{TWO}\r\n"
    assert DIALECT.edit("", {TWO: True}) == f"{TWO}\n"


def test_a_line_comes_in_front_of_the_same_key_with_other_options() -> None:
    text = f'{TWO}\ncommand="backup" {ONE} me\n{ONE} me\n# end\n'
    assert DIALECT.actual(text, {ONE: True}) == {ONE: f'command="backup" {ONE} me'}
    assert readers.authorized_keys(text, ONE) is None
    after = DIALECT.edit(text, {ONE: True})
    assert after == f'{TWO}\n{ONE}\ncommand="backup" {ONE} me\n# end\n'
    assert readers.authorized_keys(after, ONE) is True


def test_a_removal_takes_every_line_with_the_key() -> None:
    text = f'command="backup" {ONE}\n# c\n{TWO}\n{ONE} me\n'
    assert DIALECT.edit(text, {ONE: None}) == f"# c\n{TWO}\n"


@pytest.mark.parametrize(
    "line",
    [
        "junk",
        "",
        f"# {ONE}",
        "ssh-ed25519 AAAA me",
        ONE.replace("ssh-ed25519", "ssh-rsa"),
        f"{ONE}AAAA",
        f"{ONE}=",
        f"no-such-option {ONE}",
        f"no-pty, no-user-rc {ONE}",
        f"command=backup {ONE}",
        f'command="backup {ONE}',
    ],
)
def test_a_line_that_sshd_would_pass_over_is_refused(line: str) -> None:
    for value in (True, None):
        with pytest.raises(DialectError) as caught:
            DIALECT.edit("", {line: value})
        told = f"{line!r} is no line with a public key: [OPTIONS] TYPE KEY [COMMENT]"
        assert str(caught.value) == told


@pytest.mark.parametrize("value", [False, "x", 1])
def test_a_line_has_no_value(value: Value) -> None:
    with pytest.raises(DialectError) as caught:
        DIALECT.edit("", {ONE: value})
    assert str(caught.value) == f"{ONE!r}: a line is there (true) or not, it has no value"


def test_lines_that_sshd_passes_over_are_reported() -> None:
    assert DIALECT.problems(f"# c\n\ufeff{TWO}\n{ONE}\n\nno-pty {ONE}\nx\n{TWO}\r\n") == [
        Problem(2, "sshd finds no key in this line"),
        Problem(5, "line 3 has this key, and sshd looks no further"),
        Problem(6, "sshd finds no key in this line"),
    ]


# --- A real sshd -------------------------------------------------------------------------------

SSHD = shutil.which("sshd") or "/usr/sbin/sshd"


@cache
def identities() -> tuple[Path, str, str]:
    """A folder with a host key and a person's key; the key's line, and the line of another key."""
    folder = Path(mkdtemp(prefix="sshd-"))
    for name in ("host", "mine", "other"):
        key = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(folder / name)]
        subprocess.run(key, check=True)
    mine, other = ((folder / f"{name}.pub").read_text().strip() for name in ("mine", "other"))
    return folder, mine, other


def logged_in(text: str) -> str | None:
    """The command that sshd runs for a person with the key `mine`; None where it lets nobody in."""
    folder, _, _ = identities()
    with TemporaryDirectory() as scratch:
        keys = Path(scratch, "keys")
        keys.write_bytes(text.encode())
        options = {
            "AuthorizedKeysFile": keys,
            "HostKey": folder / "host",
            "StrictModes": "no",
            "UsePAM": "yes",
            "PermitRootLogin": "yes",
            "PidFile": "none",
        }
        server = [SSHD, "-i", "-f", "/dev/null"]
        server += [word for name, value in options.items() for word in ("-o", f"{name}={value}")]
        client = ["ssh", "-F", "/dev/null", "-i", str(folder / "mine"), "-o", "BatchMode=yes"]
        client += ["-o", "IdentitiesOnly=yes", "-o", "StrictHostKeyChecking=no", "-o"]
        client += ["UserKnownHostsFile=/dev/null", "-o", f"ProxyCommand={' '.join(server)}"]
        done = subprocess.run(
            [*client, "root@here", "echo bare"], capture_output=True, text=True, check=False
        )
    return done.stdout.strip() if done.returncode == 0 else None


def by_us(text: str) -> str | None:
    """What we say that sshd runs: the command of the first line with the key."""
    _, mine, _ = identities()
    blob = mine.split()[1]
    lines = [line for line in DIALECT.read(text) if blob in line and "cert-auth" not in line]
    if not lines:
        return None
    return lines[0].partition('command="echo ')[2].partition('"')[0] or "bare"


@st.composite
def key_files(draw: st.DrawFn) -> str:
    _, mine, other = identities()
    option = st.sampled_from(
        ["no-pty", "NO-PTY", "restrict", 'from="127.0.0.1,UNKNOWN"', 'environment="A=\\"b c\\""']
    )
    lines = []
    for number in range(draw(st.integers(1, 3))):
        command = draw(st.sampled_from([[], [f'command="echo {number}"']]))
        odd = draw(
            st.sampled_from([[], [], [], ["bogus"], ["no-pty "], ['x="'], ["cert-authority"]])
        )
        options = ",".join([*draw(st.lists(option, max_size=1)), *command, *odd])
        key = draw(st.sampled_from([mine, mine, other, mine[:-3], mine.replace(" ", "\t ")]))
        start = draw(st.sampled_from(["", "", " \t", "# ", "\ufeff"]))
        end = draw(st.sampled_from(["", " me", " a b # c"]))
        lines.append(f"{start}{options}{' ' if options else ''}{key}{end}")
    return draw(st.sampled_from(["\n", "\r\n"])).join([*lines, ""])


@pytest.mark.skipif(not Path(SSHD).exists(), reason="no sshd here")
@given(data=st.data())
@settings(max_examples=rounds(usual=12, full=500), deadline=None)
def test_sshd_takes_the_line_that_we_say_and_the_one_that_an_edit_wrote(
    data: st.DataObject,
) -> None:
    text = data.draw(key_files())
    assert logged_in(text) == by_us(text)
    wanted = f'command="echo new" {identities()[1]}'
    after = DIALECT.edit(text, {wanted: True})
    assert (logged_in(after), readers.authorized_keys(after, wanted)) == ("new", True)
    assert readers.authorized_keys(text, wanted) is None
    assert logged_in(DIALECT.edit(after, {identities()[1]: None})) is None


# --- Fingerprints -------------------------------------------------------------------------------


def fingerprint(line: str) -> str:
    """Return the fingerprint of a key as ssh-keygen prints it."""
    argv = ["ssh-keygen", "-l", "-f", "-"]
    said = subprocess.run(argv, input=line, capture_output=True, text=True, check=True)
    return said.stdout.split()[1]


def test_a_fingerprint_is_a_line_with_its_key_and_no_options() -> None:
    first, second = fingerprint(ONE), fingerprint(TWO)
    text = f"{ONE} me\nno-pty {TWO}\n"
    assert DIALECT.actual(text, {first: True, second: True}) == {
        first: True,
        second: f"no-pty {TWO}",
    }
    assert DIALECT.edit(text, {first: True}) == text
    found = [readers.authorized_keys(text, key) for key in (first, second, f"SHA256:{'A' * 43}")]
    assert found == [True, None, None]


def test_the_line_of_a_fingerprint_is_looked_up_where_keys_are_published() -> None:
    first, second = fingerprint(ONE), fingerprint(TWO)
    text = f"{ONE}\n{TWO} work\n"
    assert lacking("authorized_keys", f"{ONE}\n", [first, second]) == [second]
    assert published("authorized_keys", text, second) == f"{TWO} work"
    for nothing in ("", "<html>a login page</html>", f'command="sh" {TWO}\n'):
        with pytest.raises(DialectError) as raised:
            published("authorized_keys", nothing, second)
        assert str(raised.value) == f"has nothing that is {second}"


def test_an_edit_cannot_make_the_line_of_a_fingerprint() -> None:
    with pytest.raises(DialectError):
        DIALECT.edit("", {fingerprint(ONE): True})
