"""Errors of git: finds out from its output what went wrong, and how to mend that."""

from __future__ import annotations

from envwright.errors import StepError
from envwright.host.connectors import Sign

_EVIDENCE = 3


_SIGNS = (
    Sign(
        "couldn't find remote ref",
        "the repository has no such ref",
        "name a branch or tag that is there: envwright pull install ... --ref REF",
    ),
    Sign(
        "Host key verification failed",
        "the server's host key is not the pinned one",
        "find out why; if the key was changed on purpose, install again with --known-hosts FILE",
    ),
    Sign(
        "Permission denied",
        "the server does not let this machine in",
        "let the deploy key read the repository, or install again with another --identity FILE",
    ),
    Sign(
        "dubious ownership",
        "the folder belongs to another user than root",
        "give it to root, or serve it by ssh",
    ),
    Sign(
        "does not appear to be a git repository",
        "there is no repository",
        "check the address",
    ),
    Sign("not found", "there is no repository", "check the address, and who may read it"),
    Sign(
        "terminal prompts disabled",
        "the server wants a user name and a password",
        "use ssh with a deploy key: --identity FILE --known-hosts FILE",
    ),
    Sign(
        "Could not resolve",
        "the name of the server is not known",
        "is this machine on the network?",
    ),
    Sign("Connection refused", "nothing answers there", "check the address, and the server"),
    Sign("Failed to connect", "nothing answers there", "check the address, and the server"),
    Sign("timed out", "the server does not answer", "is this machine on the network?"),
    Sign(
        "certificate",
        "the server's certificate is not trusted here",
        "add its authority to /usr/local/share/ca-certificates and run update-ca-certificates",
    ),
    Sign(
        "fsck error",
        "the repository holds a damaged object",
        "find the object in the repository: git fsck",
    ),
)


def unfetched(what: str, err: str) -> StepError:
    """Return the error of a fetch that failed; `what` names the repository and the ref."""
    for sign in _SIGNS:
        if sign.words in err:
            return StepError(f"{what}: {sign.what}\n{last_lines(err)}", hint=sign.hint)
    return StepError(
        f"{what}: git cannot fetch this\n{last_lines(err)}", hint="the next run tries again"
    )


def failed(word: str, code: int, err: str) -> StepError:
    """Return the error of another call of git that failed."""
    return StepError(
        f"git {word} failed with code {code}\n{last_lines(err)}",
        hint="start over: envwright pull remove, then envwright pull install",
    )


def last_lines(text: str) -> str:
    """Return the last lines that are not blank, indented."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return "\n".join(f"    {line}" for line in lines[-_EVIDENCE:])
