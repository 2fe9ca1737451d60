"""A sealed file: read back as it was written, and refused after any cut, change or other key."""

from __future__ import annotations

import random

import pytest

from calloff.domain.errors import BadBackupError
from calloff.web.backup import sealed
from calloff.web.backup.sealed import CHUNK_BYTES, FORM, HEAD_BYTES, TAG_BYTES, Sealing, unsealed

KEY = "a key of tests 0123456789 abcdefghijklmnopqrstuvwxyz ABC"
SEALED_BYTES = CHUNK_BYTES + TAG_BYTES


@pytest.fixture(autouse=True)
def _cheap_keys(monkeypatch):
    monkeypatch.setattr(sealed, "SCRYPT_COST", 2)


def written(path, data):
    with path.open("wb") as stream:
        sealing = Sealing(stream, KEY)
        for start in range(0, len(data), 10_007):
            sealing.write(data[start : start + 10_007])
        sealing.close()
    return path


def read(path, key=KEY):
    return b"".join(unsealed(path, key))


@pytest.fixture
def three_chunks(tmp_path):
    path = written(tmp_path / "three.backup", random.Random(1).randbytes(2 * CHUNK_BYTES + 1_000))
    assert path.stat().st_size == HEAD_BYTES + 2 * SEALED_BYTES + 1_000 + TAG_BYTES
    return path


@pytest.mark.parametrize("size", [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES])
def test_what_was_sealed_is_read_back(size, tmp_path):
    data = random.Random(size).randbytes(size)

    assert read(written(tmp_path / "one.backup", data)) == data


def test_the_same_is_never_sealed_twice_alike(tmp_path):
    one, other = (written(tmp_path / name, b"the same").read_bytes() for name in ("one", "other"))

    assert one[: len(FORM)] == other[: len(FORM)]
    assert one[len(FORM) :] != other[len(FORM) :]
    assert b"the same" not in one


def test_another_key_is_told_from_a_broken_file(three_chunks):
    with pytest.raises(BadBackupError, match="the key is not the one that this backup was made with"):
        read(three_chunks, KEY + "x")


@pytest.mark.parametrize(
    ("kept", "says"),
    [
        (0, "is empty"),
        (5, "its end is cut off"),
        (len(FORM), "its end is cut off"),
        (HEAD_BYTES - 1, "its end is cut off"),
        (HEAD_BYTES, "its end is cut off or changed"),
        (HEAD_BYTES + 1, "its end is cut off or changed"),
        (HEAD_BYTES + TAG_BYTES, "its end is cut off or changed"),
        (HEAD_BYTES + SEALED_BYTES // 2, "its end is cut off or changed"),
        (HEAD_BYTES + SEALED_BYTES, "its end is cut off or changed"),
        (HEAD_BYTES + 2 * SEALED_BYTES - 1, "its end is cut off or changed"),
        (HEAD_BYTES + 2 * SEALED_BYTES, "its end is cut off or changed"),
        (HEAD_BYTES + 2 * SEALED_BYTES + 1_000, "its end is cut off or changed"),
        (-1, "its end is cut off or changed"),
    ],
)
def test_a_file_that_is_cut_off_is_refused(kept, says, three_chunks):
    three_chunks.write_bytes(three_chunks.read_bytes()[:kept])

    with pytest.raises(BadBackupError, match=says):
        read(three_chunks)


@pytest.mark.parametrize("seed", range(20))
def test_a_file_with_one_bit_changed_is_refused(seed, three_chunks):
    chance, data = random.Random(seed), bytearray(three_chunks.read_bytes())
    data[chance.randrange(len(data)) if seed else len(FORM)] ^= 1 << chance.randrange(8)
    three_chunks.write_bytes(data)

    with pytest.raises(BadBackupError):
        read(three_chunks)


def chunks_of(path):
    data = path.read_bytes()
    body = data[HEAD_BYTES:]
    return data[:HEAD_BYTES], [body[start : start + SEALED_BYTES] for start in range(0, len(body), SEALED_BYTES)]


@pytest.mark.parametrize("order", [(1, 0, 2), (0, 2), (0, 0, 1, 2), (0, 1, 2, 2), (0, 1, 1)])
def test_chunks_that_are_moved_lost_or_doubled_are_refused(order, three_chunks):
    head, chunks = chunks_of(three_chunks)
    three_chunks.write_bytes(head + b"".join(chunks[number] for number in order))

    with pytest.raises(BadBackupError):
        read(three_chunks)


def test_chunks_of_another_file_are_refused(three_chunks, tmp_path):
    other = written(tmp_path / "other.backup", random.Random(2).randbytes(2 * CHUNK_BYTES + 1_000))
    (head, chunks), (_, others) = chunks_of(three_chunks), chunks_of(other)
    three_chunks.write_bytes(head + chunks[0] + others[1] + chunks[2])

    with pytest.raises(BadBackupError, match="it was changed"):
        read(three_chunks)


def test_another_form_names_the_calloff_that_reads_it(three_chunks):
    three_chunks.write_bytes(three_chunks.read_bytes().replace(FORM, b"Calloff backup 2\n"))

    with pytest.raises(BadBackupError, match="is of form 2, and this Calloff reads form 1"):
        read(three_chunks)
