# SPDX-License-Identifier: Apache-2.0
"""What a customer's telephone sees of the credit book: a QR code, read by a program that did not draw it."""
import re
import urllib.parse

import pytest
import zxingcpp


def read(svg, scale=4):
    """A picture as `QRCode.svg` writes it, as its camera would see it, and what it says."""
    side = int(re.search(r'viewBox="0 0 (\d+) ', svg)[1])
    rows = [bytearray(b"\xff" * side * scale) for _ in range(side * scale)]
    for x, y, width in re.findall(r"M(\d+) (\d+)h(\d+)v1h", svg.split('fill="#000"')[1]):
        for row in rows[int(y) * scale:(int(y) + 1) * scale]:
            row[int(x) * scale:(int(x) + int(width)) * scale] = bytes(int(width) * scale)
    pixels = memoryview(b"".join(rows)).cast("B", (side * scale, side * scale))
    return zxingcpp.read_barcodes(pixels)


@pytest.mark.parametrize("name, paise", [("Meera Tailors", 150000), ("मीरा टेलर्स एंड सन्स", 1), ("A&B = 100% \"+\"", 10**13), ("न" * 60, 123456789)])
def test_a_code_says_what_the_link_says(server, name, paise):
    account = server.register(business=name)
    headers = {"Authorization": "Bearer " + account["access_token"]}

    def call(method, path, **more):
        reply = server.session.request(method, server.url + path, headers={**headers, **more.pop("extra", {})}, **more)
        assert reply.ok, reply.text
        return reply

    call("PATCH", "/v1/business", json={"upi_id": "meera.tailors@ybl"}, extra={"If-Match": "*"})
    customer = "/v1/customers/" + call("POST", "/v1/customers", json={"name": "Asha"}).json()["id"]
    entry = call("POST", customer + "/ledger-entries", json={"kind": "given", "amount_paise": paise}).json()
    link = call("GET", customer + "/ledger/reminder").json()["upi_link"]
    codes = read(call("GET", customer + "/ledger/qr.svg").text)

    assert [code.text for code in codes] == [link] and codes[0].ec_level == "M"
    scheme, query = link.split("?")
    values = dict(pair.split("=") for pair in query.split("&"))
    assert scheme == "upi://pay" and "+" not in query
    said = {key: urllib.parse.unquote(value) for key, value in values.items()}
    assert said["pa"] == "meera.tailors@ybl" and said["cu"] == "INR" and said["tr"] == entry["id"][4:]
    assert said["am"] == f"{paise // 100}.{paise % 100:02d}"
    assert said["pn"] == name if len(name.encode()) <= 99 else name.startswith(said["pn"])
