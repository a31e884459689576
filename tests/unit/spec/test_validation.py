"""A wrong value is told by its line, its path and what it must be."""

from __future__ import annotations

import pytest
from small_environments import (
    about,
    complaint,
)


def test_an_unknown_key_is_shown_with_its_line() -> None:
    assert complaint("name: x\ndocker:\n  usres: [dev]\n") == [
        "x.yaml:3:3: docker has no key 'usres'; did you mean 'users'?",
        "      usres: [dev]",
        "      ^",
        "hint: envwright explain docker lists its keys",
    ]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (
            "{daemon: {log-drivr: local}}",
            [
                "19: docker.daemon has no key 'log-drivr'; did you mean 'log-driver'?",
                "hint: envwright explain docker.daemon lists its keys",
            ],
        ),
        (
            "{daemon: {log_driver: local}}",
            [
                "19: docker.daemon has no key 'log_driver'; did you mean 'log-driver'?",
                "hint: envwright explain docker.daemon lists its keys",
            ],
        ),
        (
            "{users: dev}",
            ["17: docker.users must be a list of text, not text 'dev'", "hint: write [dev]"],
        ),
        (
            "{users: [3.10]}",
            [
                "18: docker.users[0] must be text that matches ^[a-z]+$, not the number 3.1",
                'hint: put it in quotes: "3.10"',
            ],
        ),
        (
            "{users: [a, B]}",
            ["21: docker.users[1] must be text that matches ^[a-z]+$, not text 'B'"],
        ),
        (
            "{daemon: {live-restore: yes}}",
            [
                "33: docker.daemon.live-restore must be true or false, not text 'yes'",
                "hint: in YAML 1.2 yes is text; write true",
            ],
        ),
        (
            '{daemon: {mtu: "1400"}}',
            [
                "24: docker.daemon.mtu must be an integer of at least 68, not text '1400'",
                "hint: write 1400 without quotes",
            ],
        ),
        (
            "{daemon: {mtu: 1_400}}",
            [
                "24: docker.daemon.mtu must be an integer of at least 68, not text '1_400'",
                "hint: write 1400",
            ],
        ),
        (
            "{daemon: {mtu: 3}}",
            ["24: docker.daemon.mtu must be an integer of at least 68, not the integer 3"],
        ),
        (
            "{daemon: {log-driver: jornald}}",
            [
                "31: docker.daemon.log-driver must be 'local' or 'json-file', not text 'jornald'",
            ],
        ),
        (
            "{daemon: null}",
            [
                "10: docker.daemon must be a mapping, not null",
                "hint: write {} to take its defaults",
            ],
        ),
        (
            "{kernel: 6.12}",
            [
                "18: docker.kernel must be text, not the number 6.12",
                'hint: put it in quotes: "6.12"',
            ],
        ),
        (
            "{kernel: {a: b}}",
            [
                "18: docker.kernel must be text, not a mapping",
                "hint: put text that holds ': ' in quotes",
            ],
        ),
        ("[dev]", ["9: docker must be a mapping, not a list"]),
        (
            "{ports: [true]}",
            [
                "18: docker.ports[0] must be an integer, text or a mapping, not true",
                'hint: put it in quotes: "true"',
            ],
        ),
        (
            "{ports: [{inside: 1, outsid: 2}]}",
            [
                "18: docker.ports[0] needs the key 'outside'",
                "hint: envwright explain docker.ports lists its keys",
                "",
                "x.yaml:2:30: docker.ports[0] has no key 'outsid'; did you mean 'outside'?",
                "    docker: {ports: [{inside: 1, outsid: 2}]}",
                "                                 ^",
                "hint: envwright explain docker.ports lists its keys",
            ],
        ),
        (
            "{ports: [{inside: 0, outside: 2}]}",
            [
                "27: docker.ports[0].inside must be an integer from 1 to 65535, not the integer 0",
            ],
        ),
        (
            "{sources: [{kind: archive, url: x, size: 0}]}",
            [
                "50: docker.sources[0].size must be an integer of at least 1, not the integer 0",
            ],
        ),
        (
            "{sources: [{kind: directory, mode: 0644}]}",
            [
                (
                    "44: docker.sources[0].mode must be four octal digits in quotes, "
                    'like "0644", not the integer 644'
                ),
                'hint: without quotes 0644 is the integer 644; write "0644"',
            ],
        ),
        (
            "{sources: [{kind: tree}]}",
            [
                "27: docker.sources[0].kind must be 'archive' or 'directory', not text 'tree'",
            ],
        ),
        (
            "{sources: [{url: x}]}",
            [
                "20: docker.sources[0] needs the key 'kind'",
                "hint: envwright explain docker.sources lists its keys",
            ],
        ),
        ("{users: [root]}", ["9: root needs no group: leave it out of docker.users"]),
        ("{users: [nobody]}", ["9: docker must not let nobody in"]),
    ],
)
def test_a_wrong_value_is_told_by_path_and_what_it_must_be(text: str, lines: list[str]) -> None:
    assert about(text) == lines


def test_a_list_that_is_short_for_a_mapping_is_told_as_it_is_written() -> None:
    assert complaint("name: x\npackages: [git, x]\n") == [
        "x.yaml:2:17: packages[1] must be text of at least 2 characters, not text 'x'",
        "    packages: [git, x]",
        "                    ^",
    ]
    assert complaint("name: x\npackages: git\n") == [
        (
            "x.yaml:2:11: packages must be a mapping, or a list of text for its key 'install', "
            "not text 'git'"
        ),
        "    packages: git",
        "              ^",
    ]


def test_a_missing_key_is_told_at_its_section() -> None:
    lines = complaint("name: x\ndocker:\n  ports:\n    - outside: 1\n")
    assert lines == [
        "x.yaml:4:7: docker.ports[0] needs the key 'inside'",
        "        - outside: 1",
        "          ^",
        "hint: envwright explain docker.ports lists its keys",
    ]
