# SPDX-License-Identifier: Apache-2.0
"""A backup is one when it has been restored; and what is kept about somebody can be handed out, or erased."""
import json
import subprocess
import time

import pytest
import requests

from conftest import CLUSTER, PASSWORD, administer, psql


@pytest.fixture
def filled(server):
    """A server with two businesses, and who they are."""
    people = []
    for name in ["Acme", "Other"]:
        account = server.register()
        headers = {"Authorization": "Bearer " + account["access_token"]}
        rows = "name,phone\n" + "".join(f"{name} customer {number},98{len(people)}{number:07d}\n" for number in range(300))
        requests.post(server.url + "/v1/customers/import", data=rows.encode(), headers={**headers, "Content-Type": "text/csv"})
        for _ in range(200):
            if server.sql("SELECT count(*) FROM app.customer_imports WHERE state <> 'completed'") == "0":
                break
            time.sleep(0.05)
        me = requests.get(server.url + "/v1/me", headers=headers).json()
        people.append((headers, me))
    return server, people


def counts(database):
    tables = psql(database, "SELECT relname FROM pg_class WHERE relnamespace = 'app'::regnamespace AND relkind = 'r' ORDER BY 1").split()
    return {table: psql(database, f"SELECT count(*), md5(string_agg(t::text, ',' ORDER BY t::text)) FROM app.{table} t") for table in tables}


def test_a_restored_backup_is_what_was_backed_up(filled, database, tmp_path):
    server, people = filled
    server.stop()
    file = str(tmp_path / "unnati.backup")
    made = administer(server.database, "backup", file)
    assert made.returncode == 0 and "KiB in" in made.stdout, made.stderr
    assert (tmp_path / "unnati.backup").stat().st_mode & 0o777 == 0o600
    again = administer(server.database, "backup", file)
    assert again.returncode == 1 and "File exists" in again.stderr

    restored = administer(database, "restore", file)

    assert restored.returncode == 0, restored.stderr
    assert counts(database) == counts(server.database)
    assert administer(database, "migrate", "drift").returncode == 0
    assert administer(database, "migrate", "status", "--exit-code").returncode == 0
    verified = administer(database, "verify", "--probe")
    assert verified.returncode == 0, verified.stdout
    # Everything that is not the schema's: who may connect is docker/roles.sql's to say.
    shown = [administer(name, "migrate", "drift", "--show").stdout for name in [server.database, database]]
    assert shown[0] == shown[1] and len(shown[0].splitlines()) > 200
    # And people go on with it: the same keys, the same tokens.
    for name in ["DATABASE_URL", "DATABASE_WORKER_URL"]:
        server.environment[name] = server.environment[name].replace(server.database, database)
    server.start()
    for headers, _ in people:
        page = requests.get(server.url + "/v1/customers?limit=1", headers=headers)
        assert page.ok and page.json()["data"]
    server.stop()


def test_a_torn_backup_leaves_nothing_behind(filled, database, tmp_path):
    server, _ = filled
    file = tmp_path / "unnati.backup"
    administer(server.database, "backup", str(file))
    content = file.read_bytes()
    torn = tmp_path / "torn.backup"
    torn.write_bytes(content[:len(content) * 3 // 4])

    failed = administer(database, "restore", str(torn))
    assert failed.returncode == 1 and "pg_restore ended with" in failed.stderr
    assert psql(database, "SELECT to_regnamespace('app')") == ""
    assert administer(database, "restore", str(file)).returncode == 0
    full = administer(database, "restore", str(file))
    assert full.returncode == 1 and "has a schema already" in full.stderr


def test_the_serving_role_cannot_take_the_database_out(filled):
    server, _ = filled
    refused = subprocess.run(["pg_dump", f"{CLUSTER}unnati_app&dbname={server.database}", "-t", "app.customers", "-a"], capture_output=True, text=True)
    assert refused.returncode != 0 and "Acme customer" not in refused.stdout
    bound = administer(server.database, "privacy", "rules", DATABASE_OWNER_URL=f"{CLUSTER}unnati_app&dbname={server.database}")
    assert bound.returncode == 1 and "row security binds" in bound.stderr


def test_a_business_takes_its_data_along_and_is_forgotten(filled, tmp_path):
    server, people = filled
    (headers, me), (other_headers, _) = people
    tenant = me["tenants"][0]["id"]
    file = tmp_path / "acme.json"

    exported = administer(server.database, "privacy", "export", "--tenant", tenant, "--to", str(file))
    assert exported.returncode == 0, exported.stderr
    tables = json.loads(file.read_text())["tables"]
    assert len(tables["customers"]) == 300 and {row["name"] for row in tables["customers"]} == {f"Acme customer {number}" for number in range(300)}
    assert file.stat().st_mode & 0o777 == 0o600
    # Its owner is told, and nobody else's.
    told = [requests.get(server.url + "/v1/audit-events?filter[event]=support.read", headers=who).json()["data"] for who in (headers, other_headers)]
    assert [event["subject"] for event in told[0]] == [tenant] and told[1] == []

    before = counts(server.database)
    trial = administer(server.database, "privacy", "erase", "--tenant", tenant, "--dry-run")
    assert trial.returncode == 0 and "app.customers  delete: 300 row(s)" in trial.stdout and "Nothing was changed." in trial.stdout
    assert counts(server.database) == before

    erased = administer(server.database, "privacy", "erase", "--tenant", tenant)
    assert erased.returncode == 0 and erased.stdout.endswith("Erased.\n")
    assert server.sql("SELECT count(*) FROM app.customers WHERE name LIKE 'Acme%'") == "0"
    assert requests.get(server.url + "/v1/customers", headers=other_headers).json()["data"]
    # Its sessions are gone, and the tokens that outlive them end within seconds.
    for _ in range(100):
        if requests.get(server.url + "/v1/customers", headers=headers).status_code == 401:
            break
        time.sleep(0.1)
    else:
        raise AssertionError("the token of an erased business is still good")
    gone = administer(server.database, "privacy", "export", "--tenant", tenant)
    assert gone.returncode == 1 and gone.stdout == "" and "nobody with this id" in gone.stderr


def test_wrong_identifiers_are_named(server):
    for arguments in [["--tenant", "x"], ["--person", "ten_" + "0" * 32], ["--customer", "cus_" + "0" * 32], [], ["--tenant", "ten_" + "0" * 32, "--person", "usr_" + "0" * 32]]:
        assert administer(server.database, "privacy", "erase", *arguments).returncode == 64, arguments
    rules = administer(server.database, "privacy", "rules")
    assert "app.user_passwords  person (user_id): delete, not exported" in rules.stdout
