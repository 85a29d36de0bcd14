# SPDX-License-Identifier: Apache-2.0
"""From an empty server to a verified schema, and what `verify` says of one that is broken."""
import json
import subprocess

from conftest import CLUSTER, REPOSITORY, administer, psql


def test_the_commands_of_the_guide_lead_to_a_verified_schema(database):
    early = administer(database, "verify")
    assert early.returncode == 1 and "schema app is not there" in early.stdout

    assert administer(database, "migrate", "up").returncode == 0
    verified = administer(database, "verify", "--probe")

    assert verified.returncode == 0, verified.stdout + verified.stderr
    assert "rules hold" in verified.stdout and "No way across was found." in verified.stdout


def test_a_breach_is_named_for_people_and_for_scripts(database):
    administer(database, "migrate", "up")
    psql(database, "ALTER TABLE app.customers NO FORCE ROW LEVEL SECURITY; ALTER POLICY customers_tenant ON app.customers USING (true)")

    told = administer(database, "verify", "--probe")
    assert told.returncode == 1
    assert "customers does not force row security" in told.stdout
    assert "customers has a policy of another form: customers_tenant" in told.stdout
    assert "customers, read: reached 1 row(s)" in told.stdout

    found = json.loads(administer(database, "verify", "--probe", "--json").stdout)
    assert {"rule": "row_security", "object": "customers", "problem": "does not force row security"} in found["findings"]
    assert {"table": "customers", "attempt": "read", "outcome": "broken", "problem": "reached 1 row(s)"} in found["probe"]
    # The server looks as well.
    refused = administer(database, "serve")
    assert refused.returncode == 1 and "unnati verify" in refused.stderr


def test_a_wrong_address_or_role_is_one_clear_message(database):
    administer(database, "migrate", "up")
    nowhere = administer(database, "verify", DATABASE_OWNER_URL="postgresql://127.0.0.1:1/none?user=unnati_owner")
    unbound = administer(database, "verify", "--probe", DATABASE_URL=f"{CLUSTER}unnati_owner&dbname={database}")
    missing = administer(database, "verify", DATABASE_OWNER_URL="")

    assert nowhere.returncode == 1 and "connection to server" in nowhere.stderr
    assert unbound.returncode == 1 and "Set DATABASE_URL for unnati_app" in unbound.stderr
    assert missing.returncode == 78 and "DATABASE_OWNER_URL is missing" in missing.stderr


def test_the_policies_hold_for_plain_sql(database):
    administer(database, "migrate", "up")
    command = ["psql", f"{CLUSTER}unnati_app&dbname={database}", "-v", "ON_ERROR_STOP=1", "-f", str(REPOSITORY / "Tests/Policies/policies.sql")]
    kept = subprocess.run(command, capture_output=True, text=True)
    assert kept.returncode == 0, kept.stdout + kept.stderr
    lines = kept.stdout.splitlines()
    assert len(lines) == 15 and all(line.startswith("ok - ") for line in lines), kept.stdout

    # They can fail.
    psql(database, "ALTER POLICY customers_tenant ON app.customers USING (true)")
    broken = subprocess.run(command, capture_output=True, text=True)
    assert broken.returncode == 3 and "division by zero" in broken.stderr
