# SPDX-License-Identifier: Apache-2.0
"""What an administrator does with `unnati accounts import` and `unnati audit maintain`."""
import json
import random
import subprocess

import requests
from passlib.hash import bcrypt

from conftest import BINARY, CLUSTER

PASSWORD = "nine linen lungis"


def bring(server, text, *flags):
    return subprocess.run([BINARY, "accounts", "import", "-", *flags], env=server.environment, input=text, capture_output=True, text=True)


def number():
    return f"9{random.randrange(10**9):09d}"


def log_in(server, identity):
    return requests.post(server.url + "/v1/auth/login", json={"identity": identity, "password": PASSWORD})


def test_owners_come_with_the_passwords_that_they_have(server):
    kinds = {ident: number() for ident in ["2a", "2b", "2y"]}
    lines = [{"business_name": "Meera Tailors", "name": "Meera", "phone": phone, "password_hash": bcrypt.using(rounds=5, ident=ident).hash(PASSWORD)}
             for ident, phone in kinds.items()]
    codes_alone = {"business_name": "Kirana", "name": "Ravi", "email": f"ravi{random.randrange(10**9)}@example.in"}
    done = bring(server, "\n".join(json.dumps(line) for line in [*lines, codes_alone]) + "\n\n")
    assert done.returncode == 0 and done.stdout == "4 business(es) brought in, 0 left out.\n", done.stderr
    for phone in kinds.values():
        assert log_in(server, phone).status_code == 200
    assert log_in(server, codes_alone["email"]).status_code == 401
    # Each is hashed anew as ours are when its owner comes.
    hashes = server.sql("SELECT DISTINCT left(hash, 26) FROM app.user_passwords")
    assert hashes == "$bcrypt-sha256$v=2,t=2b,r="

    again = bring(server, json.dumps(lines[0]))
    assert again.returncode == 1 and again.stdout == "0 business(es) brought in, 1 left out.\n"
    assert again.stderr == "line 1: The phone number or e-mail address is there already.\n"
    assert server.sql("SELECT count(*) FROM app.tenants") == "4"


def test_a_line_that_is_wrong_is_named_and_the_others_come_in(server):
    right = {"business_name": "B", "name": "N", "phone": number()}
    wrong = ["{", json.dumps({**right, "phone": "12"}), json.dumps({**right, "password_hash": "$2x$05$abc"}), json.dumps({**right, "role": "owner"}),
             json.dumps({"business_name": "B", "name": "N"})]
    done = bring(server, "\n".join([*wrong, json.dumps(right)]))
    assert done.returncode == 1 and done.stdout == "1 business(es) brought in, 5 left out.\n"
    said = done.stderr.splitlines()
    assert [line.split(":")[0] for line in said] == [f"line {count}" for count in range(1, 6)]
    assert "/phone" in said[1] and "/password_hash" in said[2] and "/role" in said[3]
    endless = bring(server, "x" * 100_000)
    assert endless.returncode == 1 and "longer than 64 KiB" in endless.stderr


def test_months_of_the_audit_log_are_looked_after(server):
    def maintain(*flags):
        return subprocess.run([BINARY, "audit", "maintain", *flags], env={**server.environment, "DATABASE_OWNER_URL": f"{CLUSTER}unnati_owner&dbname={server.database}"},
                              capture_output=True, text=True)

    made = maintain("--ahead", "6")
    assert made.returncode == 0 and made.stdout.count("made audit_events_") == 3, made.stderr
    assert maintain("--ahead", "6").stdout == "There is nothing to do.\n"
    refused = maintain("--keep", "12")
    assert refused.returncode == 64 and "kept for a year by law" in refused.stderr
    # Whoever serves may not.
    forbidden = subprocess.run([BINARY, "audit", "maintain", "--ahead", "9"], env={**server.environment, "DATABASE_OWNER_URL": f"{CLUSTER}unnati_app&dbname={server.database}"},
                               capture_output=True, text=True)
    assert forbidden.returncode == 1
