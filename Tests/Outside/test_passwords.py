# SPDX-License-Identifier: Apache-2.0
"""Our hashes verify with passlib, and passlib's with us."""
import random
import subprocess

from conftest import REPOSITORY
from passlib.hash import bcrypt, bcrypt_sha256


def passwords():
    rng = random.Random(7)
    fixed = ["", "a", "password", "पासवर्ड", "मेरी दुकान का पासवर्ड", "😀🔑", "tab\tand space ", "é" * 40]
    fixed += ["x" * length for length in (71, 72, 73, 255, 1000)] + ["क" * length for length in (23, 24, 25, 341)]
    alphabet = "abcXYZ019 !$%/\\\"'सुरेश😀é"
    return fixed + ["".join(rng.choice(alphabet) for _ in range(rng.randrange(1, 120))) for _ in range(50 - len(fixed))]


def probe(lines):
    result = subprocess.run([REPOSITORY / ".build/release/PasswordProbe"], input="\n".join(lines) + "\n", check=True, capture_output=True, text=True)
    return result.stdout.split("\n")[:-1]


def test_passlib_verifies_our_hashes():
    words = passwords()
    assert len(words) == 50
    for word, stored in zip(words, probe([f"hash 4 {word.encode().hex()}" for word in words])):
        assert bcrypt_sha256.verify(word, stored), stored
        assert not bcrypt_sha256.verify(word + "x", stored)


def test_we_verify_passlibs_hashes():
    words = passwords()
    lines, expected = [], []
    for word in words:
        for stored in (bcrypt_sha256.using(rounds=4).hash(word), bcrypt.using(rounds=4, ident="2b", truncate_error=False).hash(word),
                       bcrypt.using(rounds=4, ident="2y", truncate_error=False).hash(word)):
            lines += [f"verify {stored} {word.encode().hex()}", f"verify {stored} {b'no'.hex()}"]
            expected += ["right", "wrong"]
    assert probe(lines) == expected
