"""Variables and secrets: who says their values, and what is wrong with one."""

from __future__ import annotations

from small_environments import (
    complaint,
    content,
    read,
)

# --- Variables --------------------------------------------------------------------------------


def test_variables_of_the_command_line_win_and_keep_their_types() -> None:
    head = (
        "vars: {word: a, size: 3, ratio: 1.5, flag: false, list: [a], any: null, "
        "after: '{{ size }}'}"
    )
    shown = '"{{ [word, size, ratio, flag, list, any, after] | tojson }}"'
    given = {"word": "22", "size": "4", "ratio": "2", "flag": "true", "list": "[b, c]", "any": "x"}
    assert content(shown, head) == '["a", 3, 1.5, false, ["a"], null, 3]'
    assert content(shown, head, **given) == '["22", 4, 2, true, ["b", "c"], "x", 4]'


def test_variables_of_the_command_line_must_be_declared_and_fit() -> None:
    assert complaint("name: x\nvars: {size: 3}\n", sise="1") == [
        "x.yaml has no variable 'sise'; did you mean 'size'?",
        "hint: it declares size",
    ]
    assert complaint("name: x\n", a="1") == [
        "x.yaml has no variable 'a'",
        "hint: it declares none: see `vars`",
    ]
    assert complaint("name: x\nvars: {size: 3}\n", size="big") == [
        "the variable 'size' cannot be text 'big'",
        "hint: its default is the integer 3",
    ]


def test_variables_of_the_command_line_are_no_templates() -> None:
    assert content('"{{ a }}"', "vars: {a: x}", a="{{ codename }}") == "{{ codename }}"


def test_wrong_variables_are_told() -> None:
    lines = complaint(
        "name: x\nvars:\n  a-b: 1\n  codename: x\n  if: 1\n  deep: {a: 1}\n  list: [[1]]\n"
    )
    assert [line for line in lines if line.startswith(("x.yaml", "hint"))] == [
        "x.yaml:3:3: 'a-b' cannot name a variable",
        "hint: a name has letters, digits and '_'",
        "x.yaml:4:3: 'codename' cannot name a variable: it is a fact of the machine",
        "x.yaml:5:3: 'if' cannot name a variable: it is a word of the template language",
        "x.yaml:6:9: the variable 'deep' cannot be a mapping",
        "hint: a variable is text, a number, true, false, or a list of these",
        "x.yaml:7:9: the variable 'list' cannot be a list of such items",
        "hint: a variable is text, a number, true, false, or a list of these",
    ]
    assert complaint("name: x\nvars: [a]\n")[0] == (
        "x.yaml:2:7: vars must be a mapping, not a list"
    )


# --- Secrets ----------------------------------------------------------------------------------


def test_keys_are_templates() -> None:
    environment = read('name: x\nvars: {a: b}\nsysctl:\n  "k.{{ a }}": "{{ a }}"\n  c.d: 1\n')
    assert [section.model_dump() for section in environment.sections] == [{"k.b": "b", "c.d": 1}]
    assert environment.place("sysctl", ("k.b",)) == ("x.yaml", 4)


def test_wrong_templates_of_keys_are_told_at_the_key() -> None:
    head = 'name: x\nvars: {a: b, no: ""}\nsysctl:\n  k.b: 1\n'
    for key, told in {
        "k.{{ a }}": "the key 'k.b' is here twice, once its template is rendered; "
        "the first is x.yaml:4",
        "{{ c }}": "there is no name 'c'",
        "{{ no }}": "the template of this key gives empty text",
        "{{ [a] }}": "the template of this key gives a list",
    }.items():
        first = complaint(f'{head}  "{key}": 2\n')[0]
        assert first == f"x.yaml:5:3: {told}"
    faulty = complaint('name: x\nvars: {a: b}\nsysctl:\n  "{{ a }}": 2\n')
    assert faulty == [
        "x.yaml:4:3: the key 'b' of sysctl must have a dot",
        '      "{{ a }}": 2',
        "      ^",
    ]


def test_a_secret_renders_to_a_marker() -> None:
    head = "secrets: {npm_token: {env: NPM_TOKEN}}"
    text = '"Bearer {{ secret.npm_token }}"'
    assert content(text, head) == "Bearer ⟦secret:npm_token⟧"
    assert read(f"name: x\n{head}\n").secrets.names == ("npm_token",)


def test_an_undeclared_secret_is_told_with_the_one_that_was_meant() -> None:
    head = "name: x\nsecrets: {npm_token: {env: A}}\n"
    assert complaint(head + 'sysctl: {a.b: "{{ secret.npm_tokn }}"}\n') == [
        "x.yaml:3:15: there is no secret 'npm_tokn'; did you mean 'npm_token'?",
        '    sysctl: {a.b: "{{ secret.npm_tokn }}"}',
        "                  ^",
        "hint: declared: npm_token",
    ]


def test_a_secret_that_a_template_changes_is_told() -> None:
    head = "name: x\nsecrets: {t: {env: A}}\nvars: {auth: '{{ secret.t }}'}\n"
    assert complaint(head + 'sysctl: {a.b: "{{ auth | upper }}"}\n') == [
        "x.yaml:4:15: a secret cannot be changed by a template",
        '    sysctl: {a.b: "{{ auth | upper }}"}',
        "                  ^",
        "hint: write {{ secret.NAME }} without filters",
    ]


def test_wrong_declarations_of_secrets_are_told() -> None:
    lines = complaint(
        "name: x\nsecrets:\n  a: {env: A, file: b}\n  b: {enw: A}\n  c-d: {env: A}\n  e: x\n"
    )
    assert [line for line in lines if line.startswith(("x.yaml", "hint"))] == [
        "x.yaml:3:6: secrets.a needs exactly one of 'env', 'file' and 'command'",
        "x.yaml:4:7: secrets.b has no key 'enw'; did you mean 'env'?",
        "hint: its keys are 'env', 'file' and 'command'",
        "x.yaml:5:3: 'c-d' cannot name a secret",
        "hint: a name has letters, digits and '_'",
        "x.yaml:6:6: secrets.e must be a mapping, not text 'x'",
    ]
