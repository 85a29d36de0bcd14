# SPDX-License-Identifier: Apache-2.0
"""What a database administrator does with `unnati migrate`, and what goes wrong then."""
import json
import os
import random
import shutil
import signal
import subprocess
import threading
import time

import pytest
import requests

from conftest import BINARY, CLUSTER, POOLER, REPOSITORY, administer, free_port, psql


SHIPPED = sorted(file.name.removesuffix(".up.sql") for file in (REPOSITORY / "sql").glob("*.up.sql"))


@pytest.fixture
def folder(tmp_path):
    """A copy of the migrations that a test may add to."""
    folder = tmp_path / "sql"
    shutil.copytree(REPOSITORY / "sql", folder)
    return folder


def migrate(database, folder, *arguments, **settings):
    return administer(database, "migrate", *arguments, "--migrations", str(folder), **settings)


def test_the_migrator_tells_people_and_scripts_what_waits(database):
    waiting = administer(database, "migrate", "status", "--exit-code")
    assert waiting.returncode == 2 and "waits" in waiting.stdout and "0001_foundation" in waiting.stdout

    assert administer(database, "migrate", "up", "--to", "2").returncode == 0
    states = json.loads(administer(database, "migrate", "status", "--json").stdout)
    assert [state["state"] for state in states[:3]] == ["applied", "applied", "waits"]
    assert states[0]["name"] == "foundation" and states[0]["applied_at"].endswith("Z") and "applied_at" not in states[2]

    beyond = administer(database, "migrate", "up", "--to", "9999")
    assert beyond.returncode == 1 and "no migration 9999" in beyond.stderr
    assert administer(database, "migrate", "up").returncode == 0
    done = administer(database, "migrate", "status", "--exit-code")
    assert done.returncode == 0 and "waits" not in done.stdout


def test_a_file_that_was_edited_is_found_before_anything_is_applied(database, tmp_path):
    folder = tmp_path / "sql"
    shutil.copytree(REPOSITORY / "sql", folder)
    administer(database, "migrate", "up", "--migrations", str(folder))
    assert "are what their files say" in administer(database, "migrate", "validate", "--migrations", str(folder)).stdout

    edited = folder / "0003_customers.up.sql"
    edited.write_text(edited.read_text() + "-- one more word\n")

    found = administer(database, "migrate", "validate", "--migrations", str(folder))
    assert found.returncode == 1 and "0003_customers was changed" in found.stderr


def test_a_new_migration_is_numbered_named_and_ready_to_run(database, tmp_path):
    folder = tmp_path / "sql"
    shutil.copytree(REPOSITORY / "sql", folder)
    administer(database, "migrate", "up", "--migrations", str(folder))
    last = max(int(path.name[:4]) for path in folder.iterdir())

    made = administer(database, "migrate", "new", "invoices", "--migrations", str(folder))
    assert made.stdout.strip() == str(folder / f"{last + 1:04d}_invoices.up.sql")
    assert administer(database, "migrate", "up", "--migrations", str(folder)).stdout.endswith("1 migration(s) applied.\n")

    for name in ["Invoices", "in voices", "../x", "", "x" * 61]:
        refused = administer(database, "migrate", "new", name, "--migrations", str(folder))
        assert refused.returncode == 1 and "lower-case letters" in refused.stderr, name


def test_a_plan_shows_statements_locks_and_what_lint_finds_and_executes_nothing(database, folder):
    assert migrate(database, folder, "up").returncode == 0
    (folder / "9000_tags.up.sql").write_text("SET LOCAL lock_timeout = '2s';\nCREATE INDEX customers_tags ON app.customers (tenant_id, tags);\n")

    plan = migrate(database, folder, "plan")
    assert plan.returncode == 0
    assert "9000_tags, expand, in one transaction" in plan.stdout
    assert "-> SHARE on app.customers: others read, nobody writes" in plan.stdout
    assert "!! warning index_locks: Nobody writes to app.customers while its index is built" in plan.stdout

    parsed = json.loads(migrate(database, folder, "plan", "--json").stdout)
    assert parsed[0]["statements"][1]["locks"] == [{"mode": "SHARE", "table": "app.customers"}]
    assert parsed[0]["statements"][1]["findings"][0]["rule"] == "index_locks"
    assert "would apply 9000_tags" in migrate(database, folder, "up", "--dry-run").stdout
    assert psql(database, "SELECT to_regclass('app.customers_tags')") == ""


def test_lint_needs_no_database(database, folder):
    clean = migrate(database, folder, "lint", "--strict", DATABASE_OWNER_URL="")
    assert clean.returncode == 0 and "nothing found" in clean.stdout

    (folder / "9000_bad.up.sql").write_text("SET LOCAL lock_timeout = '2s';\nDROP TABLE app.customers;\n")
    found = migrate(database, folder, "lint", DATABASE_OWNER_URL="")
    assert found.returncode == 1 and "9000_bad.up.sql:2: error contract_only" in found.stdout
    assert json.loads(migrate(database, folder, "lint", "--json").stdout)[0]["line"] == 2
    # What is an error stops `up` as well, before anything was done.
    refused = migrate(database, folder, "up")
    assert refused.returncode == 1 and "9000_bad, line 2" in refused.stderr
    assert psql(database, "SELECT to_regnamespace('app')") == ""


def test_drift_and_the_log_tell_what_somebody_did(database, folder):
    migrate(database, folder, "up")
    assert "is what the last migration left" in migrate(database, folder, "drift").stdout

    psql(database, "DROP INDEX app.customers_stage_id")
    drift = migrate(database, folder, "drift")
    assert drift.returncode == 2 and drift.stdout.startswith("- index customers.INDEX customers_stage_id")
    assert json.loads(migrate(database, folder, "drift", "--json").stdout)[0]["change"] == "missing"
    broken = migrate(database, folder, "verify")
    assert broken.returncode == 1 and "0003_customers: there is no index for lists of a stage" in broken.stdout

    migrate(database, folder, "down", "--to", "4")
    log = migrate(database, folder, "log").stdout.splitlines()
    assert len(log) == 2 * len(SHIPPED) - 4 and "reverted  0005_rate_buckets  unnati_owner" in log[-1]


def test_down_says_first_what_it_would_do(database, folder):
    migrate(database, folder, "up")
    dry = migrate(database, folder, "down", "--to", "3", "--dry-run")
    assert dry.stdout.split() == " ".join("would take back " + name for name in reversed(SHIPPED[3:])).split()
    assert migrate(database, folder, "status", "--exit-code").returncode == 0

    done = migrate(database, folder, "down", "--to", "3")
    assert done.returncode == 0 and done.stdout.endswith(f"{len(SHIPPED) - 3} migration(s) taken back.\n")
    none = migrate(database, folder, "down", "--to", "2")
    assert none.returncode == 1 and "0003_customers has no way back" in none.stderr


def test_psql_can_run_the_files_and_a_baseline_takes_the_schema_as_it_is(database, folder):
    # The record is the migrator's; the first file asks for it.
    assert migrate(database, folder, "baseline", "--version", str(len(SHIPPED))).returncode == 0
    for file in sorted(folder.glob("*.up.sql")):
        whole = [] if "-- no-transaction" in file.read_text() else ["-1"]
        subprocess.run(["psql", "-q", *whole, f"{CLUSTER}unnati_owner&dbname={database}", "-v", "ON_ERROR_STOP=1", "-f", file], check=True, capture_output=True)
    for file in sorted(folder.glob("*.verify.sql")):
        complaints = subprocess.run(["psql", "-qAt", f"{CLUSTER}unnati_owner&dbname={database}", "-f", file], check=True, capture_output=True, text=True)
        assert complaints.stdout == ""

    verified = migrate(database, folder, "verify")
    assert verified.returncode == 0, verified.stdout
    assert f"checks of {len(SHIPPED)} migration(s)" in verified.stdout
    assert migrate(database, folder, "up").stdout == "There is nothing to apply.\n"


def test_the_schema_can_be_read_as_sql(database, folder):
    migrate(database, folder, "up")
    dump = migrate(database, folder, "dump")
    assert dump.returncode == 0 and "CREATE TABLE app.customers" in dump.stdout and "FORCE ROW LEVEL SECURITY" in dump.stdout


def test_wait_waits_for_the_database_and_for_the_schema(database, folder):
    nowhere = migrate(database, folder, "wait", "--timeout", "1", DATABASE_OWNER_URL="postgresql://127.0.0.1:1/none?user=unnati_owner")
    assert nowhere.returncode == 1 and "connection to server" in nowhere.stderr
    assert migrate(database, folder, "wait", "--timeout", "1").stdout == "The database answers.\n"
    early = migrate(database, folder, "wait", "--schema", "--timeout", "1", DATABASE_OWNER_URL="")
    assert early.returncode == 1 and "no schema yet" in early.stderr

    waiting = threading.Timer(0.5, lambda: migrate(database, folder, "up"))
    waiting.start()
    assert "ready for this build" in migrate(database, folder, "wait", "--schema", "--timeout", "30", DATABASE_OWNER_URL="").stdout
    waiting.join()


def test_what_is_wrong_with_the_connection_is_one_message(database, folder):
    def said(url):
        result = migrate(database, folder, "up", DATABASE_OWNER_URL=url)
        assert result.returncode == 1 and result.stdout == "", result.stdout
        return result.stderr

    assert "does not exist" in said(f"{CLUSTER}unnati_owner&dbname=no_such")
    assert "Check address, database, role and password" in said(f"{CLUSTER}nobody&dbname={database}")
    assert "signs in as unnati_app" in said(f"{CLUSTER}unnati_app&dbname={database}")
    assert "Check address" in said("postgresql://[::1/x") + said("host=127.0.0.1 port=1 dbname=x password=secret")
    assert "secret" not in said("host=127.0.0.1 port=1 dbname=x password=secret")
    assert migrate(database, folder, "up", "--to", "banana").returncode == 64
    assert "no migration 77" in migrate(database, folder, "up", "--to", "77").stderr


@pytest.fixture
def passwords():
    """The cluster asks one role for a password, as a real one asks all."""
    path = psql("postgres", "SHOW hba_file")
    before = open(path).read()
    psql("postgres", "CREATE ROLE guarded LOGIN PASSWORD 'right one'")
    with open(path, "w") as file:
        file.write("local all guarded scram-sha-256\n" + before)
    psql("postgres", "SELECT pg_reload_conf()")
    time.sleep(0.3)
    yield
    with open(path, "w") as file:
        file.write(before)
    psql("postgres", "SELECT pg_reload_conf()")
    psql("postgres", "DROP ROLE guarded")


def test_a_wrong_password_is_said_to_be_one_and_not_repeated(database, folder, passwords):
    wrong = migrate(database, folder, "up", DATABASE_OWNER_URL=f"{CLUSTER}guarded&dbname={database}&password=wrong%20one")
    assert wrong.returncode == 1 and "password authentication failed" in wrong.stderr and "Check address" in wrong.stderr
    assert "wrong one" not in wrong.stderr + wrong.stdout and "wrong%20one" not in wrong.stderr + wrong.stdout
    right = migrate(database, folder, "up", DATABASE_OWNER_URL=f"{CLUSTER}guarded&dbname={database}&password=right%20one")
    assert right.returncode == 1 and "permission denied for database" in right.stderr


def test_a_pooler_is_noticed(database, folder):
    pooler = REPOSITORY / "docker/local/pooler"
    subprocess.run([pooler, "start", "tests"], check=True)
    try:
        url = subprocess.run([pooler, "url", "tests"], check=True, capture_output=True, text=True).stdout.strip()
        refused = migrate(database, folder, "up", DATABASE_OWNER_URL=f"{url}unnati_owner&dbname={database}")
    finally:
        if not POOLER:
            subprocess.run([pooler, "stop", "tests"], check=True)
    assert refused.returncode == 1 and "leads through a pooler" in refused.stderr


def test_who_comes_while_another_is_at_work_is_told_so(database, folder):
    other = subprocess.Popen(["psql", "-qAt", f"{CLUSTER}unnati_owner&dbname={database}"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    other.stdin.write(f"SELECT pg_advisory_lock({0x756E6E617469});\n")
    other.stdin.flush()
    other.stdout.readline()
    busy = migrate(database, folder, "up", "--wait", "1")
    assert busy.returncode == 75 and "Another migration is running" in busy.stderr
    other.communicate()
    assert migrate(database, folder, "up").returncode == 0


def test_killed_in_the_middle_a_rerun_finishes_the_work(database, folder):
    """Twenty times at a random moment of eight files, some of which no transaction holds."""
    for number in range(8):
        if number % 2:
            text = f"-- no-transaction\nCREATE INDEX CONCURRENTLY IF NOT EXISTS revocations_{number} ON app.session_revocations (revoked_at, session_id);\n"
        else:
            text = f"-- allow: types\nCREATE TABLE app.made_{number} (id bigint);\nCOMMENT ON TABLE app.made_{number} IS 'operational: x';\nSELECT pg_sleep(0.05);\n"
        (folder / f"90{number:02d}_step.up.sql").write_text(text)
    seed = random.randrange(10**6)
    print("seed", seed)
    moments = random.Random(seed)
    environment = {**os.environ, "DATABASE_OWNER_URL": f"{CLUSTER}unnati_owner&dbname={database}"}
    for _ in range(20):
        process = subprocess.Popen([BINARY, "migrate", "up", "--migrations", folder], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(moments.uniform(0.01, 0.25))
        process.send_signal(signal.SIGKILL)
        process.wait()

    finished = migrate(database, folder, "up")
    assert finished.returncode == 0, finished.stderr
    assert migrate(database, folder, "status", "--exit-code").returncode == 0
    assert migrate(database, folder, "drift").returncode == 0
    assert psql(database, "SELECT count(*) FROM app.schema_migrations WHERE NOT is_complete") == "0"
    assert psql(database, "SELECT count(*), count(DISTINCT version) FROM app.schema_migrations WHERE version >= 9000") == "8|8"
    assert psql(database, "SELECT count(*) FROM pg_index WHERE NOT indisvalid") == "0"


def test_killed_while_an_index_waits_for_readers_the_lock_is_let_go(database, folder):
    migrate(database, folder, "up")
    (folder / "9000_index.up.sql").write_text(
        "-- no-transaction\nCREATE INDEX CONCURRENTLY IF NOT EXISTS customers_tags ON app.customers (tenant_id, tags);\n")
    reader = subprocess.Popen(["psql", "-qAt", f"{CLUSTER}unnati_owner&dbname={database}"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    reader.stdin.write("BEGIN ISOLATION LEVEL REPEATABLE READ; INSERT INTO app.session_revocations VALUES (gen_random_uuid()); SELECT 1 FROM app.customers; SELECT 'reading';\n")
    reader.stdin.flush()
    assert reader.stdout.readline() == "reading\n"
    environment = {**os.environ, "DATABASE_OWNER_URL": f"{CLUSTER}unnati_owner&dbname={database}"}
    process = subprocess.Popen([BINARY, "migrate", "up", "--migrations", folder], env=environment, stdout=subprocess.DEVNULL)
    for _ in range(200):
        if psql(database, "SELECT count(*) FROM pg_index WHERE NOT indisvalid") == "1":
            break
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert "half applied" in migrate(database, folder, "status").stdout
    killed = time.monotonic()
    while psql(database, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())") != "0":
        assert time.monotonic() - killed < 5, "the lock is held on"
        time.sleep(0.05)
    reader.communicate()

    finished = migrate(database, folder, "up")
    assert finished.returncode == 0, finished.stderr
    assert "Dropping the half-made index app.customers_tags" in finished.stdout
    assert psql(database, "SELECT indisvalid FROM pg_index WHERE indexrelid = 'app.customers_tags'::regclass") == "t"


def test_old_and_new_servers_work_side_by_side_on_the_expanded_schema(server, folder, tmp_path):
    """The old one knows sql/ as it is; the new one needs a column more and has dropped another."""
    database = server.database
    (folder / "9000_nickname.up.sql").write_text("-- phase: expand\nSET LOCAL lock_timeout = '2s';\nALTER TABLE app.customers ADD COLUMN nickname text;\n")
    (folder / "9001_notes.up.sql").write_text("-- phase: contract\nSET LOCAL lock_timeout = '2s';\nALTER TABLE app.rate_buckets DROP COLUMN is_refused;\n")
    token = server.register()["access_token"]
    outcomes, stop = [], threading.Event()

    def work(url):
        session = requests.Session()
        session.headers["Authorization"] = "Bearer " + token
        while not stop.is_set():
            outcomes.append(session.post(url + "/v1/customers", json={"name": "Asha"}, timeout=10).status_code)
            outcomes.append(session.get(url + "/v1/customers", timeout=10).status_code)

    threads = [threading.Thread(target=work, args=(server.url,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    # A new build does not start before its expand file; the file comes in under load.
    new = dict(server.environment, MIGRATIONS_DIRECTORY=str(folder), HTTP_PORT="0", ADMIN_PORT="0")
    refused = subprocess.run([BINARY, "serve"], env=new, capture_output=True, text=True, timeout=30)
    assert refused.returncode == 1 and "migrate up --phase expand" in refused.stderr
    assert migrate(database, folder, "up", "--phase", "expand").returncode == 0
    time.sleep(0.3)
    stop.set()
    for thread in threads:
        thread.join()
    assert set(outcomes) <= {200, 201} and len(outcomes) > 20

    # Both work beside each other on the expanded schema, and restart there; the contract waits.
    new["HTTP_PORT"], new["ADMIN_PORT"] = str(free_port()), str(free_port())
    outcomes.clear()
    stop.clear()

    def start(environment):
        process = subprocess.Popen([BINARY, "serve"], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        assert "listening" in process.stdout.readline()
        threading.Thread(target=process.stdout.read, daemon=True).start()
        return process

    server.stop()
    for _ in range(2):
        processes = [start(server.environment), start(new)]
        urls = [f"http://127.0.0.1:{environment['HTTP_PORT']}" for environment in (server.environment, new)]
        threads = [threading.Thread(target=work, args=(url,)) for url in urls]
        for thread in threads:
            thread.start()
        time.sleep(0.7)
        stop.set()
        for thread in threads:
            thread.join()
        stop.clear()
        for process in processes:
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=30) == 0
    assert set(outcomes) <= {200, 201} and len(outcomes) > 40
    assert migrate(database, folder, "up", "--phase", "contract").returncode == 0
    gone = subprocess.run([BINARY, "serve"], env=dict(server.environment, HTTP_PORT="0", ADMIN_PORT="0"), capture_output=True, text=True, timeout=30)
    assert gone.returncode == 1 and "9001_notes has taken away" in gone.stderr
