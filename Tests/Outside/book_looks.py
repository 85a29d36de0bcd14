# SPDX-License-Identifier: Apache-2.0
"""What the server tells of a customer book, held against the one in memory."""
import http.client
import json
import unicodedata
import urllib.parse
from datetime import datetime

from book_model import Book, Refused

PHONES = ["+919876543210", "+919876500000", "+919812345678", "+918800112233"]
TAGS, STAGES = ["silk", "vip", "new"], ["lead", "active", "dormant"]


class Wire:
    """One connection that stays; `requests` costs as much as the server."""

    def __init__(self, server):
        self.connection = http.client.HTTPConnection("127.0.0.1", server.port)

    def __call__(self, token, method, path, body=None, **headers):
        headers = {"Authorization": "Bearer " + token, **{name.replace("_", "-"): value for name, value in headers.items()}}
        if body is not None:
            headers["Content-Type"] = "application/json"
        self.connection.request(method, path, body=None if body is None else json.dumps(body).encode(), headers=headers)
        reply = self.connection.getresponse()
        text = reply.read()
        return reply.status, json.loads(text) if text else {}, reply.headers


class Side:
    """A business and its book."""

    def __init__(self, wire, person):
        founded = wire(person["access_token"], "POST", "/v1/tenants", {"name": "Meera Boutique"})[1]
        entered = wire(person["access_token"], "POST", "/v1/auth/switch", {"tenant_id": founded["id"]})[1]
        self.wire, self.token, self.user, self.book = wire, entered["access_token"], person["user_id"], Book()
        # Of all who ever were, also of those who are forgotten.
        self.ids = []
        assert self.ask("POST", "/v1/customer-fields", {"key": "size", "label": "Size", "kind": "number"})[0] == 201

    def ask(self, method, path, body=None, **headers):
        return self.wire(self.token, method, path, body, **headers)

    def read(self, path, **query):
        status, body, _ = self.ask("GET", path + ("?" + urllib.parse.urlencode(query) if query else ""))
        assert status == 200, (path, query, status, body)
        assert not body.get("has_more"), path
        return body

    def one(self, who, *states):
        """One of all who ever were, mostly in one of some states."""
        meant = [customer.id for customer in self.book.customers.values() if customer.state in states]
        ids = meant if meant and who < 13 else self.ids
        return ids[who % len(ids)]

    def living(self, who):
        return self.one(who, "there", "merged")


def answered(reply, act, status=200):
    """Holds an answer against what the model makes of it, and gives that back: None where it is refused."""
    told, body, _ = reply
    try:
        wanted = act(body)
    except Refused as refused:
        assert told == refused.status, (told, body, refused)
        assert body["code"] in refused.codes, (body, refused)
        assert body.get("conflicting_id") == refused.codes[body["code"]], (body, refused)
        return None
    assert told == status, (told, body)
    return wanted


def moment(text):
    return datetime.fromisoformat(text)


def name_key(customer):
    """Those without a name come last."""
    name = customer.fields.get("name")
    return (name is None, "".join(one for one in unicodedata.normalize("NFKD", name or "") if not unicodedata.combining(one)).lower(), customer.id)


def agree(body, customer):
    """A customer as told in full is the model's; times stay, or move on with each change."""
    body = dict(body)
    created, updated = body.pop("created_at"), body.pop("updated_at")
    if customer.state == "binned":
        deleted, ends = body.pop("deleted_at"), body.pop("erase_after")
        assert deleted == updated
        assert abs((moment(ends) - moment(deleted)).total_seconds() - 30 * 86_400) < 60
    assert body == customer.shown
    first, last = customer.times
    assert first in (None, created) and last in (None, updated) and moment(updated) >= moment(created)
    customer.times = (created, updated)


def agree_on_operation(side, body, operation):
    assert body.pop("actor_id") == side.user and moment(body.pop("created_at"))
    assert ("undone_at" in body) == (operation.restored is not None)
    body.pop("undone_at", None)
    assert body == operation.shown


def see_one(side, turn):
    id = side.one(turn)
    reply = side.ask("GET", "/v1/customers/" + id)
    if customer := answered(reply, lambda _: side.book.there(id)):
        agree(reply[1], customer)
        tag = reply[2]["ETag"]
        assert tag == f'"{customer.version}"'
        assert side.ask("GET", "/v1/customers/" + id, If_None_Match=tag)[0] == 304


def see_history(side, turn):
    id = side.one(turn)
    reply = side.ask("GET", f"/v1/customers/{id}/history?limit=100")
    if customer := answered(reply, lambda _: side.book.there(id)):
        told = reply[1]["data"]
        for entry in told:
            assert entry.pop("actor_id") == side.user and entry.pop("id") and entry.pop("at")
            entry["fields"].sort(key=lambda one: one["field"])
        assert told == [entry["shown"] for entry in side.book.history(customer)]


def see_timeline(side, turn):
    for one in (None, side.one(turn)):
        path = "/v1/interactions" if one is None else f"/v1/customers/{one}/interactions"
        reply = side.ask("GET", path + "?limit=100")
        of = one and answered(reply, lambda _, one=one: side.book.there(one))
        if one is None or of:
            told = [(body["occurred_at"], body["body"], body["customer_id"]) for body in reply[1]["data"]]
            assert told == [(at, body, id) for at, _, body, id in side.book.timeline(of)]


def see_ledger(side, turn):
    id, sums = side.one(turn), side.book.balances()
    told = [(row["balance_paise"], row["customer_id"]) for row in side.read("/v1/ledger", limit=100)["data"]]
    assert told == sorted(((paise, one) for one, paise in sums.items()), reverse=True)
    totals = side.read("/v1/ledger/totals")
    owed = [paise for paise in sums.values() if paise > 0]
    assert (totals["owed_paise"], totals["customers_owing"]) == (sum(owed), len(owed))
    reply = side.ask("GET", f"/v1/customers/{id}/ledger")
    if customer := answered(reply, lambda _: side.book.there(id)):
        assert (reply[1]["customer_id"], reply[1]["balance_paise"]) == (customer.id, sums.get(customer.id, 0))


def see_merges(side, _):
    told = side.read("/v1/customer-merges", limit=100)["data"]
    assert told == [merge.shown for merge in reversed(side.book.merges) if not merge.is_undone]


def see_operations(side, _):
    told = side.read("/v1/customer-operations", limit=100)["data"]
    for body, operation in zip(told, reversed(side.book.operations), strict=True):
        agree_on_operation(side, body, operation)


def search(side, turn):
    for phone in PHONES:
        found = side.book.found(phone[3:])
        for path, limit in [("/v1/customers", 100), ("/v1/customers/search", 100), ("/v1/customers/search", 1 + turn % 2)]:
            told = [body["id"] for body in side.ask("GET", f"{path}?q={phone[3:]}&limit={limit}")[1]["data"]]
            assert set(told) <= found and len(told) == min(limit, len(found)), (path, limit, told, found)


def sort(side, turn):
    orders = {"created_at": lambda one: one.id, "updated_at": lambda one: (one.changed, one.id), "name": name_key}
    name, key = list(orders.items())[turn % 3]
    for sign in ("", "-"):
        told = [body["id"] for body in side.read("/v1/customers", sort=sign + name, limit=100)["data"]]
        assert told == [one.id for one in sorted(side.book.everybody(), key=key, reverse=sign == "-")], sign + name


def narrow(side, turn):
    filters = [
        *[("stage", stage, lambda one, stage=stage: one["stage"] == stage) for stage in STAGES],
        ("stage][in", "lead,dormant", lambda one: one["stage"] != "active"),
        *[("tag", tag, lambda one, tag=tag: tag in one.get("tags", [])) for tag in TAGS],
        *[("phone", phone, lambda one, phone=phone: one.get("phone") == phone) for phone in PHONES],
        ("phone][prefix", "+9198", lambda one: one.get("phone", "").startswith("+9198")),
        ("name][prefix", "ASHA", lambda one: one.get("name", "").lower().startswith("asha")),
        ("email", "a@example.in", lambda one: one.get("email") == "a@example.in"),
        ("whatsapp_id", "IN.abc", lambda one: one.get("whatsapp_id") == "IN.abc"),
        ("city", "Pune", lambda one: one.get("city") == "Pune"),
        ("birthday][gte", "--12-01", lambda one: one.get("birthday") == "--12-31"),
        ("custom][gte", "size:39", lambda one: one.get("custom.size", 0) >= 39)]
    for place in range(4):
        name, value, is_meant = filters[(4 * turn + place) % len(filters)]
        told = [body["id"] for body in side.read("/v1/customers", limit=100, **{f"filter[{name}]": value})["data"]]
        assert told == sorted((one.id for one in side.book.everybody() if is_meant(one.fields)), reverse=True), (name, value)


LOOKS = [see_one, see_history, see_timeline, see_ledger, see_merges, see_operations, search, sort, narrow]
