"""Readers: find the value of a key in a text for verify, independently of the plan's dialects.

Standard library only, since an exported test suite has a copy of this file.
"""

from __future__ import annotations

import base64
import configparser
import fnmatch
import hashlib
import hmac
import importlib
import itertools
import json as _json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


def wsl(text: str, key: str) -> str | None:
    """Read the text of `section.key` of a wsl.conf, whatever their case; None: not there."""
    section = ""
    for line in text.split("\n"):
        name, equals, value = line.strip(" \t\r").partition("=")
        if header := re.match(r"\[(\w+)\]", name):
            section = header[1]
        elif equals and f"{section}.{name.strip()}".lower() == key.lower():
            written = re.sub(r'((?:[^#"\\]|\\.|"(?:[^"\\]|\\.)*")*).*', r"\1", value)
            return re.sub(r'\\(.)|"', _plain, written.strip(" \t"))
    return None


def wsl_switch(text: str, key: str) -> bool | str | None:
    """Read true or false of `section.key` of a wsl.conf; other text stays text."""
    return _switch(wsl(text, key))


def _switch(word: str | None) -> bool | str | None:
    """Read true or false as WSL does: 1 is true, 0 is false, and no other words are."""
    return {"true": True, "1": True, "false": False, "0": False}.get((word or "").lower(), word)


def _plain(written: re.Match[str]) -> str:
    return {"": "", "n": "\n", "t": "\t", "b": "\b"}.get(written[1] or "", written[1])


def wslconfig(text: str, key: str) -> str | None:
    """Read the text of `section.key` of a .wslconfig; None: not there.

    Some keys moved from [experimental] to [wsl2]: these count in either section, and the first one
    in the file wins.
    """
    values: dict[str, str] = {}
    section = ""
    for line in _unmarked(text).replace("\r", "").split("\n"):
        if header := re.match(r"\s*\[(\w+)\]", line):
            section = header[1].lower()
        elif found := re.match(r"\s*(\w+)\s*=\s*(.*?)\s*$", line):
            quoted = re.match(r'"((?:[^"\\]|\\.)*)"', found[2])
            value = quoted[1] if quoted else found[2].partition("#")[0].rstrip()
            value = re.sub(r"\\(.)", r"\1", value)
            values.setdefault(_today(f"{section}.{found[1].lower()}"), value)
    return values.get(_today(key.lower()))


def wslconfig_switch(text: str, key: str) -> bool | str | None:
    """Read true or false of `section.key` of a .wslconfig; other text stays text."""
    return _switch(wslconfig(text, key))


def wslconfig_size(text: str, key: str) -> int | str | None:
    """Read a size like `8GB` of `section.key` of a .wslconfig in bytes; other text stays text."""
    value = wslconfig(text, key)
    size = re.fullmatch(r"(0|0*[1-9][0-9]*)(B|([KMGT])B?)?", value or "")
    return int(size[1]) * 1024 ** " KMGT".index(size[3] or " ") if size else value


def _unmarked(text: str) -> str:
    """Return the text of a file without its byte order mark, decoded where the mark says UTF-16."""
    data = text.encode("utf-8", "surrogateescape")
    if data[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        return data.decode("utf-16")
    return text.lstrip("\ufeff")


def _today(name: str) -> str:
    """Return today's name of a key that moved from [experimental] to [wsl2]."""
    left = r"experimental\.(networkingmode|dnstunneling|firewall|autoproxy)"
    return re.sub(rf"^{left}$", r"wsl2.\1", name)


def reparse_point(text: str) -> str | None:
    """Read where a link leads from `fsutil reparsepoint query` ([MS-FSCC] 2.1.2.4); None: no link.

    Of its output only the numbers are the same in every language of Windows.
    """
    tag = re.search(r"0x([0-9a-fA-F]{8})\b", text)
    rows = re.findall(r"^[0-9a-fA-F]{4}:((?: {1,2}[0-9a-fA-F]{2}){1,16})", text, re.MULTILINE)
    if not tag or not rows:
        return None
    data = bytes.fromhex("".join(rows))
    offset, size = (int.from_bytes(data[i : i + 2], "little") for i in (4, 6))
    # The header of a symbolic link has four bytes of flags more than a junction's.
    start = (12 if int(tag[1], 16) == 0xA000000C else 8) + offset  # noqa: PLR2004 - IO_REPARSE_TAG_SYMLINK
    return data[start : start + size].decode("utf-16le")


def json(text: str, key: str) -> Any:
    """Read the value at a JSON pointer (RFC 6901, without the leading slash); None: not there."""
    value = _json.loads(_unmarked(text))
    for name in key.split("/"):
        if not isinstance(value, dict):
            return None
        value = value.get(name.replace("~1", "/").replace("~0", "~"))
    return value


def jsonc(text: str, key: str) -> Any:
    """Read the value at a JSON pointer of JSON with comments and last commas."""
    tokens = r'("(?:[^"\\]|\\.)*")|//[^\n]*|/\*(?s:.*?)\*/'
    bare = re.sub(tokens, lambda token: token[1] or "", _unmarked(text))
    whole = re.sub(r'("(?:[^"\\]|\\.)*")|,(?=\s*[}\]])', lambda token: token[1] or "", bare)
    return json(whole if whole.strip() else "{}", key)


def json_has(text: str, key: str) -> bool:
    """Tell whether there is a value at a JSON pointer."""
    return json(text, key) is not None


def env(text: str, key: str) -> str | None:
    """Read the last assignment of KEY=VALUE lines as a shell would; systemctl writes $'...'."""
    found = re.findall(rf"^(?:export )?{re.escape(key)}=(.*)$", text, re.MULTILINE)
    if not found:
        return None
    if found[-1].startswith("$'"):
        return re.sub(r"\\([0-7]{3}|.)", _cunescaped, found[-1][2:-1])
    quoted = r"""'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)"""
    return re.sub(quoted, _unquoted, found[-1].strip(" \t\r"))


def _unquoted(quoted: re.Match[str]) -> str:
    single, double, escaped = quoted.groups(default="")
    return single + re.sub(r'\\([\\"$`])', r"\1", double) + escaped


def _cunescaped(escape: re.Match[str]) -> str:
    """Return what stands behind a backslash of systemd's: a character, or its octal number."""
    if escape[1].isdigit():
        return chr(int(escape[1], 8))
    return {"t": "\t", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}.get(escape[1], escape[1])


def fstab(text: str, key: str) -> list[str] | None:
    """Read the six fields of a mount point in an fstab, without escapes; None: not there.

    Options come in alphabetical order, sizes in bytes; `defaults` stands where there are no others.
    The key `swap SOURCE` stands for swap space, which has the mount point `none`.
    """
    for line in text.split("\n"):
        fields = [_unescape(field) for field in re.findall(r"[^ \t\r]+", line)[:6]]
        swap = fields[2:3] == ["swap"]
        if swap:
            fields[1] = "none"
        named = f"swap {fields[0]}" if swap else "".join(fields[1:2])
        if len(fields) > 2 and named == key and not line.lstrip().startswith("#"):  # noqa: PLR2004 - source, target, type
            fields += ["defaults", "0", "0"][len(fields) - 3 :]
            options = {
                re.sub(r"^size=(\d+)([kKmMgG])$", _in_bytes, o) for o in fields[3].split(",")
            }
            fields[3] = ",".join(sorted(options - {"defaults", "sw" if swap else ""})) or "defaults"
            return fields
    return None


def _in_bytes(size: re.Match[str]) -> str:
    return f"size={int(size[1]) << {'k': 10, 'm': 20, 'g': 30}[size[2].lower()]}"


def goenv(text: str, key: str) -> str | None:
    """Read the value of the last KEY=value line as Go does: everything after the equals sign."""
    values = [line.partition("=")[2] for line in text.split("\n") if line.startswith(f"{key}=")]
    return values[-1] if values else None


def pamenv(text: str, key: str) -> str | None:
    """Read the value of the last KEY=value line of /etc/environment, without a pair of quotes."""
    continued, joined = r"^([^#\n]*)\\[ \t]*\n(?:[ \t]*(?:#.*)?\n)*(?=[ \t]*[^#\s])", ""
    while joined != text:
        joined, text = text, re.sub(continued, r"\1", text, flags=re.MULTILINE)
    # The file ends where such a line would go on: it does not count.
    joined = re.sub(r"^[^#\n]*\\[ \t]*$", "", joined, flags=re.MULTILINE)
    line = rf"^[ \t]*(?:export )?{re.escape(key)}=([^#\n]*)"
    values: list[str] = re.findall(line, joined, re.MULTILINE)
    return re.sub(r"""^["'](.*?)["']?$""", r"\1", values[-1]) if values else None


def netrc(text: str, key: str) -> str | None:
    """Read the first login of a machine, from a file without macros: `login NAME password WORD`."""
    bare = re.sub(r"^[ \t]*#.*$", "", text, flags=re.MULTILINE)
    words = [quoted or plain for quoted, plain in re.findall(r'"((?:[^"\\]|\\.)*)"|(\S+)', bare)]
    joined = "\0".join(words)
    entry = rf"(?:^|\0)machine\0{re.escape(key)}\0(.*?)(?=\0(?:machine|default)(?:\0|$)|$)"
    found = re.search(entry, joined, re.DOTALL)
    said = dict(re.findall(r"(login|password)\0([^\0]+)", found[1])) if found else {}
    return (
        " ".join(f"{word} {said[word]}" for word in ("login", "password") if word in said) or None
    )


def _unescape(field: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda m: chr(int(m[1], 8)), field)


_SSHD_OPTION = (
    r"restrict|cert-authority|(?:no-)?(?:agent-forwarding|port-forwarding|pty|user-rc|touch-required"
    r"|x11-forwarding|verify-required)|(?:command|environment|expiry-time|from|permitlisten|tunnel"
    r'|permitopen|principals)="(?:\\"|[^"])*"'
)


def authorized_keys(text: str, key: str) -> bool | None:
    """Return True where the first line with the key of a line has its options, too; else None.

    The fingerprint of a key stands for a line with this key and without options.
    """
    if key.startswith("SHA256:"):
        blobs = re.findall(r"AAAA[A-Za-z0-9+/]+={0,2}", text)
        key = next((f"key {blob}" for blob in blobs if _fingerprint(blob) == key), "key AAAA")
    blob = next(word for word in key.split() if word.startswith("AAAA"))
    wanted = _key_options(key, blob) or set()
    for line in text.split("\n"):
        found = _key_options(line, blob)
        if found is not None and ("cert-authority" in found) == ("cert-authority" in wanted):
            return found == wanted or None
    return None


def _fingerprint(blob: str) -> str:
    """Return the fingerprint of a public key in base64, as `ssh-keygen -l` prints it."""
    digest = hashlib.sha256(base64.b64decode(blob + "=" * (-len(blob) % 4))).digest()
    return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")


def _key_options(line: str, blob: str) -> set[str] | None:
    """Return the options in front of a key; None where there is no such key that sshd reads."""
    options = rf"((?:(?:{_SSHD_OPTION})(?:,(?!\s)|[ \t]+))*)"
    pattern = rf"[ \t]*{options}[a-z][a-z0-9@.-]*[ \t]+{re.escape(blob)}(?=\s|\Z)"
    found = re.match(pattern, line, re.IGNORECASE)
    if found is None:
        return None
    return {
        re.sub("^[^=]+", lambda name: name[0].lower(), option)
        for option in re.findall(_SSHD_OPTION, found[1], re.IGNORECASE)
    }


def shadow(text: str, key: str) -> str | None:
    """Read the hash of an account's password in /etc/shadow; None: the account has no line."""
    lines = (line.split(":") for line in text.split("\n"))
    return next((fields[1] for fields in lines if fields[0] == key and len(fields) > 1), None)


class _LetsIn:
    """What a server keeps of a password, equal to a text that the server would let in."""

    def __init__(self, kept: str) -> None:
        self._kept = kept

    __hash__ = None  # type: ignore[assignment] # equal texts are not known beforehand

    def __eq__(self, password: object) -> bool:
        data = str(password).encode()
        if self._kept.startswith("*"):
            inner = hashlib.sha1(data).digest()  # noqa: S324 - what the server keeps
            return self._kept == f"*{hashlib.sha1(inner).hexdigest().upper()}"  # noqa: S324
        method, _, rest = self._kept.partition("$")
        rounds, salt, stored = [*re.split("[:$]", rest), "", "", ""][:3]
        if method != "SCRAM-SHA-256" or not stored:
            return False
        salted = hashlib.pbkdf2_hmac("sha256", data, base64.b64decode(salt), int(rounds))
        client = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
        return base64.b64decode(stored) == client


def lets_in(text: str, key: str) -> object:
    """Read a password's verifier at a JSON pointer; the result equals the password itself."""
    return _LetsIn(str(json(text, key)))


def block(text: str, key: str) -> str | None:
    """Read the lines between the marks of a block; None: there are no such marks."""
    opener, name, *closer = key.split(" ")
    words = [[opener, "envwright:", name, word, *closer] for word in ("begin", "end")]
    begin, end = (re.escape(" ".join(mark)) for mark in words)
    plain = _unmarked(text).replace("\r\n", "\n")
    found = re.search(rf"^{begin}\n((?:.*\n)*?){end}$", plain, re.MULTILINE)
    return found[1] if found else None


block_top = block


def lines(text: str, key: str) -> bool | None:
    """Return True where a whole line is the wanted one; else None."""
    return key in _unmarked(text).replace("\r\n", "\n").split("\n") or None


def ini(text: str, key: str) -> str | None:
    """Read `section/key`, or `key` above the first section, of an INI file; None: not there."""
    *above, name = (part.replace("~1", "/").replace("~0", "~") for part in key.split("/"))
    parser = configparser.RawConfigParser(strict=False, default_section="\0")
    first = "\0first"
    parser.read_string(f"[{first}]\n{_unmarked(text)}")
    return parser.get(above[0] if above else first, name, fallback=None)


def toml(text: str, key: str) -> Any:
    """Read the value at a JSON pointer of a TOML file; None: not there."""
    tomllib: Any = importlib.import_module("tomllib")
    return json(_json.dumps(tomllib.loads(_unmarked(text)), default=str), key)


def yaml(text: str, key: str) -> Any:
    """Read the value at a JSON pointer of a YAML file; None: not there."""
    ruamel: Any = importlib.import_module("ruamel.yaml")
    reader = ruamel.YAML(typ="safe", pure=True)
    plain: Any = type("Plain", (ruamel.constructor.SafeConstructor,), {})
    plain.add_constructor(None, lambda _, node: str(node.tag))  # a tag of a program's own
    reader.Constructor = plain
    loaded = reader.load(_unmarked(text))
    return json(_json.dumps(loaded, default=str), key)


def gitconfig(text: str, key: str) -> str | None:
    """Read the last value at a JSON pointer of a file of git's (git-config(1)); None: not there."""
    value, above = None, ""
    quoted = r'"((?:[^"\\]|\\.)*)"'
    joined = re.sub(r"\\\r?\n", "", text.replace("\r\n", "\n"))
    wanted = [name.replace("~1", "/").replace("~0", "~") for name in key.split("/")]
    section = " ".join([wanted[0].lower(), *wanted[1:-1]])
    for line in joined.split("\n"):
        if header := re.match(rf"\s*\[([\w-]+)(?:\.([\w.-]+)|\s+{quoted})?\]", line):
            sub = header[2].lower() if header[2] else re.sub(r"\\(.)", r"\1", header[3] or "")
            above = " ".join(filter(None, [header[1].lower(), sub]))
            line = line[header.end() :]  # noqa: PLW2901 - a key may follow the header
        found = re.match(r"\s*([A-Za-z][\w-]*)\s*(?:(=)\s*(.*))?$", line)
        if found and above == section and found[1].lower() == wanted[-1].lower():
            value = _git_value(found[3]) if found[2] else "true"
    return value


def _git_value(written: str) -> str:
    """Return a value of git's without quotes, escapes and a comment behind it."""
    pieces = re.findall(r'"(?:[^"\\]|\\.)*"|\\.|[#;].*|\s+|[^"\\#;\s]+', written)
    kept = list(itertools.takewhile(lambda piece: piece[0] not in "#;", pieces))
    while kept and not kept[-1].strip():
        kept.pop()
    plain = "".join(piece[1:-1] if piece[0] == '"' else piece for piece in kept)
    return re.sub(r"\\(.)", lambda m: {"n": "\n", "t": "\t", "b": "\b"}.get(m[1], m[1]), plain)


def apt_stanza(text: str, key: str) -> str:
    """Read the stanzas of a .sources file that a keyring signs, each with its last line end."""
    stanzas = [f"{stanza.strip(chr(10))}\n" for stanza in re.split(r"\n{2,}", text)]
    return "".join(stanza for stanza in stanzas if f"\nSigned-By: {key}\n" in f"\n{stanza}")


def fingerprint(text: str, wanted: str = "") -> str:
    """Compute the fingerprints of the primary keys of armored blocks (RFC 9580, section 5.5.4).

    Returns:
        The wanted one where it is among them; otherwise the first one.
    """
    blocks = text.split("-----BEGIN PGP PUBLIC KEY BLOCK-----")[1:]
    keys = [body for block in blocks for kind, body in _packets(_unarmored(block)) if kind == _KEY]
    digests = (
        hashlib.sha1(b"\x99" + len(key).to_bytes(2, "big") + key)  # noqa: S324 - as the RFC says
        for key in keys
    )
    found = [digest.hexdigest().upper() for digest in digests]
    return wanted if wanted in found else found[0]


_KEY = 6
"""The kind of packet that is a primary key."""


def _unarmored(block: str) -> bytes:
    body = block.partition("\n\n")[2].partition("-----END")[0]
    return base64.b64decode("".join(line for line in body.split() if not line.startswith("=")))


def _packets(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the kind and the body of each packet (RFC 9580, section 4.2)."""
    while data:
        kind = data[0] & 63
        if not data[0] & 64:
            kind, start = kind >> 2, 1 + (1 << (data[0] & 3))
            size = int.from_bytes(data[1:start], "big")
        elif data[1] < 192:  # noqa: PLR2004 - section 4.2.1
            start, size = 2, data[1]
        elif data[1] < 224:  # noqa: PLR2004 - section 4.2.1
            start, size = 3, ((data[1] - 192) << 8) + data[2] + 192
        else:
            start, size = 6, int.from_bytes(data[2:6], "big")
        yield kind, data[start : start + size]
        data = data[start + size :]


def version(installed: str, key: str) -> bool:
    """Tell whether a version fits a pattern of apt's."""
    return fnmatch.fnmatch(installed, key)
