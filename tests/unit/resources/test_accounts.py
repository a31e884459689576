"""Requirements for accounts: asked only of a machine that lacks them in its own files."""

from __future__ import annotations

import subprocess
from dataclasses import replace

from standins import DEBIAN

from envwright.facts import Accounts
from envwright.model.proof import Requirement
from envwright.resources.accounts import account, accounts


def test_an_account_that_every_debian_has_takes_no_question() -> None:
    assert list(accounts(["root", "www-data"], DEBIAN, "users")) == []


def test_an_account_of_a_person_must_be_there_or_be_made() -> None:
    assert list(accounts(["root", "ann"], DEBIAN, "users")) == [
        Requirement(
            "there is the account ann",
            "getent passwd -- ann",
            "there is no account ann",
            "have the environment make the account (`users: {ann: {}}`), or name one that the "
            "machine has",
            at=("users", 1),
            unless="user:ann",
            assumed="the account ann",
        )
    ]


def test_the_script_asks_all_directories_of_the_machine() -> None:
    none = replace(DEBIAN, accounts=Accounts({}, {}))
    scripts = [r.script for name in ("root", "nobody-has-this") for r in account(name, none, ())]
    codes = [
        subprocess.run(["sh", "-c", script], capture_output=True, check=False).returncode
        for script in scripts
    ]
    assert codes == [0, 2]
