"""What failures of git say: which of the known ones it is, and how to mend it."""

from __future__ import annotations

from envwright.errors import StepError
from envwright.host.connectors import Sign

_EVIDENCE = 3


_SIGNS = (
    Sign(
        "couldn't find remote ref",
        "it has no such ref",
        "name a branch or tag that is there: envwright pull install ... --ref REF",
    ),
    Sign(
        "Host key verification failed",
        "its host key is not the pinned one",
        "find out why; where it was changed on purpose, install again with --known-hosts FILE",
    ),
    Sign(
        "Permission denied",
        "it does not let this machine in",
        "enter the deploy key there, with the right to read; install again with --identity FILE",
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
        "it wants a name and a password",
        "use ssh with a deploy key: --identity FILE --known-hosts FILE",
    ),
    Sign("Could not resolve", "its name is not known", "is this machine on the network?"),
    Sign("Connection refused", "nothing answers there", "check the address, and the server"),
    Sign("Failed to connect", "nothing answers there", "check the address, and the server"),
    Sign("timed out", "it does not answer", "is this machine on the network?"),
    Sign(
        "certificate",
        "its certificate is not trusted here",
        "add its authority to /usr/local/share/ca-certificates and run update-ca-certificates",
    ),
    Sign("fsck error", "it holds a damaged object", "find it in the repository: git fsck"),
)


def unfetched(what: str, err: str) -> StepError:
    """Say why git could not fetch `what`."""
    for sign in _SIGNS:
        if sign.words in err:
            return StepError(f"{what}: {sign.what}\n{last_lines(err)}", hint=sign.hint)
    return StepError(
        f"{what}: git cannot fetch it\n{last_lines(err)}", hint="the next run tries again"
    )


def failed(word: str, code: int, err: str) -> StepError:
    """Say that git failed where nothing should go wrong."""
    return StepError(
        f"git {word} failed with code {code}\n{last_lines(err)}",
        hint="begin anew: envwright pull remove, then install",
    )


def last_lines(text: str) -> str:
    """Return the last lines that say something, indented."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return "\n".join(f"    {line}" for line in lines[-_EVIDENCE:])
