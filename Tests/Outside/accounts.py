# SPDX-License-Identifier: Apache-2.0
"""Businesses with owners who have a password, brought in by `unnati accounts import`."""
import json
import os
import pathlib
import subprocess

from passlib.hash import bcrypt_sha256

BINARY = pathlib.Path(__file__).resolve().parents[2] / ".build/release/unnati"


def line(business, name, identity, password, cost=10):
    """One line of an import. The cost is that of the servers of tests, so that nobody is hashed anew."""
    kind = "email" if "@" in identity else "phone"
    return {"business_name": business, "name": name, kind: identity, "password_hash": bcrypt_sha256.using(rounds=cost).hash(password)}


def bring(environment, lines):
    subprocess.run([BINARY, "accounts", "import", "-"], env={**os.environ, **environment}, check=True, capture_output=True, text=True,
                   input="\n".join(json.dumps(account) for account in lines))
