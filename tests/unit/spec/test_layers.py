"""An environment is laid over those that it extends."""

from __future__ import annotations

from pathlib import Path

from small_environments import (
    Daemon,
    Docker,
    Sysctl,
    complaint,
    read,
)


def test_an_environment_is_laid_over_the_ones_that_it_extends() -> None:
    Path("base").mkdir()
    Path("base/a.yaml").write_text(
        "name: a\ndocker:\n  users: [ada]\n  daemon: {mtu: 99, live-restore: true}\n"
        "sysctl: {a.b: 1, c.d: 2}\npackages: [git]\n",
        encoding="utf-8",
    )
    Path("base/b.yaml").write_text("name: b\nsysctl: {a.b: 5}\n", encoding="utf-8")
    environment = read(
        "name: x\nextends: [base/a.yaml, base/b.yaml]\n"
        "docker: {daemon: {mtu: 100}}\nsysctl: {c.d: null}\npackages: null\n"
    )
    assert environment.name == "x"
    assert environment.sections == (
        Docker(users=["ada"], daemon=Daemon.model_validate({"mtu": 100, "live-restore": True})),
        Sysctl({"a.b": 5}),
    )
    assert environment.place("docker", ("daemon", "mtu")) == ("x.yaml", 3)
    assert environment.place("docker", ("users", 0)) == ("base/a.yaml", 3)
    assert environment.place("sysctl", ("a.b",)) == ("base/b.yaml", 2)


def test_faults_of_an_extended_file_are_shown_in_that_file() -> None:
    Path("base.yaml").write_text("name: a\ndocker:\n  usres: [ada]\n", encoding="utf-8")
    assert complaint("name: x\nextends: base.yaml\nfoo: 1\n") == [
        "x.yaml:3:1: there is no capability 'foo'",
        "    foo: 1",
        "    ^",
        "hint: `envwright explain` lists the capabilities",
        "",
        "base.yaml:3:3: docker has no key 'usres'; did you mean 'users'?",
        "      usres: [ada]",
        "      ^",
        "hint: envwright explain docker lists its keys",
    ]


def test_files_that_extend_each_other_are_told() -> None:
    Path("y.yaml").write_text("extends: x.yaml\n", encoding="utf-8")
    assert complaint("name: x\nextends: y.yaml\n") == [
        "y.yaml:1:10: these files extend each other: x.yaml -> y.yaml -> x.yaml",
        "    extends: x.yaml",
        "             ^",
    ]


def test_a_missing_extended_file_is_told_at_its_name() -> None:
    Path("base.yaml").touch()
    assert complaint("name: x\nextends: bsae.yaml\n") == [
        "x.yaml:2:10: bsae.yaml: there is no such file; did you mean 'base.yaml'?",
        "    extends: bsae.yaml",
        "             ^",
    ]
    assert complaint("name: x\nextends: ~nobody-here/a.yaml\n")[0] == (
        "x.yaml:2:10: ~nobody-here/a.yaml: there is no such file"
    )
    assert complaint("name: x\nextends: [3]\n") == [
        "x.yaml:2:11: extends must be a path or a list of paths, not the integer 3",
        "    extends: [3]",
        "              ^",
    ]


def test_files_that_extend_one_file_twice_each_are_read_once() -> None:
    Path("e0.yaml").write_text("sysctl: {a.b: 1}\n", encoding="utf-8")
    for i in range(1, 30):
        text = f"extends: [e{i - 1}.yaml, ./e{i - 1}.yaml]\n"
        Path(f"e{i}.yaml").write_text(text, encoding="utf-8")
    assert read("name: x\nextends: e29.yaml\n").sections == (Sysctl({"a.b": 1}),)


def test_a_layer_is_called_by_its_shortest_path_that_leads_to_it() -> None:
    """`..` behind a link leads out of the folder that the link leads to, not of the link's own."""
    Path("team/people").mkdir(parents=True)
    Path("here").mkdir()
    Path("here/people").symlink_to("../team/people")
    Path("team/base.yaml").write_text("name: a\nsysctl: {a.b: 5}\n", encoding="utf-8")
    for folder, base in (("team", "team/base.yaml"), ("here", "here/people/../base.yaml")):
        Path("team/people/ada.yaml").write_text("extends: ../base.yaml\n", encoding="utf-8")
        environment = read(f"name: x\nextends: {folder}/people/ada.yaml\n")
        assert environment.place("sysctl", ("a.b",)) == (base, 2)
