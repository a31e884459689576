"""No-op results: what is written is read, and different answers have different checksums."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from envwright.cache.fastpath.result import NoopResult, checksum

TEXT = st.text(st.characters(codec="utf-8")) | st.just("\udcff 1:2,\0")
ANSWERS = st.lists(st.binary(max_size=4) | st.sampled_from([b"1", b"\n", b"1 1 \n"]), max_size=4)


@given(
    st.tuples(TEXT, TEXT, TEXT, TEXT),
    st.lists(TEXT),
    st.dictionaries(TEXT, TEXT),
    st.lists(TEXT),
    st.integers(0, 9),
)
def test_a_result_is_read_as_it_was_written(
    texts: tuple[str, ...],
    argv: list[str],
    checksums: dict[str, str],
    scripts: list[str],
    concurrent: int,
) -> None:
    host, first_line, answers, printed = texts
    result = NoopResult(
        host=host,
        argv=argv,
        first_line=first_line,
        checksums=checksums,
        scripts=scripts,
        concurrent=concurrent,
        answers=answers,
        printed=printed,
    )
    read = NoopResult.decode(result.encode())
    assert [getattr(read, name) for name in NoopResult.__slots__] == [
        getattr(result, name) for name in NoopResult.__slots__
    ]


@given(ANSWERS, ANSWERS)
def test_only_the_same_answers_have_the_same_checksum(a: list[bytes], b: list[bytes]) -> None:
    assert (checksum(a) == checksum(b)) == (a == b)
