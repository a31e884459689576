"""Sources of apt are read as apt reads them, and a removal keeps every other byte."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from fuzz import rounds
from hypothesis import given, settings
from hypothesis import strategies as st

from envwright.portable.dialects import DialectError
from envwright.portable.dialects.aptsources import Entry, Target, change, is_read, read, remove

ARCHITECTURE = "amd64"
FORMAT = "$(CREATED_BY)|$(SOURCESENTRY)|$(TARGET_OF)|$(REPO_URI)|$(RELEASE)|$(COMPONENT)|"
FORMAT += "$(ARCHITECTURE)|"
needs_apt = pytest.mark.skipif(not shutil.which("apt-get"), reason="no apt-get here")

Found = dict[tuple[str, ...], int]
"""What apt downloads (type, URI, suite, component, architecture), by the entry that it names."""


def asked_of_apt(files: dict[str, str]) -> Found | str:
    """What apt makes of the files of a scratch sources.list.d, or the errors that it prints."""
    with TemporaryDirectory() as folder:
        parts = Path(folder, "parts")
        parts.mkdir()
        for name, text in files.items():
            (parts / name).write_bytes(text.encode("utf-8", "surrogateescape"))
        options = {
            "Dir::Etc::SourceList": "/dev/null",
            "Dir::Etc::SourceParts": parts,
            "Dir::State::Lists": folder,
            "Dir::Cache": folder,
            "APT::Architecture": ARCHITECTURE,
            "APT::Architectures": ARCHITECTURE,
        }
        command = ["apt-get", "indextargets", "--no-release-info", "--format", FORMAT]
        command += [word for name, value in options.items() for word in ("-o", f"{name}={value}")]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        return done.stderr
    found: Found = {}
    for line in done.stdout.splitlines():
        kind, place, *words, _ = line.split("|")
        # apt leaves the variables of what a target has not: a flat suite's component.
        words = ["" if word.startswith("$(") else word for word in words]
        if kind in {"Packages", "Sources"}:
            found.setdefault(tuple(words), int(place.rpartition(":")[2]))
    return found


def by_us(entries: list[Entry]) -> Found:
    """What we say that apt downloads; what is asked for twice belongs to the first entry."""
    found: Found = {}
    for entry in entries:
        arch = entry.options.get("arch")
        for target in entry.targets(ARCHITECTURE):
            for_each = [*(arch.split(",") if arch else [ARCHITECTURE]), "all"]
            for architecture in for_each if target.type == "deb" and target.component else [""]:
                found.setdefault((*target, architecture), entry.number)
    return found


def agree(text: str, name: str) -> None:
    said = asked_of_apt({name: text})
    try:
        entries = read(text, name)
    except DialectError:
        assert isinstance(said, str), said
    else:
        assert said == by_us(entries)


blanks = st.sampled_from([" ", "  ", "\t", " \t "])
lines_of_options = st.sampled_from(
    [
        "",
        "[arch=amd64] ",
        "[ arch=amd64,i386 ]  ",
        "[arch=i386 arch=amd64] ",
        "[trusted=yes\tarch=amd64]",
        '["arch=amd64" lang=en#x ] ',
        "[lang=%65n]",
        "[lang=[x]] ",
        "[] ",
        "[ ] ",
        "[arch] ",
        "[a=] ",
        "[arch=amd64 ",
        "[Arch=i386] ",
    ]
)
uris = st.sampled_from(
    [
        "http://{}.example",
        "http://{}.example/",
        "https://{}.example/a/$(ARCH)",
        "http://{}.example/%61%20b",
        '"http://{}.example/x y/"',
        "http://{}.example/[x y]/",
        "{}.example",
        'http://{}.example/"open',
        "file:/{}",
    ]
)
suites = st.sampled_from(["stable", "stable/updates", "./", "sub/$(ARCH)/", "bo%6fkworm", '"a"'])
components = st.sampled_from(["", "main", "main  contrib", "main main", '"non-free"', "# gone"])
junk = st.sampled_from(["", "# deb http://x.example a b", "  # c", "\t", "deb", "rpm u s c", "é"])


@st.composite
def one_line_file(draw: st.DrawFn) -> str:
    lines = []
    for number in range(draw(st.integers(1, 4))):
        if draw(st.integers(0, 9)) < 3:
            lines.append(draw(junk.filter(lambda text: not text or text.strip()[:1] in {"", "#"})))
        kind = draw(st.sampled_from(["deb", "deb", "deb-src", " deb"]))
        uri = draw(uris).format(f"h{number}")
        gaps = [draw(blanks) for _ in range(3)]
        line = f"{kind}{gaps[0]}{draw(lines_of_options)}{uri}{gaps[1]}{draw(suites)}{gaps[2]}"
        lines.append(f"{line}{draw(components)}{draw(st.sampled_from(['', ' ', '# why']))}")
    if draw(st.integers(0, 9)) == 0:
        lines.append(draw(junk))
    ending = draw(st.sampled_from(["\n", "\r\n"]))
    return ending.join(lines) + draw(st.sampled_from(["", ending]))


values = {
    "Types": ["deb", "deb deb-src", "deb\n  deb-src", "\n deb", "", "rpm"],
    "URIs": ["http://{}.example", "http://{}.example/\n\thttp://{}x.example", "x y", ""],
    "Suites": ["stable", " a\n  b ", "./", "$(ARCH)/ sub/", "a ./", ""],
    "Components": ["main", "main contrib", "main\n# c\n contrib", "\n\tmain", ""],
    "Architectures": ["amd64", "amd64 i386", "amd64\n i386"],
    "Enabled": ["yes", "no", "No", "off", "0", "00", "1", "disable", "false ", "maybe", ""],
    "X-Note": ["a: b", "\n .\n x", "#x"],
    "types": ["deb-src"],
    "Arch": ["i386"],
}
usual = {"Types": "deb", "URIs": "http://{}.example/", "Suites": "stable", "Components": "main"}


@st.composite
def stanza(draw: st.DrawFn, name: str) -> str:
    fields = [(field, value) for field, value in usual.items() if draw(st.integers(0, 19))]
    for _ in range(draw(st.integers(0, 3))):
        field = draw(st.sampled_from(list(values)))
        fields = [one for one in fields if one[0] != field or draw(st.booleans())]
        fields.insert(
            draw(st.integers(0, len(fields))), (field, draw(st.sampled_from(values[field])))
        )
    lines = [
        f"{field}{draw(st.sampled_from([':', ': ', ' :', ':  ']))}{value}"
        for field, value in fields
    ]
    for odd in draw(
        st.lists(st.sampled_from(["# c", "#", " # no comment", "  ", "odd"]), max_size=1)
    ):
        lines.insert(draw(st.integers(0, len(lines))), odd)
    return "\n".join(lines).replace("{}", name)


@st.composite
def file_of_stanzas(draw: st.DrawFn) -> str:
    blocks = [draw(stanza(f"h{number}")) for number in range(draw(st.integers(1, 3)))]
    parts = [draw(st.sampled_from(["", "\n", "# c\n", "# c\n\n", " \n"]))]
    for block in blocks:
        parts += [
            block,
            draw(st.sampled_from(["\n\n", "\n\n\n", "\n\n# c\n", "\n# c\n\n", "\n#\n"])),
        ]
    text = "".join(parts[:-1]) + draw(st.sampled_from(["", "\n", "\n\n", "\n# c"]))
    return text.replace("\n", draw(st.sampled_from(["\n", "\n", "\r\n"])))


@needs_apt
@given(text=one_line_file())
@settings(max_examples=rounds(usual=60, full=2_000), deadline=None)
def test_apt_reads_a_list_as_we_do(text: str) -> None:
    agree(text, "x.list")


@needs_apt
@given(text=file_of_stanzas())
@settings(max_examples=rounds(usual=60, full=2_000), deadline=None)
def test_apt_reads_stanzas_as_we_do(text: str) -> None:
    agree(text, "x.sources")


@needs_apt
@given(
    file=st.tuples(one_line_file(), st.just("x.list"))
    | st.tuples(file_of_stanzas(), st.just("x.sources")),
    which=st.integers(0, 3),
)
@settings(max_examples=rounds(usual=60, full=2_000), deadline=None)
def test_a_removed_entry_is_gone_for_apt_and_every_other_byte_stays(
    file: tuple[str, str], which: int
) -> None:
    text, name = file
    try:
        entries = read(text, name)
    except DialectError:
        return
    if which < len(entries):
        gone = entries.pop(which)
        after = remove(text, gone)
        assert (after[: gone.start], after[gone.start :]) == (text[: gone.start], text[gone.end :])
        left = asked_of_apt({name: after})
        assert set(left) == set(by_us(entries)), left
        assert [essence(entry) for entry in read(after, name)] == list(map(essence, entries))


@needs_apt
@given(
    file=st.tuples(one_line_file(), st.just("x.list"))
    | st.tuples(file_of_stanzas(), st.just("x.sources")),
    which=st.integers(0, 3),
)
@settings(max_examples=rounds(usual=60, full=2_000), deadline=None)
def test_a_changed_entry_is_changed_for_apt_and_every_byte_around_it_stays(
    file: tuple[str, str], which: int
) -> None:
    text, name = file
    try:
        entries = read(text, name)
        one = entries[which]
        uris, more = {one.uris[0]: "http://mirror.example/d"}, ["extra"] if one.components else []
        after = change(text, name, one, uris, more)
    except (DialectError, IndexError):  # refused as a whole, or too few entries or URIs
        return
    rest = len(text) - one.end
    assert (after[: one.start], after[len(after) - rest :]) == (text[: one.start], text[one.end :])
    changed = replace(
        one,
        uris=tuple(uris.get(uri, uri) for uri in one.uris),
        components=(*one.components, *more),
    )
    found = asked_of_apt({name: after})
    assert set(found) == set(by_us([*entries[:which], changed, *entries[which + 1 :]])), found


def essence(entry: Entry) -> Entry:
    """The entry, wherever it stands."""
    return replace(entry, line=0, number=0, start=0, end=0)


KEY = (
    "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmDMEaQAAARYJKwYBBAHaRw8BAQdA\n"
    "-----END PGP PUBLIC KEY BLOCK-----\n"
)
HEAD = "Types: deb\nURIs: http://h.example/\nSuites: a\nComponents: main\n"
FIRST, SECOND = "7D3E" * 10, "A81B" * 10


def signed(entry: Entry) -> str:
    """A source that is signed as the entry is, in the words of another file."""
    lines = entry.key.replace("\n\n", "\n.\n").splitlines() or [" ".join(entry.signed_by)]
    return f"{HEAD}Signed-By: " + "\n ".join(lines)


@needs_apt
@pytest.mark.parametrize(
    ("name", "text", "signed_by", "key"),
    [
        ("a.list", "deb [signed-by=/a.gpg] http://h.example a main", ("/a.gpg",), ""),
        (
            "a.list",
            f"deb [signed-by={FIRST},/b.asc] http://h.example a main",
            (FIRST, "/b.asc"),
            "",
        ),
        (
            "a.list",
            'deb [ arch=amd64 "signed-by=/a /b" ] http://h.example a main',
            ("/a", "/b"),
            "",
        ),
        ("a.sources", f"{HEAD}signed-by: /a.gpg\n  /b.gpg", ("/a.gpg", "/b.gpg"), ""),
        ("a.sources", f"{HEAD}Signed-By:\n {FIRST},{SECOND}!", (FIRST, f"{SECOND}!"), ""),
        (
            "a.sources",
            f"{HEAD}Signed-By:\n " + KEY.replace("\n", "\n  ").replace("\n  \n", "\n .\n"),
            (),
            KEY,
        ),
    ],
)
def test_apt_takes_the_same_keys_out_of_a_source_as_we_do(
    name: str, text: str, signed_by: tuple[str, ...], key: str
) -> None:
    (entry,) = read(text, name)
    assert (entry.signed_by, entry.key) == (signed_by, key)
    # apt refuses a source that stands twice with different keys.
    assert asked_of_apt({name: text, "b.sources": signed(entry)}) == by_us([entry])
    other = asked_of_apt({name: text, "b.sources": f"{HEAD}Signed-By: /other.gpg"})
    assert "Conflicting values set for option Signed-By" in str(other)


def test_an_entry_says_all_that_the_file_does() -> None:
    text = (
        "# Docker\n\nTypes: deb\n# their mirror\nURIs: https://download.docker.com/linux/debian\n"
        "Suites: trixie\nComponents: stable test\nArchitectures: amd64 arm64\nEnabled: no\n"
        "Signed-By: /etc/apt/keyrings/docker.asc\n\n# old\nTypes: deb\n"
    )
    (entry,) = read(text.removesuffix("Types: deb\n"), "docker.sources")
    assert entry == Entry(
        line=3,
        number=1,
        start=text.index("Types"),
        end=text.index("# old"),
        types=("deb",),
        uris=("https://download.docker.com/linux/debian",),
        suites=("trixie",),
        components=("stable", "test"),
        options={"arch": "amd64,arm64", "signed-by": "/etc/apt/keyrings/docker.asc"},
        enabled=False,
    )
    assert entry.targets("amd64") == frozenset()
    assert replace(entry, enabled=True).targets("amd64") == {
        Target("deb", "https://download.docker.com/linux/debian/", "trixie", component)
        for component in ("stable", "test")
    }


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.list", "# c\nrpm http://h a b\n", "line 2: apt expects deb or deb-src and a URI"),
        ("a.list", "\ufeffdeb http://h a b\n", "line 1: apt expects deb or deb-src and a URI"),
        ("a.list", "deb h a b", "line 1: apt takes no URI without a colon"),
        ("a.list", "deb http://h", "line 1: apt expects a suite"),
        ("a.list", "deb http://h a", "line 1: apt expects a component"),
        (
            "a.list",
            "deb http://h ./ a",
            "line 1: apt takes no component for a suite that ends in /",
        ),
        (
            "a.list",
            "deb [arch] http://h a b",
            "line 1: apt expects [NAME=VALUE ...] behind the type",
        ),
        ("a.sources", "\n\nURIs: h\n", "line 3: apt expects the field Types in every stanza"),
        ("a.sources", "Types: rpm\n", "line 1: apt expects deb or deb-src as Types"),
        ("a.sources", "Types: deb\n", "line 1: apt expects a URI"),
        ("a.sources", "# c\nTypes: deb\n# d\nodd\n", "line 4: apt expects NAME: VALUE"),
        (
            "a.list",
            "\udcff\udcfed\0",
            "line 1: the file is UTF-16-LE, which apt does not read: save it as UTF-8",
        ),
    ],
)
def test_a_file_that_apt_refuses_is_refused_by_line(name: str, text: str, message: str) -> None:
    with pytest.raises(DialectError) as caught:
        read(text, name)
    assert str(caught.value) == message
    if shutil.which("apt-get"):
        assert isinstance(asked_of_apt({name: text}), str)


FILE_NAMES = (
    "a.list",
    "a.sources",
    "A_1-b:c.d.list",
    "a.list.save",
    ".a.list",
    "a",
    "a~.list",
    "é.list",
)


@needs_apt
def test_apt_reads_the_files_that_we_say() -> None:
    lines = {"list": "deb {} a b\n", "sources": "Types: deb\nURIs: {}\nSuites: a\nComponents: b\n"}
    files = {
        name: lines["sources" if name.endswith(".sources") else "list"].format(f"http://h{index}")
        for index, name in enumerate(FILE_NAMES)
    }
    found = asked_of_apt(files)
    assert isinstance(found, dict)
    assert {words[1] for words in found} == {
        f"http://h{index}/" for index, name in enumerate(FILE_NAMES) if is_read(name)
    }
