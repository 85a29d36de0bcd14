# SPDX-License-Identifier: Apache-2.0
"""What the database can do to the server: restarts, crashes, failovers, locks, a full disk. Each part keeps a history of what
was asked and answered, and compares it with what is in the database afterwards.

usage: python Tests/Outside/faults.py [--only restarts,crashes,…] [--times 50] [--seed N] [--write docs/faults.md]

Each part prints what it found; the exit code is the number of parts that found something wrong.
"""
import argparse
import contextlib
import os
import pathlib
import platform
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import uuid

import requests

# Before conftest, which looks for it: every part has clusters of its own.
os.environ.setdefault("UNNATI_TEST_POSTGRES", "postgresql:///?user=")
import accounts  # noqa: E402
from conftest import BINARY, PASSWORD, REPOSITORY, free_port  # noqa: E402

CLIENTS = 32


def postgres(command, name, *arguments):
    return subprocess.run([REPOSITORY / "docker/local/postgres", command, name, *arguments], check=True, capture_output=True, text=True).stdout.strip()


class Cluster:
    """A PostgreSQL of its own that keeps its promises to the disk."""

    def __init__(self, name, *settings):
        self.name, self.settings = name, settings
        postgres("start", name, *settings)
        self.url = postgres("url", name)

    def sql(self, statement, database="unnati", role="postgres"):
        return subprocess.run(["psql", "-qAt", f"{self.url}{role}&dbname={database}", "-v", "ON_ERROR_STOP=1", "-c", statement],
                              check=True, capture_output=True, text=True).stdout.strip()

    def answers(self):
        return subprocess.run(["psql", "-qAt", f"{self.url}postgres&dbname=postgres", "-c", "SELECT 1"], capture_output=True).returncode == 0

    def start(self):
        postgres("start", self.name, *self.settings)

    def make_database(self):
        subprocess.run([REPOSITORY / "docker/local/database", self.name, "unnati"], check=True, capture_output=True, cwd=REPOSITORY)
        return self

    def remove(self):
        postgres("remove", self.name)


class Server:
    def __init__(self, folder, url, **settings):
        self.port, self.admin_port = free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = {
            **os.environ, "DATABASE_URL": url, "DATABASE_WORKER_URL": url.replace("unnati_app", "unnati_worker"), "HTTP_PORT": str(self.port), "ADMIN_PORT": str(self.admin_port), "KEYS_DIRECTORY": str(folder / "keys"),
            "MIGRATIONS_DIRECTORY": str(REPOSITORY / "sql"), "PASSWORD_COST": "10", "ACCESS_TOKEN_LIFETIME_S": "3600",
            **{f"RATE_LIMIT_{name}": "1000000/60" for name in ["PERSON", "TENANT", "IDENTITY", "IMPORTS", "EXPORTS"]}, **settings}
        self.log = folder / "server.log"
        self.output = settings.get("LOG_TO", str(self.log))
        self.start()

    def start(self):
        self.process = subprocess.Popen([BINARY, "serve"], env=self.environment, stdout=open(self.output, "ab"), stderr=subprocess.STDOUT)
        for _ in range(500):
            with contextlib.suppress(requests.RequestException):
                if requests.get(self.url + "/readyz", timeout=1).ok:
                    return
            assert self.process.poll() is None, self.log.read_text()[-2000:]
            time.sleep(0.02)
        raise AssertionError("not ready")

    def register(self, number):
        phone = f"98{number:08d}"
        accounts.bring(self.environment, [accounts.line(f"Business {number}", "Owner", phone, PASSWORD)])
        reply = requests.post(self.url + "/v1/auth/login", json={"identity": phone, "password": PASSWORD})
        assert reply.status_code == 200, reply.text
        return reply.json()["access_token"]

    def stop(self):
        self.process.terminate()
        assert self.process.wait(timeout=40) == 0


class Load:
    """Thirty-two clients of four businesses; half of what they do is writing. Every answer is kept with its time."""

    def __init__(self, server, seed, first=0, tolerated=()):
        self.tolerated = tolerated
        self.server, self.stop, self.lock = server, threading.Event(), threading.Lock()
        self.history, self.acknowledged, self.unknown, self.mixed, self.settled = [], set(), set(), 0, 0
        self.tokens = [server.register(first + number) for number in range(4)]
        self.threads = [threading.Thread(target=self.work, args=(number, random.Random(seed * 100 + number)), daemon=True) for number in range(CLIENTS)]
        for thread in self.threads:
            thread.start()

    def work(self, number, chance):
        session, turn = requests.Session(), 0
        session.headers["Authorization"] = "Bearer " + self.tokens[number % 4]
        mark = f"of business {number % 4}"
        while not self.stop.is_set():
            turn += 1
            if chance.random() < 0.5:
                self.write(session, f"{number}-{turn} {mark}", mark)
            elif not self.read(session, mark):
                time.sleep(0.02)

    def read(self, session, mark):
        status, reply, _ = self.ask(session, False, "GET", "/v1/customers?limit=5")
        if status != 200:
            return False
        wrong = any(not customer["name"].endswith(mark) for customer in reply.json()["data"])
        with self.lock:
            self.mixed += wrong
        return True

    def write(self, session, name, mark):
        """One write, under one key until it is known what became of it; for ten seconds longer when the others have stopped."""
        key, was_in_doubt, given_up = uuid.uuid4().hex, False, None
        while given_up is None or time.monotonic() < given_up:
            status, _, code = self.ask(session, True, "POST", "/v1/customers", json={"name": name}, headers={"Idempotency-Key": key})
            if status == 201:
                with self.lock:
                    self.acknowledged.add(name)
                    self.settled += was_in_doubt
                return
            was_in_doubt |= status not in (409, 503) or code == "outcome_unknown"
            if self.stop.is_set():
                given_up = given_up or time.monotonic() + 10
            time.sleep(0.02)
            # People go on reading while what they wrote waits.
            self.read(session, mark)
        with self.lock:
            self.unknown.add(name)

    def ask(self, session, is_write, method, path, **more):
        begun = time.monotonic()
        try:
            reply = session.request(method, self.server.url + path, timeout=15, **more)
            status, after = reply.status_code, reply.headers.get("Retry-After")
            code = reply.json().get("code") if status >= 400 else None
        except (requests.RequestException, ValueError) as error:
            reply, status, after, code = None, type(error).__name__, None, None
        with self.lock:
            self.history.append((begun, time.monotonic() - begun, status, after, is_write, code))
        return status, reply, code

    def end(self):
        self.stop.set()
        for thread in self.threads:
            thread.join(timeout=30)

    def first_success_after(self, moment, is_write=None):
        """Seconds from a moment until something that began after it went through."""
        for _ in range(1_500):
            with self.lock:
                ends = [begun + took for begun, took, status, _, write, _ in self.history
                        if begun >= moment and status in (200, 201) and (is_write is None or write == is_write)]
            if ends:
                return min(ends) - moment
            time.sleep(0.01)
        return 99.0

    def verdict(self, cluster):
        """What the history says beside what the database has."""
        return self.verdict_besides(cluster, "")

    def verdict_besides(self, cluster, others):
        """The same without customers of a name that others have added."""
        stored = cluster.sql(f"SELECT name FROM app.customers WHERE name <> '{others}'").split("\n")
        statuses = {}
        for _, _, status, _, _, _ in self.history:
            statuses[status] = statuses.get(status, 0) + 1
        bare = sum(1 for _, _, status, after, _, _ in self.history if status == 503 and after is None)
        slowest = max(took for _, took, _, _, _, _ in self.history)
        lost, twice = len(self.acknowledged - set(stored)), len(stored) - len(set(stored))
        extra = len(set(stored) - self.acknowledged - self.unknown)
        # A key that is at work when it is sent again is asked to wait; a server that is killed breaks off.
        wrong = {status: count for status, count in statuses.items() if status not in (200, 201, 503, 409, *self.tolerated)}
        text = (f"{len(self.history):,} requests, {len(self.acknowledged):,} customers acknowledged, {lost} lost, {twice} stored twice, {extra} stored that "
                f"nobody was told of; {self.settled} in doubt and settled by their key, {len(self.unknown)} not; {statuses.get(503, 0):,} times 503, {bare} without Retry-After, "
                f"{wrong or 'nothing'} besides; {self.mixed} replies with another's rows; the slowest took {slowest:.1f} s")
        return text, not (lost or twice or extra or self.unknown or wrong or bare or self.mixed) and slowest <= 5.5


@contextlib.contextmanager
def loaded(folder, options, **more):
    """A cluster, a server on it, and clients at work. What ends well stops by itself."""
    cluster = Cluster("faults").make_database()
    try:
        server = Server(folder, f"{cluster.url}unnati_app&dbname=unnati")
        yield cluster, server, Load(server, options.seed, **more)
        server.stop()
    finally:
        cluster.remove()


# F1: the server itself


def kills(folder, options):
    """The server is killed at random moments, under load, and started again."""
    with loaded(folder, options, tolerated=("ConnectionError", "ChunkedEncodingError", "ReadTimeout")) as (cluster, server, load):
        moments = []
        for _ in range(options.times * 2):
            time.sleep(random.uniform(0.05, 0.5))
            server.process.kill()
            server.process.wait()
            begun = time.monotonic()
            server.start()
            moments.append(time.monotonic() - begun)
        load.end()
        text, is_clean = load.verdict(cluster)
    return f"{len(moments)} kills, ready again after {max(moments):.2f} s at worst; {text}", is_clean and max(moments) <= 2


# F3: restarts


def restarts(folder, options):
    """PostgreSQL is restarted fast, at once, and all of its connections are ended, under load."""
    lines, is_right = [], True
    with loaded(folder, options) as (cluster, _, load):
        watch = IdleWatch(cluster)
        for kind in ["fast", "immediate", "terminated"]:
            waits = []
            for _ in range(options.times):
                time.sleep(random.uniform(0.1, 0.4))
                if kind == "terminated":
                    cluster.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'unnati_app'")
                else:
                    postgres("stop", cluster.name, kind)
                    cluster.start()
                waits.append(load.first_success_after(time.monotonic()))
            lines.append(f"{options.times} × {kind}: the first success {max(waits):.2f} s after PostgreSQL accepted, at worst")
            is_right &= max(waits) <= 1
        load.end()
        text, is_clean = load.verdict(cluster)
        idle, is_short = watch.end()
    return "; ".join([*lines, text, idle]), is_right and is_clean and is_short


# F22: crashes


def crashes(folder, options):
    """Every process of PostgreSQL is killed at once, under load, with synchronous_commit on."""
    waits = []
    with loaded(folder, options) as (cluster, _, load):
        for _ in range(options.times * 2):
            time.sleep(random.uniform(0.2, 0.8))
            postgres("crash", cluster.name)
            cluster.start()
            waits.append(load.first_success_after(time.monotonic()))
        load.end()
        text, is_clean = load.verdict(cluster)
    return f"{len(waits)} crashes: the first success {max(waits):.2f} s after PostgreSQL accepted, at worst; {text}", is_clean and max(waits) <= 1


# F4: failover


def failover(folder, options):
    """A primary with a synchronous standby dies under load; the standby is promoted; the server knows both by name."""
    lines, is_right = [], True
    for turn in range(max(1, options.times // 10)):
        primary = Cluster("faults", "wal_level=replica").make_database()
        standby = None
        try:
            postgres("follow", "standby", primary.name)
            standby = Cluster("standby")
            primary.sql("ALTER SYSTEM SET synchronous_standby_names = 'standby'")
            primary.sql("SELECT pg_reload_conf()")
            for _ in range(100):
                if primary.sql("SELECT sync_state FROM pg_stat_replication") == "sync":
                    break
                time.sleep(0.05)
            hosts = [cluster.url.split("host=")[1].split("&")[0] for cluster in (primary, standby)]
            place = folder / str(turn)
            place.mkdir()
            server = Server(place, f"postgresql:///?host={','.join(hosts)}&target_session_attrs=read-write&dbname=unnati&user=unnati_app")
            load = Load(server, options.seed + turn)
            time.sleep(1)
            postgres("crash", primary.name)
            died = time.monotonic()
            time.sleep(0.5)
            postgres("promote", standby.name)
            promoted = time.monotonic()
            wait = load.first_success_after(promoted, is_write=True)
            time.sleep(1)
            load.end()
            text, is_clean = load.verdict(standby)
            server.stop()
            lines.append(f"promoted {promoted - died:.1f} s after the primary's death, the first write {wait:.2f} s after that; {text}")
            is_right &= is_clean and wait <= 5
        finally:
            for cluster in filter(None, [standby, primary]):
                cluster.remove()
    return "; ".join(lines), is_right


def replica(folder, options):
    """A standby answers reads. It falls behind, dies and comes back, and the primary dies: whoever has written reads what it wrote."""
    primary = Cluster("faults", "wal_level=replica").make_database()
    standby = None
    try:
        postgres("follow", "standby", primary.name)
        standby = Cluster("standby")
        server = Server(folder, f"{primary.url}unnati_app&dbname=unnati", DATABASE_REPLICA_URL=f"{standby.url}unnati_app&dbname=unnati")
        load = Load(server, options.seed)
        own, wrong, stop = [0], [], threading.Event()
        token = server.register(99)

        def write_and_read():
            session = requests.Session()
            session.headers["Authorization"] = "Bearer " + token
            while not stop.is_set():
                with contextlib.suppress(requests.RequestException):
                    made = session.post(server.url + "/v1/customers", json={"name": "Own"}, timeout=15)
                    if made.status_code == 201:
                        read = session.get(server.url + "/v1/customers/" + made.json()["id"], timeout=15)
                        own[0] += 1
                        if read.status_code == 404:
                            wrong.append(made.json()["id"])

        def replica_reads():
            text = requests.get(f"http://127.0.0.1:{server.admin_port}/metrics").text
            return float(next(line.split()[-1] for line in text.splitlines() if line.startswith("db_replica_reads_total")))

        writers = [threading.Thread(target=write_and_read, daemon=True) for _ in range(4)]
        quiet = server.register(98)
        for writer in writers:
            writer.start()
        # A business that writes nothing is the standby's to answer.
        readers = requests.Session()
        readers.headers["Authorization"] = "Bearer " + quiet

        def served_there(count=100):
            before = replica_reads()
            statuses = [readers.get(server.url + "/v1/customers").status_code for _ in range(count)]
            return replica_reads() - before, statuses

        time.sleep(1)
        there, good = served_there()
        standby.sql("SELECT pg_wal_replay_pause()")
        time.sleep(3)
        behind, also_good = served_there()
        standby.sql("SELECT pg_wal_replay_resume()")
        postgres("crash", standby.name)
        gone, still_good = served_there()
        standby.start()
        time.sleep(2)
        back, good_again = served_there()
        stop.set()
        for writer in writers:
            writer.join(timeout=20)
        load.end()
        text, is_clean = load.verdict_besides(primary, "Own")
        time.sleep(0.5)
        postgres("crash", primary.name)
        time.sleep(1)
        without, statuses = served_there()
        primary.start()
        server.stop()
        all_good = set(good + also_good + still_good + good_again) == {200}
        return (f"while a business that writes nothing read 100 times, beside others that write, the standby answered {there:.0f} reads in all, {behind:.0f} when it had stood still for 3 s, "
                f"{gone:.0f} when it was dead, {back:.0f} when it was back, and {without:.0f} with the primary dead; {'none' if all_good else 'some'} of them failed; {own[0]:,} customers were read right behind their writing, {len(wrong)} not found; {text}"
                ), all_good and there > 90 and behind < 10 and gone == 0 and back > 90 and without > 90 and not wrong and own[0] > 50 and is_clean and set(statuses) == {200}
    finally:
        for cluster in filter(None, [standby, primary]):
            cluster.remove()


def demotion(folder, options):
    """A pooler between server and database is pointed at a standby: writes are refused there, and go through once it is promoted."""
    primary = Cluster("faults", "wal_level=replica").make_database()
    standby = None
    pooler = REPOSITORY / "docker/local/pooler"
    try:
        postgres("follow", "standby", primary.name)
        standby = Cluster("standby")
        subprocess.run([pooler, "start", primary.name], check=True)
        sockets = [cluster.url.split("host=")[1].split("&")[0] for cluster in (primary, standby)]
        url = subprocess.run([pooler, "url", primary.name], check=True, capture_output=True, text=True).stdout.strip()
        server = Server(folder, f"{url}unnati_app&dbname=unnati", DATABASE_PREPARED_STATEMENTS="off")
        load = Load(server, options.seed)
        time.sleep(1)
        position = primary.sql("SELECT pg_current_wal_lsn()")
        configuration = pathlib.Path(sockets[0]) / "pooler.ini"
        configuration.write_text(configuration.read_text().replace(f"* = host={sockets[0]}", f"* = host={sockets[1]}"))
        pid = int((pathlib.Path(sockets[0]) / "pooler.pid").read_text())
        os.kill(pid, 1)
        time.sleep(1)
        # What was on its way to the old primary is let go of; what was acknowledged there must reach the standby first.
        postgres("stop", primary.name)
        for _ in range(200):
            if standby.sql(f"SELECT pg_last_wal_replay_lsn() >= '{position}'") == "t":
                break
            time.sleep(0.05)
        begun = time.monotonic()
        time.sleep(2)
        with load.lock:
            during = [(status, write, code) for at, _, status, _, write, code in load.history if at >= begun]
        reads = sum(1 for status, write, _ in during if not write and status == 200)
        refused = sum(1 for status, write, _ in during if write and status == 503)
        written = sum(1 for status, write, _ in during if write and status == 201)
        postgres("promote", standby.name)
        wait = load.first_success_after(time.monotonic(), is_write=True)
        load.end()
        text, is_clean = load.verdict(standby)
        noticed = server.log.read_text().count("has become a standby")
        server.stop()
        return (f"while only a standby was there {reads} reads went through, {refused} writes were refused and {written} accepted; noticed {noticed} times; "
                f"the first write {wait:.2f} s after promotion; {text}"), is_clean and wait <= 5 and reads > 0 and refused > 0 and written == 0 and noticed > 0
    finally:
        subprocess.run([pooler, "stop", primary.name])
        for cluster in filter(None, [standby, primary]):
            cluster.remove()


# F5: all connections are taken


def timed(call):
    begun = time.monotonic()
    reply = call()
    return time.monotonic() - begun, reply


@contextlib.contextmanager
def held(cluster, statement):
    """Somebody else's transaction that has done something and stays open."""
    holder = subprocess.Popen(["psql", "-qAt", f"{cluster.url}postgres&dbname=unnati"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    holder.stdin.write(f"BEGIN; {statement}; SELECT 'held';\n")
    holder.stdin.flush()
    while holder.stdout.readline() != "held\n":
        pass
    try:
        yield
    finally:
        holder.communicate("ROLLBACK;\n")


def run_all(threads):
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


class IdleWatch:
    """Looks all the time for transactions of the server's that are open and at rest."""

    def __init__(self, cluster):
        self.cluster, self.looks, self.longest, self.stop = cluster, 0, 0.0, threading.Event()
        self.thread = threading.Thread(target=self.work, daemon=True)
        self.thread.start()

    def work(self):
        while not self.stop.wait(0.25):
            # PostgreSQL may be away, which is what some of these parts are about.
            with contextlib.suppress(subprocess.CalledProcessError):
                longest = self.cluster.sql("SELECT coalesce(max(extract(epoch FROM clock_timestamp() - state_change)), 0) FROM pg_stat_activity "
                                           "WHERE usename = 'unnati_app' AND state LIKE 'idle in transaction%'", database="postgres")
                self.looks, self.longest = self.looks + 1, max(self.longest, float(longest))

    def end(self):
        self.stop.set()
        self.thread.join()
        return f"idle in transaction for {self.longest:.2f} s at most, looked at {self.looks} times", self.looks > 0 and self.longest <= 5


def exhaustion(folder, options):
    """Ten times as many slow statements as there are connections: they wait no longer than they are promised, and people go on reading."""
    cluster = Cluster("faults").make_database()
    try:
        server = Server(folder, f"{cluster.url}unnati_app&dbname=unnati")
        token = server.register(1)
        headers = {"Authorization": "Bearer " + token}
        customer = requests.post(server.url + "/v1/customers", json={"name": "Asha"}, headers=headers).json()["id"]
        watch = IdleWatch(cluster)

        def read():
            return requests.get(server.url + "/v1/customers?limit=5", headers=headers, timeout=15)

        def read_by_twenty():
            results = []
            run_all([threading.Thread(target=lambda: results.extend(timed(read) for _ in range(50))) for _ in range(20)])
            return results

        def p99(results):
            return sorted(took for took, _ in results)[int(len(results) * 0.99)]

        base = p99(read_by_twenty())
        slow, live = [], []
        changes = [threading.Thread(target=lambda: slow.append(timed(lambda: requests.patch(
            server.url + "/v1/customers/" + customer, json={"notes": "x"}, headers={**headers, "If-Match": "*"}, timeout=15)))) for _ in range(50)]
        with held(cluster, "SELECT 1 FROM app.customers FOR UPDATE"):
            for thread in changes:
                thread.start()
            time.sleep(0.2)
            during = read_by_twenty()
            while any(thread.is_alive() for thread in changes):
                live.append(timed(lambda: requests.get(server.url + "/livez", timeout=5))[0])
                time.sleep(0.02)
        freed = time.monotonic()
        after = timed(lambda: requests.post(server.url + "/v1/customers", json={"name": "Bela"}, headers=headers, timeout=15))
        recovered = time.monotonic() - freed
        normal = p99(read_by_twenty())
        statuses = {reply.status_code for _, reply in slow}
        bare = sum(1 for _, reply in slow if reply.status_code == 503 and "Retry-After" not in reply.headers)
        longest = max(took for took, reply in slow if reply.status_code == 503 and "nothing was changed" not in reply.text)
        live.sort()
        server.stop()
        idle, is_short = watch.end()
        admitted = all(reply.status_code == 200 for _, reply in during)
        return (f"50 changes of a locked row over 5 connections: {sorted(statuses)}, {bare} without Retry-After; who stood in line and was refused waited {longest:.2f} s at most; "
                f"{len(during)} reads meanwhile {'all went through' if admitted else 'did not all go through'}, p99 {p99(during) / base:.1f} × of before; /livez p99 {live[int(len(live) * 0.99)] * 1000:.0f} ms; "
                f"the first write {recovered:.2f} s after the lock went; then p99 {normal / base:.1f} × of before; {idle}"
                ), (is_short and statuses <= {200, 503} and not bare and longest <= 2.3 and admitted and p99(during) <= 3 * base and live[int(len(live) * 0.99)] < 0.05
                    and after[1].status_code == 201 and recovered <= 1 and normal <= 3 * base)
    finally:
        cluster.remove()


# F6: time-outs, deadlocks, serialization failures


def conflicts(folder, options):
    """Rows that stay locked, statements that take too long, deadlocks and serialization failures, some for once, some for ever."""
    cluster = Cluster("faults").make_database()
    try:
        server = Server(folder, f"{cluster.url}unnati_app&dbname=unnati")
        headers = {"Authorization": "Bearer " + server.register(1)}

        def create(name):
            return timed(lambda: requests.post(server.url + "/v1/customers", json={"name": name}, headers=headers, timeout=20))

        customer = create("Asha")[1].json()["id"]
        # A trigger fails as often as a name says, counted by a sequence, which no rollback turns back.
        cluster.sql("""
            CREATE SEQUENCE app.tries; GRANT USAGE ON SEQUENCE app.tries TO unnati_app;
            CREATE FUNCTION app.trip() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                IF NEW.name LIKE 'slow%' THEN PERFORM pg_sleep(20); END IF;
                IF NEW.name LIKE 'trip%' AND nextval('app.tries') % split_part(NEW.name, ' ', 3)::bigint <> 0 THEN
                    RAISE EXCEPTION 'not now' USING ERRCODE = split_part(NEW.name, ' ', 2);
                END IF;
                RETURN NEW;
            END $$;
            CREATE TRIGGER trip BEFORE INSERT ON app.customers FOR EACH ROW EXECUTE FUNCTION app.trip()""")
        findings, watch = [], IdleWatch(cluster)
        for state in ["40001", "40P01"]:
            once = [create(f"trip {state} 3 {number}")[1].status_code for number in range(20)]
            cluster.sql("ALTER SEQUENCE app.tries RESTART")
            ever = create(f"trip {state} 999")[1]
            cluster.sql("ALTER SEQUENCE app.tries RESTART")
            findings.append((f"{state}: twice before it goes through, {once.count(201)} of 20 created; for ever, {ever.status_code} {ever.json()['code']}",
                             once == [201] * 20 and ever.status_code == 503 and "Retry-After" in ever.headers))
        took, reply = create("slow")
        findings.append((f"a statement of 20 s ended after {took:.1f} s: {reply.status_code} {reply.json()['code']}", reply.status_code == 503 and took < 11))
        with held(cluster, "SELECT 1 FROM app.customers FOR UPDATE"):
            took, reply = timed(lambda: requests.patch(server.url + "/v1/customers/" + customer, json={"notes": "x"}, headers={**headers, "If-Match": "*"}, timeout=20))
        findings.append((f"a locked row was given up after {took:.1f} s: {reply.status_code} {reply.json()['code']}", reply.status_code == 503 and took < 4))
        findings.append(watch.end())
        stored = int(cluster.sql("SELECT count(*) FROM app.customers"))
        findings.append((f"{stored} customers stored of 41 acknowledged", stored == 41))
        server.stop()
        return "; ".join(text for text, _ in findings), all(is_right for _, is_right in findings)
    finally:
        cluster.remove()


# F7: no room


class SmallDisk:
    """A disk of 96 MiB that PostgreSQL may write to."""

    def __init__(self, cluster):
        self.root = [] if os.getuid() == 0 else ["sudo", "-n"]
        self.place = pathlib.Path(tempfile.mkdtemp(prefix="unnati-full-", dir="/var/tmp"))
        # Whoever runs this may write the ballast: as root all may, and a user is the cluster's owner.
        self.run("mount", "-t", "tmpfs", "-o", "size=96m", "tmpfs", self.place)
        self.run("chown", "--reference", postgres("data", cluster.name), self.place)
        self.run("chmod", "0700", self.place)

    def run(self, *command):
        subprocess.run([*self.root, *command], check=True)

    def fill(self):
        file = os.open(self.place / "ballast", os.O_WRONLY | os.O_CREAT)
        with contextlib.suppress(OSError):
            while True:
                os.write(file, b"x" * 4_096)
        os.close(file)

    def make_room(self):
        (self.place / "ballast").unlink()

    def remove(self):
        self.run("umount", self.place)
        self.place.rmdir()


def full_disk(folder, options):
    """The database's disk has no room, and the server's log neither."""
    cluster = Cluster("faults").make_database()
    disk = SmallDisk(cluster)
    try:
        # Tables stand on the small disk, the write-ahead log does not: see full_log.
        cluster.sql(f"CREATE TABLESPACE small LOCATION '{disk.place}'", database="postgres")
        # Whoever has just left may not be gone yet.
        cluster.sql("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = 'unnati'", database="postgres")
        cluster.sql("ALTER DATABASE unnati SET TABLESPACE small", database="postgres")
        server = Server(folder, f"{cluster.url}unnati_app&dbname=unnati", LOG_TO="/dev/full")
        load = Load(server, options.seed)
        # A customer file that is being worked through all the while.
        headers = {"Authorization": "Bearer " + server.register(99)}
        rows = "name,phone\n" + "".join(f"Customer {number},9{number:09d}\n" for number in range(60_000))
        place = server.url + requests.post(server.url + "/v1/customers/import", data=rows.encode(), headers={**headers, "Content-Type": "text/csv"}).headers["Location"]
        time.sleep(1)
        disk.fill()
        filled = time.monotonic()
        done_before = requests.get(place, headers=headers).json()["rows_done"]
        migrations = folder / "sql"
        shutil.copytree(REPOSITORY / "sql", migrations)
        (migrations / "9000_big.up.sql").write_text("SET LOCAL lock_timeout = '2s';\nCREATE TABLE app.big (n bigint);\nINSERT INTO app.big SELECT generate_series(1, 100000);\n")

        def migrate():
            return subprocess.run([BINARY, "migrate", "up", "--migrations", migrations], capture_output=True, text=True,
                                  env={**os.environ, "DATABASE_OWNER_URL": f"{cluster.url}unnati_owner&dbname=unnati"})

        refused = migrate()
        time.sleep(10)
        with load.lock:
            during = [(status, write) for at, _, status, _, write, _ in load.history if at > filled]
        reads, writes = [s for s, write in during if not write], [s for s, write in during if write]
        disk.make_room()
        wait = load.first_success_after(time.monotonic(), is_write=True)
        room = time.monotonic()
        migrated = migrate()
        is_told = refused.returncode == 1 and "disk is full" in refused.stderr and migrated.returncode == 0
        time.sleep(1)
        load.end()
        state = requests.get(place, headers=headers).json()
        while state["state"] == "running" and time.monotonic() < room + 200:
            time.sleep(0.2)
            state = requests.get(place, headers=headers).json()
        finished = time.monotonic() - room
        is_finished = state["state"] == "completed" and state["rows_created"] == 60_000 and done_before < 60_000
        # The history knows nothing of the file's customers.
        cluster.sql("DELETE FROM app.customers WHERE tenant_id = (SELECT tenant_id FROM app.tenants WHERE name = 'Business 99')")
        text, is_clean = load.verdict(cluster)
        binary = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/pg_amcheck"))[-1]
        cluster.sql("CREATE EXTENSION amcheck WITH SCHEMA pg_catalog")
        check = subprocess.run([binary, "--heapallindexed", "-h", cluster.url.split("host=")[1].split("&")[0], "-U", "postgres", "unnati"], capture_output=True, text=True)
        server.stop()
        good = reads.count(200) / max(1, len(reads))
        return (f"{writes.count(503)} of {len(writes)} writes refused while there was no room, {good:.1%} of {len(reads)} reads went through; the first write {wait:.2f} s after there was room; "
                f"a migration {'was told that the disk is full and went through afterwards' if is_told else 'said: ' + refused.stderr + migrated.stderr}; a customer file that was under way ({done_before:,} of 60,000 rows) was {state['state']} with {state['rows_created']:,} customers {finished:.0f} s after there was room; the log went to /dev/full; pg_amcheck {'found nothing' if check.returncode == 0 else check.stdout[:200]}; {text}"
                ), is_clean and good >= 0.99 and writes.count(503) > 0 and wait <= 2 and is_told and is_finished and check.returncode == 0
    finally:
        cluster.remove()
        disk.remove()


def full_log(folder, options):
    """The disk of the write-ahead log has no room: PostgreSQL ends itself, and is started again when there is."""
    cluster = Cluster("faults", "max_wal_size=64MB").make_database()
    disk = SmallDisk(cluster)
    try:
        postgres("stop", cluster.name)
        log = pathlib.Path(postgres("data", cluster.name)) / "pg_wal"
        # Its segments keep their owner; the folder becomes a link to the small disk.
        disk.run("sh", "-c", f"cp -a {log}/. {disk.place}/ && rm -r {log} && ln -s {disk.place} {log} && chown -h --reference {disk.place} {log}")
        cluster.start()
        server = Server(folder, f"{cluster.url}unnati_app&dbname=unnati")
        load = Load(server, options.seed)
        time.sleep(1)
        disk.fill()
        # Until the segments that are there are full.
        ended = time.monotonic() + 60
        while cluster.answers() and time.monotonic() < ended:
            with contextlib.suppress(subprocess.CalledProcessError):
                cluster.sql("SELECT pg_switch_wal()", database="postgres")
            time.sleep(0.05)
        has_ended = not cluster.answers()
        time.sleep(3)
        disk.make_room()
        postgres("stop", cluster.name, "immediate")
        cluster.start()
        wait = load.first_success_after(time.monotonic(), is_write=True)
        time.sleep(1)
        load.end()
        text, is_clean = load.verdict(cluster)
        server.stop()
        return (f"PostgreSQL {'ended' if has_ended else 'did not end'}; the first write {wait:.2f} s after it accepted again; {text}", has_ended and is_clean and wait <= 1)
    finally:
        cluster.remove()
        disk.remove()


# F13: workers die


def workers(folder, options):
    """Processes that do jobs are killed with jobs in hand, and one job ends whoever does it."""
    cluster = Cluster("faults").make_database()
    probe = REPOSITORY / ".build/release/JobProbe"
    urls = [f"{cluster.url}{role}&dbname=unnati" for role in ("unnati_app", "unnati_worker")]
    said, running = folder / "said", []

    def ask(kind, count, tenants):
        return set(subprocess.run([probe, "enqueue", urls[0], kind, str(count), str(tenants)], check=True, capture_output=True, text=True).stdout.split())

    def start():
        # A process that is killed while it describes its own end leaves the one that describes it waiting.
        running.append(subprocess.Popen([probe, "work", *urls], env={**os.environ, "SWIFT_BACKTRACE": "enable=no"},
                                        stdout=open(said, "ab"), stderr=subprocess.DEVNULL))

    def end(process, how):
        process.send_signal(how)
        process.wait()

    try:
        asked, poison = ask("slow", 8_000, 8), ask("poison", 1, 1)
        kills, begun = 0, time.monotonic()
        while kills < options.times * 2:
            start()
            time.sleep(random.uniform(0.1, 0.5))
            end(running.pop(), signal.SIGKILL)
            kills += 1
        # Whoever does the poisoned job ends; somebody starts them again, as systemd would.
        ended = time.monotonic() + 120
        while time.monotonic() < ended and cluster.sql("SELECT count(*) FROM app.jobs WHERE state <> 'dead'") != "0":
            while len(running) < 2:
                start()
            time.sleep(0.2)
            running = [process for process in running if process.poll() is None]
        took = time.monotonic() - begun
        for process in running:
            end(process, signal.SIGTERM)
        running.clear()
        attempts = {}
        for kind, job, attempt in map(str.split, said.read_text().splitlines()):
            attempts.setdefault(job, []).append(int(attempt))
        lost, strange = asked - set(attempts), set(attempts) - asked - poison
        again = sum(1 for job, numbers in attempts.items() if job in asked and len(numbers) > 1)
        counted = all(numbers == sorted(set(numbers)) for numbers in map(sorted, attempts.values()))
        dead = cluster.sql("SELECT string_agg(kind || ' after ' || attempt || ' attempts: ' || failure, ', ') FROM app.jobs")
        poisoned = len(attempts.get(*poison, []))
        # The product's own worker: a customer file, its worker killed half-way, another one waiting.
        server = Server(folder, urls[0], JOBS="off")
        environment = {**server.environment, "ADMIN_PORT": "0"}
        environment.pop("JOBS")
        token = server.register(1)
        headers = {"Authorization": "Bearer " + token}
        rows = "name,phone\n" + "".join(f"Customer {number},9{number:09d}\n" for number in range(120_000))
        place = server.url + requests.post(server.url + "/v1/customers/import", data=rows.encode(), headers={**headers, "Content-Type": "text/csv"}).headers["Location"]
        first = subprocess.Popen([BINARY, "work"], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT)
        done = 0
        while done < 5_000:
            done = requests.get(place, headers=headers).json()["rows_done"]
            time.sleep(0.01)
        second = subprocess.Popen([BINARY, "work"], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT)
        first.kill()
        first.wait()
        done, killed = requests.get(place, headers=headers).json()["rows_done"], time.monotonic()
        state = requests.get(place, headers=headers).json()
        while state["rows_done"] <= done and time.monotonic() < killed + 90:
            time.sleep(0.1)
            state = requests.get(place, headers=headers).json()
        rescued = time.monotonic() - killed
        while state["state"] == "running" and time.monotonic() < killed + 200:
            time.sleep(0.2)
            state = requests.get(place, headers=headers).json()
        second.terminate()
        stopped = second.wait(timeout=40)
        server.stop()
        return (f"{kills} kills among {len(asked):,} jobs of 20 ms: {len(lost)} lost, {again} done a second time, under the same id, {len(strange)} that nobody asked for; "
                f"the poisoned job ended {poisoned} workers, then was {dead}; all over after {took:.0f} s; "
                f"`unnati work` killed {done:,} rows into a customer file: another went on after {rescued:.0f} s, {state['rows_created']:,} customers of 120,000 and {state['state']}"
                ), (not lost and not strange and counted and dead == "poison after 5 attempts: its worker ended while it ran" and rescued <= 60
                    and state["state"] == "completed" and state["rows_created"] == 120_000 and stopped == 0)
    finally:
        for process in running:
            process.kill()
        cluster.remove()


# F10: clocks


def clocks(folder, options):
    """Workers whose clocks jump by minutes, hours and days, each on its own, while work recurs every second and some waits."""
    cluster = Cluster("faults").make_database()
    library = folder / "wrong_clock.so"
    subprocess.run(["clang", "-shared", "-fPIC", "-O2", REPOSITORY / "Tests/Outside/wrong_clock.c", "-o", library], check=True)
    (folder / "tomorrow").write_text("86400")
    shown = subprocess.run([sys.executable, "-c", "import time; print(int(time.time()))"], check=True, capture_output=True, text=True,
                           env={**os.environ, "LD_PRELOAD": str(library), "WRONG_CLOCK": str(folder / "tomorrow")}).stdout
    assert abs(int(shown) - time.time() - 86_400) < 10, "the library does not set clocks"
    probe, said, running = REPOSITORY / ".build/release/JobProbe", folder / "said", []
    urls = [f"{cluster.url}{role}&dbname=unnati" for role in ("unnati_app", "unnati_worker")]
    files = [folder / f"clock{number}" for number in range(3)]
    try:
        for file in files:
            file.write_text("0")
            running.append(subprocess.Popen(
                [probe, "work", *urls], stdout=open(said, "ab"), stderr=subprocess.DEVNULL,
                env={**os.environ, "LD_PRELOAD": str(library), "WRONG_CLOCK": str(file)}))
        time.sleep(1)
        cluster.sql("INSERT INTO app.job_schedules (tenant_id, kind, every, next_run_at) VALUES (gen_random_uuid(), 'noop', interval '1 second', now() + interval '1 second')")
        cluster.sql("INSERT INTO app.jobs (tenant_id, id, kind, arguments, priority, state, run_at, maximum_attempts) "
                    "SELECT gen_random_uuid(), gen_random_uuid(), 'slow', '{}', 3, 'scheduled', now() + interval '10 seconds', 5 FROM generate_series(1, 20)")
        begun, jumps, early, late = time.monotonic(), 0, 0, None
        while time.monotonic() < begun + 30:
            # Whole at once: half a file is no time.
            (folder / "next").write_text(str(random.choice([0, -300, 300, -3_600, 86_400, -86_400, 400 * 86_400])))
            (folder / "next").replace(random.choice(files))
            jumps += 1
            time.sleep(0.3)
            waiting = int(cluster.sql("SELECT count(*) FROM app.jobs WHERE kind = 'slow'"))
            early += time.monotonic() < begun + 9.5 and waiting < 20
            if late is None and waiting == 0:
                late = time.monotonic() - begun - 10
        alive = all(process.poll() is None for process in running)
        for process in running:
            process.terminate()
            process.wait(timeout=30)
        running.clear()
        turns = [line.split() for line in said.read_text().splitlines() if line.startswith("noop")]
        doubled = len(turns) - len({job for _, job, _ in turns})
        return (f"{jumps} jumps in 30 s: work that recurs each second was done {len(turns)} times, {doubled} of them twice; what was to wait 10 s "
                f"{'began too early' if early else 'was not done' if late is None else f'was done {late:.1f} s later'}; {'all workers went on' if alive else 'a worker ended'}"
                ), alive and not early and late is not None and late <= 2 and doubled == 0 and 26 <= len(turns) <= 31
    finally:
        for process in running:
            process.kill()
        cluster.remove()


# F20: back from a backup


def recovery(folder, options):
    """A database with 100,000 customers is backed up under load, restored, compared, and one business erased from it."""
    cluster = Cluster("faults").make_database()
    try:
        server = Server(folder, f"{cluster.url}unnati_app&dbname=unnati")
        load = Load(server, options.seed)
        cluster.sql("""INSERT INTO app.customers (tenant_id, id, name, name_key)
            SELECT tenant_id, gen_random_uuid(), 'Customer ' || n || ' of business', 'customer ' || n FROM app.tenants, generate_series(1, 25000) AS n""")
        unnati = lambda database, *arguments: subprocess.run(
            [BINARY, *arguments], capture_output=True, text=True, cwd=REPOSITORY,
            env={**os.environ, "DATABASE_OWNER_URL": f"{cluster.url}unnati_owner&dbname={database}", "DATABASE_URL": f"{cluster.url}unnati_app&dbname={database}"})
        file, begun = str(folder / "unnati.backup"), time.monotonic()
        backup = unnati("unnati", "backup", file)
        backed_up = time.monotonic() - begun
        load.end()
        server.stop()
        subprocess.run(["psql", "-q", f"{cluster.url}postgres&dbname=postgres", "-v", "database=restored", "-f", REPOSITORY / "docker/roles.sql"], check=True)
        begun = time.monotonic()
        restore = unnati("restored", "restore", file)
        restored = time.monotonic() - begun
        drift, verify = unnati("restored", "migrate", "drift"), unnati("restored", "verify", "--probe")
        before = cluster.sql("SELECT count(*) FROM app.customers")
        after = cluster.sql("SELECT count(*) FROM app.customers", database="restored")
        tenant = cluster.sql("SELECT replace(tenant_id::text, '-', '') FROM app.tenants LIMIT 1", database="restored")
        erased = unnati("restored", "privacy", "erase", "--tenant", "ten_" + tenant)
        columns = cluster.sql("SELECT c.relname || '.' || a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid WHERE c.relnamespace = 'app'::regnamespace "
                              "AND c.relkind = 'r' AND a.atttypid = 'uuid'::regtype AND NOT a.attisdropped AND c.relname <> 'erasures'", database="restored").split()
        left = sum(int(cluster.sql(f"SELECT count(*) FROM app.{column.split('.')[0]} WHERE {column.split('.')[1]} = '{tenant}'", database="restored")) for column in columns)
        codes = [result.returncode for result in (backup, restore, drift, verify, erased)]
        return (f"{after} of {before} customers, backed up under load in {backed_up:.1f} s, {os.path.getsize(file) / 2**20:.1f} MiB, and restored in {restored:.1f} s; exit codes of backup, restore, drift, "
                f"verify --probe and erase: {codes}; {left} rows of {len(columns)} columns name the erased business"), codes == [0] * 5 and left == 0 and int(after) >= 100_000
    finally:
        cluster.remove()


PARTS = {part.__name__: part for part in [kills, restarts, crashes, failover, replica, demotion, exhaustion, conflicts, full_disk, full_log, workers, clocks, recovery]}


def main():
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    arguments.add_argument("--only", default=",".join(PARTS), help="parts, with commas between them: " + ", ".join(PARTS))
    arguments.add_argument("--times", type=int, default=50, help="how often the database is restarted, each way")
    arguments.add_argument("--seed", type=int, default=random.randrange(10**6))
    arguments.add_argument("--write", type=pathlib.Path, help="a Markdown file to write the result to")
    options = arguments.parse_args()
    random.seed(options.seed)
    print(f"seed {options.seed}", flush=True)
    lines, faults = [], 0
    for name in options.only.split(","):
        with tempfile.TemporaryDirectory() as folder:
            line, is_right = PARTS[name](pathlib.Path(folder), options)
        verdict = "" if is_right else "**Not as it should be.** "
        lines.append(f"**{PARTS[name].__name__.replace('_', ' ').capitalize()}.** {PARTS[name].__doc__} {verdict}{line}.")
        faults += not is_right
        print(("" if is_right else "WRONG: ") + f"{name}: {line}", flush=True)
    if options.write:
        text = ["# Faults", "", f"Written by `make faults`, seed {options.seed}, on {os.cpu_count()} processors, {platform.system()} {platform.machine()}; {CLIENTS} clients of four "
                "businesses, half of their requests writes; everything on one machine. Killing processes does not test what a disk loses when the power goes.", ""]
        options.write.write_text("\n".join(text + [part for line in lines for part in (line, "")]))
    raise SystemExit(faults)


if __name__ == "__main__":
    main()
