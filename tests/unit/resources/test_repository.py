"""Repository: what an environment says of a repository, as a checkout and what git needs."""

from __future__ import annotations

import pytest
from pydantic import ValidationError
from standins import DEBIAN

from envwright.resources.checkout import Checkout
from envwright.resources.repository import Repository


@pytest.mark.parametrize(
    ("url", "packages", "after"),
    [
        (
            "https://me@git.test:8443/a",
            ("git", "ca-certificates"),
            ("command:git logins on git.test:8443",),
        ),
        ("http://git.test/a", ("git",), ("command:git logins on git.test",)),
        ("git@git.test:a", ("git", "openssh-client"), ()),
        ("file:///srv/a", ("git",), ()),
    ],
)
def test_a_repository_is_a_checkout_after_what_git_needs_for_its_address(
    url: str, packages: tuple[str, ...], after: tuple[str, ...]
) -> None:
    made = list(Repository(url=url, tag="v1", timeout="2m").checkout("/a", "root", DEBIAN, "x"))
    assert [resource.id for resource in made] == [
        *(f"package:{name}" for name in packages),
        "checkout:/a",
    ]
    checkout = made[-1]
    assert isinstance(checkout, Checkout)
    assert (checkout.kind, checkout.ref, checkout.seconds) == ("tag", "v1", 120)
    assert (checkout.home, checkout.after, checkout.at) == ("/root", after, ("x",))


def test_a_repository_says_one_place_where_its_checkout_is_to_be() -> None:
    with pytest.raises(ValidationError, match="needs exactly one of 'branch', 'tag' and 'commit'"):
        Repository(url="https://git.test/a", branch="main", tag="v1")
