# SPDX-License-Identifier: Apache-2.0
"""A real PgBouncer in transaction mode before the tests' cluster."""
import contextlib
import os
import pathlib
import pwd
import subprocess
import time
import urllib.parse

from conftest import CLUSTER, REPOSITORY, free_port


@contextlib.contextmanager
def pgbouncer(folder, size=8):
    """Yields a libpq URI that ends in `user=`, as CLUSTER does."""
    folder = pathlib.Path(folder)
    sockets = urllib.parse.parse_qs(urllib.parse.urlsplit(CLUSTER).query)["host"][0]
    port = free_port()
    (folder / "users.txt").write_text("".join(f'"{role}" ""\n' for role in ["postgres", "unnati_owner", "unnati_app", "unnati_worker"]))
    (folder / "pgbouncer.ini").write_text(f"""
        [databases]
        * = host={sockets}
        [pgbouncer]
        listen_addr = 127.0.0.1
        listen_port = {port}
        unix_socket_dir =
        auth_type = trust
        auth_file = {folder}/users.txt
        pool_mode = transaction
        default_pool_size = {size}
        max_client_conn = 500
        server_idle_timeout = 5
        """.replace("        ", ""))
    binary, command = REPOSITORY / ".local/peers/usr/sbin/pgbouncer", []
    if os.getuid() == 0:
        # It refuses to be root, and the cluster's socket is postgres's alone.
        user = pwd.getpwnam("postgres")
        for path in [folder, *folder.iterdir()]:
            os.chown(path, user.pw_uid, user.pw_gid)
        for parent in folder.parents:
            if parent.stat().st_uid == 0 and parent != parent.parent and not parent.stat().st_mode & 1:
                parent.chmod(parent.stat().st_mode | 0o111)
        command = ["setpriv", "--reuid", "postgres", "--regid", "postgres", "--init-groups"]
    with open(folder / "pgbouncer.log", "wb") as log:
        process = subprocess.Popen([*command, binary, folder / "pgbouncer.ini"], stdout=log, stderr=log, cwd="/")
        url = f"postgresql://127.0.0.1:{port}/?user="
        try:
            for _ in range(100):
                if subprocess.run(["psql", "-qAt", f"{url}postgres&dbname=postgres", "-c", "SELECT 1"], capture_output=True).returncode == 0:
                    break
                assert process.poll() is None, (folder / "pgbouncer.log").read_text()
                time.sleep(0.05)
            else:
                raise AssertionError((folder / "pgbouncer.log").read_text())
            yield url
        finally:
            process.terminate()
            process.wait(timeout=10)
