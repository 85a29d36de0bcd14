# SPDX-License-Identifier: Apache-2.0
"""What processes take of the machine, as Linux counts it: on one that others use too, their seconds on its cores tell more than those on the clock."""
import os
import pathlib
import subprocess

from book_servers import ROOT

TICKS = os.sysconf("SC_CLK_TCK")


def _stat(process):
    """The fields behind a process's name: its group is the third of them."""
    return pathlib.Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()


def of_group(group):
    """Seconds that the processes of a group have had a core, with those that have ended."""
    ticks = 0
    for entry in pathlib.Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            fields = _stat(entry.name)
        except OSError:
            continue
        if int(fields[2]) == group:
            ticks += sum(map(int, fields[11:15]))
    return ticks / TICKS


def of_postgres():
    """The same of the benchmarks' own PostgreSQL, each of whose processes is a group."""
    data = subprocess.run([ROOT / "docker/local/postgres", "data", "bench"], check=True, capture_output=True, text=True).stdout.strip()
    postmaster = int((pathlib.Path(data) / "postmaster.pid").read_text().split()[0])
    ticks = sum(map(int, _stat(postmaster)[11:15]))
    for child in pathlib.Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split():
        try:
            ticks += sum(map(int, _stat(child)[11:13]))
        except OSError:
            continue
    return ticks / TICKS


def memory(process, kind="VmRSS"):
    """Bytes that are resident; with `VmHWM` the most there have been."""
    status = pathlib.Path(f"/proc/{process}/status").read_text()
    return next(int(line.split()[1]) << 10 for line in status.splitlines() if line.startswith(kind + ":"))
