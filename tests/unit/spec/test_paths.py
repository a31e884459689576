"""A path to a value is written and read the same way, whatever its keys are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_environments import CAPABILITIES

from envwright.spec.paths import PathError, resolved, written
from envwright.spec.policy import shapes_of

SHAPES = shapes_of(CAPABILITIES)


@given(st.text(min_size=1), st.text(min_size=1))
def test_a_path_that_is_written_is_read_again(file: str, variable: str) -> None:
    for keys in (("files", file, "mode"), ("sysctl", variable), ("vars", variable)):
        assert resolved(written(keys), SHAPES) == keys


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("docker", ("docker",)),
        ("docker.daemon.live-restore", ("docker", "daemon", "live-restore")),
        ("sysctl.vm.swappiness", ("sysctl", "vm.swappiness")),
        ('sysctl."vm.swappiness"', ("sysctl", "vm.swappiness")),
        ("files./etc/hosts", ("files", "/etc/hosts")),
        ('files."/etc/x.conf".mode', ("files", "/etc/x.conf", "mode")),
        ("packages.install", ("packages", "install")),
        ("secrets.token.env", ("secrets", "token", "env")),
    ],
)
def test_keys_with_dots_stand_in_quotes_but_for_those_of_a_table_of_values(
    text: str, keys: tuple[str, ...]
) -> None:
    assert resolved(text, SHAPES) == keys


EXAMPLES = 'a path is like docker.daemon.mtu, or files."/etc/hosts".mode'
FORM = 'a path is like docker.daemon.mtu; a key with dots stands in quotes: files."/etc/hosts".mode'


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("dokcer", "there is no section 'dokcer'; did you mean 'docker'?", FORM),
        ("name", "there is no section 'name'", FORM),
        (
            "docker.daemon.mut",
            "docker.daemon has no key 'mut'; did you mean 'mtu'?",
            "`envwright explain docker` lists its keys; a key with dots stands in quotes",
        ),
        (
            "docker.daemon.mtu.x",
            "docker.daemon.mtu is an integer of at least 68, which has no keys",
            "",
        ),
        ("docker.users.ada", "docker.users is a list of text, which has no keys", "name the list"),
        (
            "files./etc/x.conf.mode",
            "files./etc/x has no key 'conf'",
            "`envwright explain files` lists its keys; a key with dots stands in quotes",
        ),
        *(
            (
                text,
                f"{text!r} is no path to a key",
                'a path is like docker.daemon.mtu, or files."/etc/hosts".mode',
            )
            for text in ("", ".", "docker.", "docker..users", 'docker."users', 'docker."a"b')
        ),
    ],
)
def test_a_path_that_no_environment_can_have_is_refused(text: str, message: str, hint: str) -> None:
    with pytest.raises(PathError) as caught:
        resolved(text, SHAPES)
    assert (caught.value.message, caught.value.hint) == (message, hint)
