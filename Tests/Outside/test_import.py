# SPDX-License-Identifier: Apache-2.0
"""A large file comes in within seconds, in bounded memory."""
import http.client
import select
import time

import requests


def memory(server):
    return next(int(float(line.split()[1])) for line in requests.get(f"http://127.0.0.1:{server.admin_port}/metrics").text.splitlines()
                if line.startswith("process_resident_memory_bytes"))


def bring_in(server, token, content):
    headers = {"Authorization": "Bearer " + token}
    begun = time.monotonic()
    reply = requests.post(server.url + "/v1/customers/import", data=content, headers={**headers, "Content-Type": "text/csv"})
    assert reply.status_code == 202, reply.text
    seen, peak = [], 0
    while True:
        status = requests.get(server.url + reply.headers["Location"], headers=headers).json()
        seen.append(status["percent_done"])
        peak = max(peak, memory(server))
        if status["state"] != "running":
            return status, time.monotonic() - begun, seen, peak
        time.sleep(0.05)


def test_ten_thousand_rows_in_seconds(server):
    token = server.register()["access_token"]
    rows = "".join(f"Customer {index},9{index:09d},c{index}@example.in,tag{index % 5},Note {index}\n" for index in range(10_000))
    before = memory(server)

    status, seconds, seen, peak = bring_in(server, token, ("name,phone,email,tags,notes\n" + rows).encode())
    print(f"10,000 rows in {seconds:.1f} s, {(peak - before) >> 20} MiB more at the peak")

    assert (status["state"], status["rows_created"]) == ("completed", 10_000)
    assert seconds < 15
    assert seen == sorted(seen)
    again, _, _, _ = bring_in(server, token, ("name,phone,email,tags,notes\n" + rows).encode())
    assert (again["rows_created"], again["rows_updated"]) == (0, 10_000)


def test_a_file_of_twenty_mebibytes_stays_in_bounds(server):
    token = server.register()["access_token"]
    row = "Customer {0},9{0:09d},," + "tag;" * 5 + "," + "n" * 900 + "\n"
    content = ("name,phone,email,tags,notes\n" + "".join(row.format(index) for index in range(20_000))).encode()
    assert 18 << 20 < len(content) < 20 << 20
    before = memory(server)

    status, seconds, _, peak = bring_in(server, token, content)
    print(f"{len(content) >> 20} MiB in {seconds:.1f} s, {(peak - before) >> 20} MiB more at the peak")

    assert (status["state"], status["rows_created"]) == ("completed", 20_000)
    assert peak - before < 64 << 20
    large = requests.post(server.url + "/v1/customers/import", data=b"name\n" + b"x" * (21 << 20), headers={
        "Authorization": "Bearer " + token, "Content-Type": "text/csv"})
    assert large.status_code == 413


def test_two_hundred_megabytes_are_refused_while_they_come(server):
    token = server.register()["access_token"]
    before, row = memory(server), b"Customer,9812345678\n" * 3_000
    headers = {"Authorization": "Bearer " + token, "Content-Type": "text/csv"}
    # Told at once where the length is known, and after twenty mebibytes where it is not.
    for length in ["209715200", None]:
        connection, sent = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30), 0
        connection.putrequest("POST", "/v1/customers/import")
        for name, value in {**headers, **({"Content-Length": length} if length else {"Transfer-Encoding": "chunked"})}.items():
            connection.putheader(name, value)
        connection.endheaders(b"" if length else b"b\r\nname,phone\n\r\n")
        try:
            # Until there is an answer: the server takes what comes after it for a while, so that it can be read.
            while not length and sent < 200 << 20 and not select.select([connection.sock], [], [], 0)[0]:
                connection.send(b"%x\r\n%s\r\n" % (len(row), row))
                sent += len(row)
        except (BrokenPipeError, ConnectionResetError):
            pass
        reply = connection.getresponse()
        assert reply.status == 413, reply.status
        connection.close()
        assert memory(server) - before < 64 << 20
        assert sent < 64 << 20
    listed = requests.get(server.url + "/v1/customers", headers=headers).json()
    assert listed["data"] == []
