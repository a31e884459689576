"""Addresses of layers: the forms that there are, and what is said of all others."""

from __future__ import annotations

import functools
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envwright.errors import SpecError
from envwright.spec.addresses import FORMS as FORMS_EXPLAINED
from envwright.spec.addresses import (
    CredentialsError,
    GitAddress,
    WebAddress,
    parse,
)

C = "0123456789abcdef0123456789abcdef01234567"
D = "ab" * 32
QUERY = (
    "the address of a layer has a query (`?...`), which often holds a key that others must not see"
)
FORMS = "`envwright explain extends` shows the forms"


@pytest.mark.parametrize(
    ("text", "address"),
    [
        (f"git+https://h/r@{C}:a.yaml", GitAddress("https://h/r", C, "a.yaml")),
        (
            f"git+https://h.example:8443/g/r.git@{C}:envs/a b.yaml",
            GitAddress("https://h.example:8443/g/r.git", C, "envs/a b.yaml"),
        ),
        (f"git+https://[::1]:8/r@{C}:a.yaml", GitAddress("https://[::1]:8/r", C, "a.yaml")),
        (
            "git+https://h/r@feature/x-1:a@b.yaml",
            GitAddress("https://h/r", "feature/x-1", "a@b.yaml"),
        ),
        ("git+ssh://git@h/r@v1.2:a.yaml", GitAddress("ssh://git@h/r", "v1.2", "a.yaml")),
        ("git+ssh://h:22/r@v1.2:a.yaml", GitAddress("ssh://h:22/r", "v1.2", "a.yaml")),
        ("git+file:///srv/r.git@main:a.yaml", GitAddress("file:///srv/r.git", "main", "a.yaml")),
        (f"https://h/a.yaml#sha256={D}", WebAddress("https://h/a.yaml", D)),
        ("https://h:8443/x/a.yaml", WebAddress("https://h:8443/x/a.yaml")),
    ],
)
def test_an_address_has_its_parts(text: str, address: GitAddress | WebAddress) -> None:
    assert parse(text) == address


def test_every_form_that_is_explained_is_an_address() -> None:
    forms = [form for form in FORMS_EXPLAINED if "://" in form]
    words = {"HOST": "h", "REPO": "r", "COMMIT": C, "NAME": "main", "DIGEST": D}
    texts = [functools.reduce(lambda t, w: t.replace(w, words[w]), words, form) for form in forms]
    assert [parse(text) for text in texts] == [
        GitAddress("https://h/r", C, "FILE.yaml"),
        GitAddress("https://h/r", "main", "FILE.yaml"),
        WebAddress("https://h/FILE.yaml", D),
        WebAddress("https://h/FILE.yaml"),
    ]


@pytest.mark.parametrize(
    "path", ["base.yaml", "../a/b.yaml", "/etc/a.yaml", "~/a.yaml", "a@b.yaml", "a:b.yaml"]
)
def test_a_path_is_no_address(path: str) -> None:
    assert parse(path) is None


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        (
            "git@github.com:org/repo.git",
            "'git@github.com:org/repo.git' is an address of git in the form of scp",
            "write it as git+ssh://USER@HOST/REPO@COMMIT:FILE.yaml",
        ),
        (
            "http://h/a.yaml",
            "'http://h/a.yaml': who sits on the way could change what comes by http",
            "use https://",
        ),
        (
            "git+http://h/r@v1:a.yaml",
            "'git+http://h/r@v1:a.yaml': who sits on the way could change what comes by git+http",
            "use git+https://",
        ),
        ("s3://b/a.yaml", "'s3://b/a.yaml': no layer can come by s3", FORMS),
        (
            "git+https://h/r:a.yaml",
            "'git+https://h/r:a.yaml' names no commit, branch or tag",
            "add it behind the repository: git+https://HOST/REPO@COMMIT:FILE.yaml",
        ),
        (
            "git+https://h/r@main",
            "'git+https://h/r@main' names no file of the repository",
            "add it at the end: git+https://HOST/REPO@COMMIT:FILE.yaml",
        ),
        (
            "git+https://h/r@0123abc:a.yaml",
            "'0123abc' is a part of a commit's name, which others can come to share",
            "name the commit by its 40 small digits: git rev-parse 0123abc",
        ),
        (
            "git+https://h/r@a..b:a.yaml",
            "'a..b' is no name of a commit, branch or tag",
            FORMS,
        ),
        (
            "git+https://h/r@--upload-pack=x:a.yaml",
            "'--upload-pack=x' is no name of a commit, branch or tag",
            FORMS,
        ),
        (
            "git+https://h/r@main:../a.yaml",
            "'../a.yaml' is no path in a repository",
            "name a file from the repository's root, such as envs/base.yaml",
        ),
        (
            "git+ssh://-oProxyCommand=x/r@main:a.yaml",
            "'git+ssh://-oProxyCommand=x/r@main:a.yaml' is no address of a git repository",
            FORMS,
        ),
        (
            "https://h/org/r.git@v1:a.yaml",
            "'https://h/org/r.git@v1:a.yaml' looks like a file of a git repository",
            "write git+https://h/org/r.git@v1:a.yaml",
        ),
        (
            "https://h/a.yaml?token=geheim",
            QUERY,
            "name an address without one, or take the file from its git repository",
        ),
        ("https://h", "'https://h' is no address of a file", FORMS),
        (
            f"https://h/a.yaml#sha256={D.upper()}",
            f"'#sha256={D.upper()[:49]}...' is no SHA-256 of a file",
            "write #sha256= and 64 small hexadecimal digits, as sha256sum prints them",
        ),
        (
            "https://h/a.yaml#md5=1",
            "'#md5=1' is no SHA-256 of a file",
            "write #sha256= and 64 small hexadecimal digits, as sha256sum prints them",
        ),
    ],
)
def test_each_fault_of_an_address_has_its_message(text: str, message: str, hint: str) -> None:
    with pytest.raises(SpecError) as raised:
        parse(text)
    assert (raised.value.message, raised.value.hint) == (message, hint)


@pytest.mark.parametrize(
    "text",
    [
        f"git+https://anna:geheim@h/r@{C}:a.yaml",
        f"git+https://geheim@h/r@{C}:a.yaml",
        f"git+ssh://git:geheim@h/r@{C}:a.yaml",
        "https://anna:geheim@h/a.yaml",
        "http://geheim@h/a.yaml",
        "HTTPS://geheim@h/a.yaml",
    ],
)
def test_a_login_in_an_address_is_refused_and_not_shown(text: str) -> None:
    with pytest.raises(CredentialsError) as raised:
        parse(text)
    assert "geheim" not in str(raised.value)


@given(st.from_regex(re.compile(r"(git\+)?[a-z]{2,6}://[ -~]{0,40}"), fullmatch=True))
def test_whatever_begins_as_an_address_is_one_or_is_refused(text: str) -> None:
    try:
        address = parse(text)
    except SpecError:
        return
    assert address is not None
    if isinstance(address, WebAddress):
        again = address.url + (f"#sha256={address.pinned}" if address.pinned else "")
    else:
        again = f"{address.key}:{address.path}"
        assert ".." not in address.path.split("/")
        assert not address.ref.startswith("-")
    assert again == text
