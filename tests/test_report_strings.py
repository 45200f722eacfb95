"""Texts by number: what goes in comes out, and no byte is a filling."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synack.report.strings import FILL, Strings, distinct

TEXTS = st.lists(
    st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("\udc80\udcff"))
)


@given(TEXTS)
def test_texts_come_out_as_they_went_in(texts):
    strings = Strings.of(texts)
    assert strings.tolist() == texts
    assert strings.characters().tolist() == [len(text) for text in texts]
    width = int(strings.lengths.max(initial=1))
    assert Strings.squeezed(strings.padded(width)).tolist() == texts


@given(TEXTS.filter(bool), st.lists(st.integers(0, 1000)))
def test_taking_and_joining(texts, numbers):
    numbers = [number % len(texts) for number in numbers]
    taken = Strings.of(texts).take(np.array(numbers, np.int64))
    assert taken.tolist() == [texts[number] for number in numbers]
    assert taken.concat(Strings.of(texts)).tolist() == [*taken.tolist(), *texts]


def test_padding_counts_characters():
    matrix = Strings.of(["é", "abc", ""]).padded(4, characters=3)
    assert [row.tobytes() for row in matrix] == ["é  ".encode(), b"abc\xff", b"   \xff"]


def test_a_byte_of_a_file_name_is_no_filling():
    assert FILL not in Strings.of(["\udcff"]).padded(3)


def test_a_surrogate_that_is_no_byte_is_spelled_out():
    assert Strings.of(["a\ud800"]).tolist() == ["a\\ud800"]


@pytest.mark.parametrize(
    ("text", "plain"), [("az ~", True), ("", True), ('"', False), ("\x7f", False), ("é", False)]
)
def test_plain(text, plain):
    assert Strings.of(["a", text]).is_plain(but=b'"') == plain


def test_unicode_is_all_but_bytes_of_file_names():
    assert Strings.of(["é", "\U0001f600"]).is_unicode()
    assert not Strings.of(["\udcff"]).is_unicode()


def test_distinct_texts_in_order_of_appearance():
    texts, numbers = distinct(["b", "a", "b"])
    assert texts == ["b", "a"]
    assert numbers.tolist() == [0, 1, 0]
