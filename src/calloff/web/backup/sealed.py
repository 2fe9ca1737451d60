"""
A stream that is encrypted and proves itself whole: chunks of AES-256-GCM under a key of the file's own.

The file begins with its form, a random salt and a proof of the key; the key is drawn from the given one and the salt
by scrypt. Each chunk is sealed under its number and whether it is the last (the STREAM construction of Hoang,
Reyhanitabar, Rogaway and Vizár, 2015, as `age` uses it), together with the head: so a chunk that is changed, lost,
moved or doubled is seen, and so is an end that is cut off, even between two chunks. Never more than two are in memory.
"""

from __future__ import annotations

import hmac
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from calloff.domain.errors import BadBackupError
from calloff.wrong_kinds import wrong_kind

NAME = b"Calloff backup "
FORM = NAME + b"1\n"
SALT_BYTES = PROOF_BYTES = 16
KEY_BYTES, TAG_BYTES = 32, 16
CHUNK_BYTES = 65_536
"""Plain bytes of every chunk but the last, which may be shorter."""
HEAD_BYTES = len(FORM) + SALT_BYTES + PROOF_BYTES
SCRYPT_COST = 2**15


def _drawn(key: str, salt: bytes) -> tuple[AESGCM, bytes]:
    """The cipher of a file, and the proof by which another key is told from a broken file."""
    drawn = Scrypt(salt=salt, length=KEY_BYTES + PROOF_BYTES, n=SCRYPT_COST, r=8, p=1).derive(key.encode())
    return AESGCM(drawn[:KEY_BYTES]), drawn[KEY_BYTES:]


def _nonce(number: int, last: bool) -> bytes:
    # No number comes twice under one key, since every file has a salt of its own.
    return number.to_bytes(11, "big") + bytes([last])


class Sealing:
    """Seals what is written to it; only `close` makes the file whole."""

    def __init__(self, stream: IO[bytes], key: str) -> None:
        salt = os.urandom(SALT_BYTES)
        self._cipher, proof = _drawn(key, salt)
        self._stream, self._head = stream, FORM + salt + proof
        self._waiting, self._number = bytearray(), 0
        stream.write(self._head)

    def write(self, data: bytes) -> None:
        self._waiting += data
        # A full chunk waits, too, since it may turn out to be the last.
        while len(self._waiting) > CHUNK_BYTES:
            self._seal(bytes(self._waiting[:CHUNK_BYTES]), last=False)
            del self._waiting[:CHUNK_BYTES]

    def close(self) -> None:
        """Seal the last chunk as the last."""
        self._seal(bytes(self._waiting), last=True)
        self._waiting.clear()

    def _seal(self, chunk: bytes, *, last: bool) -> None:
        self._stream.write(self._cipher.encrypt(_nonce(self._number, last), chunk, self._head))
        self._number += 1


def unsealed(path: Path, key: str) -> Iterator[bytes]:
    """
    The plain chunks of a sealed file, each proven before it is given.

    Raises BadBackupError for a file of another kind or form, another key, and any change or cut.
    """
    try:
        with path.open("rb") as stream:
            yield from _chunks(path, stream, key)
    except OSError as error:
        raise BadBackupError(f"{path}: cannot be read: {error.strerror or error}") from error


def _chunks(path: Path, stream: IO[bytes], key: str) -> Iterator[bytes]:
    head = stream.read(HEAD_BYTES)
    _refuse_other_files(path, head)
    cipher, proof = _drawn(key, head[len(FORM) : len(FORM) + SALT_BYTES])
    if not hmac.compare_digest(proof, head[-PROOF_BYTES:]):
        raise BadBackupError(f"{path}: the key is not the one that this backup was made with; nothing was read")
    chunk, number = stream.read(CHUNK_BYTES + TAG_BYTES), 0
    while True:
        following = stream.read(CHUNK_BYTES + TAG_BYTES)
        yield _opened(path, cipher, head, chunk, number, last=not following)
        if not following:
            return
        chunk, number = following, number + 1


def _opened(path: Path, cipher: AESGCM, head: bytes, chunk: bytes, number: int, *, last: bool) -> bytes:
    try:
        return cipher.decrypt(_nonce(number, last), chunk, head)
    except InvalidTag as error:
        if last:
            raise BadBackupError(
                f"{path}: its end is cut off or changed (in part {number + 1}); this backup cannot be used"
            ) from error
        raise BadBackupError(f"{path}: it was changed (in part {number + 1}); this backup cannot be used") from error


def _refuse_other_files(path: Path, head: bytes) -> None:
    if not head:
        raise BadBackupError(f"{path} is empty; give a file that ./calloff backup made")
    form = re.match(re.escape(NAME) + rb"(\d+)\n", head)
    if form and form.group() != FORM:
        raise BadBackupError(
            f"{path}: this backup is of form {form.group(1).decode()}, and this Calloff reads form 1. Restore it with "
            "the Calloff that made it."
        )
    if not form and not FORM.startswith(head[: len(FORM)]):
        kind = wrong_kind(head)
        named = f"this is {kind.name}, not a backup" if kind else "this is not a backup"
        raise BadBackupError(f"{path}: {named}; give a file that ./calloff backup made")
    if len(head) < HEAD_BYTES:
        raise BadBackupError(f"{path}: its end is cut off (in its head); this backup cannot be used")
