"""The key: made when it is not there, read when it is, refused when it is something else."""

from __future__ import annotations

import stat

import pytest

from synack.anonymize.key import read_key
from synack.errors import UsageError


def test_a_missing_key_is_made_for_its_owner_alone(tmp_path):
    path = tmp_path / "key"
    key, made = read_key(path)
    assert made
    assert len(key) == 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert read_key(path) == (key, False)


def test_two_keys_differ(tmp_path):
    assert read_key(tmp_path / "a")[0] != read_key(tmp_path / "b")[0]


@pytest.mark.parametrize(
    "content", [b"", b"secret", b"ab" * 31, b"ab" * 33, b"zz" * 32, b"\xff\xfe" * 40, b"ab" * 4096]
)
def test_something_else_is_no_key(tmp_path, content):
    path = tmp_path / "key"
    path.write_bytes(content)
    with pytest.raises(UsageError, match="is no key: it must hold 64 hexadecimal digits"):
        read_key(path)
    assert path.read_bytes() == content


def test_what_cannot_be_read_or_made_is_said(tmp_path):
    with pytest.raises(UsageError, match="cannot make the key"):
        read_key(tmp_path / "missing" / "key")
    with pytest.raises(UsageError, match="cannot read the key"):
        read_key(tmp_path)
