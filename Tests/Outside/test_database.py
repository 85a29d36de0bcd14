# SPDX-License-Identifier: Apache-2.0
"""What an administrator does: from an empty server to a verified schema, and what the tools say of one that is broken."""
import json
import os
import shutil
import subprocess
import uuid

import pytest

from conftest import BINARY, CLUSTER, REPOSITORY, psql


@pytest.fixture
def database():
    """A database that `docker/roles.sql` has made and nobody has migrated."""
    name = "a_" + uuid.uuid4().hex
    subprocess.run(["psql", "-q", f"{CLUSTER}postgres&dbname=postgres", "-v", "ON_ERROR_STOP=1", "-v", f"database={name}",
                    "-f", REPOSITORY / "docker/roles.sql"], check=True)
    yield name
    psql("postgres", f"DROP DATABASE {name} WITH (FORCE)")


def unnati(database, *arguments, **settings):
    environment = {**os.environ, "DATABASE_OWNER_URL": f"{CLUSTER}unnati_owner&dbname={database}",
                   "DATABASE_URL": f"{CLUSTER}unnati_app&dbname={database}", "MIGRATIONS_DIRECTORY": str(REPOSITORY / "sql"), **settings}
    return subprocess.run([BINARY, *arguments], env=environment, capture_output=True, text=True, timeout=60)


def test_the_commands_of_the_guide_lead_to_a_verified_schema(database):
    early = unnati(database, "verify")
    assert early.returncode == 1 and "schema app is not there" in early.stdout

    assert unnati(database, "migrate", "up").returncode == 0
    verified = unnati(database, "verify", "--probe")

    assert verified.returncode == 0, verified.stdout + verified.stderr
    assert "rules hold" in verified.stdout and "No way across was found." in verified.stdout


def test_a_breach_is_named_for_people_and_for_scripts(database):
    unnati(database, "migrate", "up")
    psql(database, "ALTER TABLE app.customers NO FORCE ROW LEVEL SECURITY; ALTER POLICY customers_tenant ON app.customers USING (true)")

    told = unnati(database, "verify", "--probe")
    assert told.returncode == 1
    assert "customers does not force row security" in told.stdout
    assert "customers has a policy of another form: customers_tenant" in told.stdout
    assert "customers, read: reached 1 row(s)" in told.stdout

    found = json.loads(unnati(database, "verify", "--probe", "--json").stdout)
    assert {"rule": "row_security", "object": "customers", "problem": "does not force row security"} in found["findings"]
    assert {"table": "customers", "attempt": "read", "outcome": "broken", "problem": "reached 1 row(s)"} in found["probe"]
    # The server looks as well.
    refused = unnati(database, "serve")
    assert refused.returncode == 1 and "unnati verify" in refused.stderr


def test_a_wrong_address_or_role_is_one_clear_message(database):
    unnati(database, "migrate", "up")
    nowhere = unnati(database, "verify", DATABASE_OWNER_URL="postgresql://127.0.0.1:1/none?user=unnati_owner")
    unbound = unnati(database, "verify", "--probe", DATABASE_URL=f"{CLUSTER}unnati_owner&dbname={database}")
    missing = unnati(database, "verify", DATABASE_OWNER_URL="")

    assert nowhere.returncode == 1 and "connection to server" in nowhere.stderr
    assert unbound.returncode == 1 and "Set DATABASE_URL for unnati_app" in unbound.stderr
    assert missing.returncode == 78 and "DATABASE_OWNER_URL is missing" in missing.stderr


def test_the_migrator_tells_people_and_scripts_what_waits(database):
    waiting = unnati(database, "migrate", "status", "--exit-code")
    assert waiting.returncode == 2 and "waits" in waiting.stdout and "0001_foundation" in waiting.stdout

    assert unnati(database, "migrate", "up", "--to", "2").returncode == 0
    states = json.loads(unnati(database, "migrate", "status", "--json").stdout)
    assert [state["state"] for state in states[:3]] == ["applied", "applied", "waits"]
    assert states[0]["name"] == "foundation" and states[0]["applied_at"].endswith("Z") and "applied_at" not in states[2]

    beyond = unnati(database, "migrate", "up", "--to", "9999")
    assert beyond.returncode == 1 and "no migration 9999" in beyond.stderr
    assert unnati(database, "migrate", "up").returncode == 0
    done = unnati(database, "migrate", "status", "--exit-code")
    assert done.returncode == 0 and "waits" not in done.stdout


def test_a_file_that_was_edited_is_found_before_anything_is_applied(database, tmp_path):
    folder = tmp_path / "sql"
    shutil.copytree(REPOSITORY / "sql", folder)
    unnati(database, "migrate", "up", "--migrations", str(folder))
    assert "are what their files say" in unnati(database, "migrate", "validate", "--migrations", str(folder)).stdout

    edited = folder / "0003_customers.up.sql"
    edited.write_text(edited.read_text() + "-- one more word\n")

    found = unnati(database, "migrate", "validate", "--migrations", str(folder))
    assert found.returncode == 1 and "0003_customers was changed" in found.stderr


def test_a_new_migration_is_numbered_named_and_ready_to_run(database, tmp_path):
    folder = tmp_path / "sql"
    shutil.copytree(REPOSITORY / "sql", folder)
    unnati(database, "migrate", "up", "--migrations", str(folder))
    last = max(int(path.name[:4]) for path in folder.iterdir())

    made = unnati(database, "migrate", "new", "invoices", "--migrations", str(folder))
    assert made.stdout.strip() == str(folder / f"{last + 1:04d}_invoices.up.sql")
    assert unnati(database, "migrate", "up", "--migrations", str(folder)).stdout.endswith("1 migration(s) applied.\n")

    for name in ["Invoices", "in voices", "../x", "", "x" * 61]:
        refused = unnati(database, "migrate", "new", name, "--migrations", str(folder))
        assert refused.returncode == 1 and "lower-case letters" in refused.stderr, name
