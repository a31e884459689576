"""AptSource: a signed repository, and the key that signs it."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from keys import ARMORED, FINGERPRINT

from envwright.facts import AptSources, Facts, Stat, Status, Text, Unknown
from envwright.facts.apt_sources import listed
from envwright.model.operations import Content, Key, operation
from envwright.model.proof import Assertion, View
from envwright.model.resource import Difference, Fields, compare
from envwright.resources.apt_source import Access, AptSource

KEY = Key((FINGERPRINT,), url="https://x.test/key")
FULL = AptSource(
    source="tools",
    uris=("https://x.test/debian", "https://y.test/debian"),
    suites=("trixie", "trixie-updates"),
    components=("main", "extra"),
    architectures=("amd64",),
    key=KEY,
)
FLAT = AptSource(source="flat", uris=("https://x.test",), suites=("stable/",), key=KEY)
SOURCES, KEYRING = "/etc/apt/sources.list.d/tools.sources", "/etc/apt/keyrings/tools.asc"
CONTENT = (
    "Types: deb\n"
    "URIs: https://x.test/debian https://y.test/debian\n"
    "Suites: trixie trixie-updates\n"
    "Components: main extra\n"
    "Architectures: amd64\n"
    f"Signed-By: {KEYRING}\n"
)
ROOT = Access("0644", "root", "root")
STATE: Fields = {
    "content": CONTENT,
    "file": ROOT,
    "key": (FINGERPRINT,),
    "key file": ROOT,
    "elsewhere": (),
}
THERE = Status("file", "0644", "root", "root", 5, "")


def actual(**answers: Any) -> Any:
    """The state for the answers to `source`, `text`, `keyring` and `key`."""
    good = {"source": THERE, "text": CONTENT, "keyring": THERE, "key": ARMORED, **answers}
    others = {"/etc/apt/sources.list.d/tools.sources": CONTENT, **good.get("others", {})}
    return FULL.actual(
        Facts(
            {
                Stat(SOURCES): good["source"],
                Text(SOURCES): good["text"],
                Stat(KEYRING): good["keyring"],
                Text(KEYRING): good["key"],
                AptSources(): tuple(
                    one for path in others for one in listed(path, others[path].split("\n"))
                ),
            }
        )
    )


def test_a_source_is_a_deb822_stanza_with_its_key_beside_it() -> None:
    assert (FULL.id, FULL.content, FULL.desired()) == ("apt-source:tools", CONTENT, STATE)
    asked = (Stat(SOURCES), Stat(KEYRING), Text(SOURCES), Text(KEYRING), AptSources())
    assert FULL.questions() == asked
    assert FLAT.content == (
        "Types: deb\nURIs: https://x.test\nSuites: stable/\nSigned-By: /etc/apt/keyrings/flat.asc\n"
    )


@pytest.mark.parametrize(
    ("answers", "fields"),
    [
        ({}, ()),
        ({"source": None}, ("exists",)),
        ({"source": Unknown("why")}, ("exists",)),
        ({"text": CONTENT + "# more\n"}, ()),
        ({"text": CONTENT.replace("extra", "# more\n ")}, ("content",)),
        ({"text": "Types: deb\n"}, ("content",)),
        ({"source": Status("file", "0600", "root", "root", 5, "")}, ("file",)),
        ({"keyring": None, "key": None}, ("key", "key file")),
        ({"keyring": Status("file", "0644", "dev", "root", 5, "")}, ("key file",)),
        ({"key": "no key"}, ("key",)),
    ],
)
def test_source_and_key_differ_each_for_itself(
    answers: dict[str, Any], fields: tuple[str, ...]
) -> None:
    assert compare(actual(**answers), STATE).fields == fields


def test_a_file_of_others_that_apt_cannot_read_is_refused_with_its_line() -> None:
    others = {
        "/etc/apt/sources.list.d/x.list": "# x\ndeb https://x.test",
        "/etc/apt/a.sources": "X",
    }
    assert FULL.refusal(compare(actual(others=others), STATE)) == (
        "apt reads no source at all because of /etc/apt/sources.list.d/x.list:2: apt expects a "
        "suite; mend it\n"
        "apt reads no source at all because of /etc/apt/a.sources:1: apt expects NAME: VALUE; "
        "mend it"
    )


def test_a_file_that_apt_cannot_read_is_refused_where_others_have_a_stanza_in_it() -> None:
    told = FULL.refusal(compare(actual(text=f"Types: deb\n\n{CONTENT}"), STATE))
    assert told == f"{SOURCES} cannot be edited safely: line 1: apt expects a URI"


def test_a_keyring_that_cannot_be_used_says_why() -> None:
    told = "unusable: this is no OpenPGP data, neither binary nor armored"
    assert actual(key="no key")["key"] == Unknown(told)


def test_a_key_file_without_the_key_that_signs_now_is_fetched_anew() -> None:
    # As on machines that have only the older one of GitHub's two keys, which is expired.
    older = dataclasses.replace(FULL, key=Key(("A" * 40, FINGERPRINT), url=KEY.url))
    newer = dataclasses.replace(FULL, key=Key((FINGERPRINT, "A" * 40), url=KEY.url))
    facts = Facts(
        {
            Stat(SOURCES): THERE,
            Text(SOURCES): CONTENT,
            Stat(KEYRING): THERE,
            Text(KEYRING): ARMORED,
            AptSources(): (),
        }
    )
    found = [compare(one.actual(facts), one.desired()).fields for one in (older, newer)]
    assert found == [("key",), ()]


def put(src: Any, dest: str) -> Any:
    return operation("paths.put", src=src, dest=dest, user="root", group="root", mode="0644")


def test_the_key_comes_first_then_apt_tries_the_source_alone_then_it_goes_live() -> None:
    key, trial, source = FULL.converge(compare(None, STATE))
    assert [key, source] == [put(KEY, KEYRING), put(Content(CONTENT), SOURCES)]
    (script,) = trial.arguments["commands"]
    assert (trial.name, f"[ -e {SOURCES} ] || rm -f {KEYRING}" in script) == ("server.shell", True)


def test_only_what_differs_is_written() -> None:
    key_only = FULL.converge(compare(actual(key="no key"), STATE))
    assert [step.arguments["dest"] for step in key_only] == [KEYRING]
    file_only = FULL.converge(
        compare(actual(source=Status("file", "0600", "root", "root", 5, "")), STATE)
    )
    assert [step.arguments["dest"] for step in file_only] == [SOURCES]


def test_a_source_comes_after_the_certificates_of_https_and_the_end_of_old_entries() -> None:
    assert FULL.autorequires == ("package:ca-certificates", "apt-entries:tools")


FOREIGN = "# kept for old builds\nTypes: deb\nURIs: https://old.test/\nSuites: a/\n \nEnabled: no"
INSIDE = "Types: deb\nURIs: https://x.test/debian/\nSuites: trixie\nComponents: main\n"
INSIDE += "Signed-By:\n .\n AAAA\n"


@pytest.mark.parametrize(
    "text",
    [
        f"{CONTENT}\n{FOREIGN}",
        f"{FOREIGN}\n\n{CONTENT}",
        # The same repository with its key inside, as add-apt-repository of Ubuntu 24.04 writes it.
        f"{INSIDE}\n\n{FOREIGN}",
    ],
)
def test_a_foreign_stanza_in_the_own_file_stays_byte_for_byte(text: str) -> None:
    found = actual(text=text)
    assert found["beside"].rstrip("\n") == FOREIGN
    source = list(FULL.converge(Difference(found, STATE, ("content",))))[-1]
    after = f"{CONTENT}\n{found['beside']}"
    assert source == put(Content(after), SOURCES)
    again = actual(text=after)
    assert (again["content"], again["beside"]) == (CONTENT, found["beside"])


FOLDER = "/etc/apt/sources.list.d"
STANZA = "Types: deb\nURIs: https://X.test/debian\nSuites: a trixie\nComponents: main\n"


@pytest.mark.parametrize(
    ("path", "text", "line"),
    [
        ("/etc/apt/sources.list", "# x\ndeb [signed-by=/k] http://x.test/debian/ trixie main", 2),
        (f"{FOLDER}/mine.sources", f"\n{STANZA}", 2),
        (f"{FOLDER}/mine.list", f"deb [signed-by={KEYRING}] https://x.test/debian trixie m", None),
        (f"{FOLDER}/mine.sources", f"{STANZA}Enabled: no\n", None),
        # The publisher's own older file goes by itself.
        (f"{FOLDER}/tools.list", "deb https://x.test/debian trixie main", None),
    ],
)
@pytest.mark.parametrize("source", [THERE, None])
def test_a_repository_with_another_key_elsewhere_is_refused(
    path: str, text: str, line: int | None, source: Status | None
) -> None:
    difference = compare(actual(others={path: text}, source=source), STATE)
    told = (
        f"{path}:{line} has the repository of apt-source:tools already, with another key or with "
        "none, and apt takes one key for one repository: remove that entry, or leave the source "
        "out of the environment"
    )
    assert FULL.refusal(difference) == (told if line else "")


def test_source_and_key_are_witnessed() -> None:
    assert list(FULL.witness()) == [
        Assertion("file", (SOURCES,), "mode", 0o644),
        Assertion("file", (SOURCES,), "user", "root"),
        Assertion("file", (KEYRING,), "mode", 0o644),
        Assertion("file", (KEYRING,), "user", "root"),
        Assertion("file", (SOURCES,), "content_string", CONTENT, view=View("apt_stanza", KEYRING)),
        Assertion("run", ("apt-get update --print-uris >/dev/null",), "rc", 0),
        Assertion(
            "file",
            (KEYRING,),
            "content_string",
            "-----END PGP PUBLIC KEY BLOCK-----",
            contained=True,
        ),
        Assertion(
            "file",
            (KEYRING,),
            "content_string",
            FINGERPRINT,
            view=View("fingerprint", FINGERPRINT),
        ),
    ]
