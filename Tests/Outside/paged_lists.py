# SPDX-License-Identifier: Apache-2.0
"""Every list of the customer book that comes in pages, each with rows that stay, and with what somebody else does to the others meanwhile."""
import itertools
from dataclasses import dataclass

import requests


class Shop:
    """A business of its own."""

    def __init__(self, server, person, random):
        self.url, self.random = server.url, random
        self.session, self.token = self.another_session(), person["access_token"]
        founded = self.call("POST", "/v1/tenants", {"name": "Meera Boutique"})
        self.token = self.call("POST", "/v1/auth/switch", {"tenant_id": founded["id"]})["access_token"]
        self.numbers = itertools.count(1)
        # Rows that may come, go and move, by what tells them apart.
        self.others = set()

    @staticmethod
    def another_session():
        session = requests.Session()
        session.trust_env = False
        return session

    def call(self, method, path, body=None, session=None, **headers):
        """What was answered; nothing where it was refused: whoever changes at random meets with that."""
        reply = (session or self.session).request(method, self.url + path, json=body, headers={"Authorization": "Bearer " + self.token, **headers})
        assert reply.status_code < 500, (method, path, reply.text)
        return reply.json() if reply.ok and reply.content else {}

    def add(self, many):
        """Ids of customers, in the order in which they are given."""
        results = self.call("POST", "/v1/customers/batch", {"items": many})["results"]
        return [result["item"]["id"] for result in results]

    def pick(self, ids):
        return self.random.choice(ids)


@dataclass
class PagedList:
    path: str
    # A row of the others may be met twice, where it moves on before whoever walks.
    moves: bool = False
    key: object = staticmethod(lambda row: row["id"])


def number_of(shop):
    return f"9{next(shop.numbers):09d}"


def some_customer(shop):
    """All have what the filters ask for; some have no name."""
    name = {"name": shop.pick(["Asha", "asha", "Ámit", "Aditi"])} if shop.random.random() < 0.8 else {}
    return {**name, "phone": number_of(shop), "stage": "lead", "tags": ["silk"], "city": "Pune", "birthday": "--04-23"}


def kept_and_others(shop, count, customer=some_customer):
    """Ids of both, which were added by turns."""
    ids = shop.add([customer(shop) for _ in range(2 * count)])
    return ids[::2], ids[1::2]


def change_customers(shop, others, merges):
    """Something that happens to one of the others."""
    def act(call):
        one, two = shop.pick(others), shop.pick(others)
        what = shop.random.randrange(9)
        if what < 3:
            change = {"name": shop.pick(["Aaa", "Zoya", None, "Asha"]), "stage": shop.pick(["lead", "active"]), "tags": shop.pick([[], ["silk"]]),
                      "city": shop.pick(["Pune", "Surat"])}
            call("PATCH", "/v1/customers/" + one, change, **{"If-Match": "*"})
        elif what == 3:
            call("DELETE", "/v1/customers/" + one)
        elif what == 4:
            call("POST", f"/v1/customers/{one}/restore")
        elif what == 5:
            call("POST", "/v1/customers/bulk-update", {"customer_ids": [one, two], "add_tags": ["silk"], "change": {"stage": "lead"}})
        elif what == 6 and (made := call("POST", f"/v1/customers/{one}/merge", {"customer_id": two})):
            merges.append(made["merge"]["id"])
            shop.others.add(merges[-1])
        elif what == 7 and merges:
            call("POST", f"/v1/customer-merges/{shop.pick(merges)}/undo")
        # A search finds a thousand at most.
        elif len(others) < 200 and (made := call("POST", "/v1/customers", some_customer(shop))):
            others.append(made["id"])
            shop.others.add(made["id"])
    return act


def merge_another(shop, customer, merges):
    """Somebody new turns out to be them, and maybe not after all. Not one of the others: what happens to those would happen to them."""
    def act(call):
        if shop.random.random() < 0.5 and merges:
            call("POST", f"/v1/customer-merges/{shop.pick(merges)}/undo")
        elif made := call("POST", "/v1/customers", some_customer(shop)):
            shop.others.add(made["id"])
            merges.append(call("POST", f"/v1/customers/{customer}/merge", {"customer_id": made["id"]})["merge"]["id"])
            shop.others.add(merges[-1])
    return act


def customers(shop):
    _, others = kept_and_others(shop, 40)
    shop.others.update(others)
    segment = shop.call("POST", "/v1/segments", {"name": "Silk", "definition": {"all": [{"field": "tags", "op": "has", "value": "silk"}]}})["id"]
    filters = ["filter[stage]=lead", "filter[stage][in]=lead,dormant", "filter[tag]=silk", "filter[city]=Pune", "filter[phone][prefix]=%2B919",
               "filter[birthday][gte]=--04-01", "filter[updated_at][gte]=2026-01-31T10:00:00Z", "filter[name][prefix]=a", "q=9000", "expand=details"]
    orders = ["created_at", "-created_at", "updated_at", "-updated_at", "name", "-name"]
    lists = [PagedList(f"/v1/customers?sort={order}", moves="created" not in order) for order in orders]
    lists += [PagedList("/v1/customers?" + narrowed) for narrowed in filters]
    lists += [PagedList(f"/v1/customers?sort={order}&filter[stage]=lead&filter[tag]=silk", moves=True) for order in ("updated_at", "-name")]
    lists += [PagedList(f"/v1/segments/{segment}/customers"), PagedList(f"/v1/segments/{segment}/customers?expand=details")]
    return lists, change_customers(shop, others, [])


def the_bin(shop):
    kept, others = kept_and_others(shop, 40)
    for one, another in zip(kept, others, strict=True):
        shop.call("DELETE", "/v1/customers/" + one)
        shop.call("DELETE", "/v1/customers/" + another)
    shop.others.update(others)

    def act(call):
        method, path = shop.pick([("DELETE", ""), ("POST", "/restore"), ("POST", "/restore"), ("DELETE", "")])
        call(method, f"/v1/customers/{shop.pick(others)}{path}")
        if shop.random.random() < 0.05:
            call("POST", f"/v1/customers/{shop.pick(others)}/erase")
    return [PagedList("/v1/customers/deleted")], act


def what_was_done(shop):
    """History, operations and merges."""
    kept, others = kept_and_others(shop, 40)
    asha = kept[0]
    for turn in range(1, 40):
        shop.call("PATCH", "/v1/customers/" + asha, {"notes": f"Turn {turn}"}, **{"If-Match": "*"})
        if turn < 15:
            shop.call("POST", f"/v1/customers/{asha}/merge", {"customer_id": kept[turn]})
        shop.call("POST", "/v1/customers/bulk-update", {"customer_ids": [others[turn]], "change": {"notes": f"Turn {turn}"}})
    change, merge = change_customers(shop, others, []), merge_another(shop, asha, [])

    def act(call):
        change(call)
        if shop.random.random() < 0.3:
            call("PATCH", "/v1/customers/" + asha, {"city": shop.pick(["Pune", "Surat"])}, **{"If-Match": "*"})
        if shop.random.random() < 0.2:
            merge(call)
        if made := shop.random.random() < 0.3 and call("POST", "/v1/customers/bulk-update", {"customer_ids": [shop.pick(others)], "add_tags": ["vip"]}):
            call("POST", f"/v1/customer-operations/{made['operation']['id']}/undo")
    return [PagedList(f"/v1/customers/{asha}/history"), PagedList(f"/v1/customers/{kept[3]}/history"), PagedList("/v1/customer-operations"),
            PagedList("/v1/customer-merges")], act


def interactions(shop):
    kept, others = kept_and_others(shop, 10)
    asha = kept[0]
    for one in kept[1:3]:
        shop.call("POST", f"/v1/customers/{asha}/merge", {"customer_id": one})

    def some(customer):
        what = shop.pick([{"kind": "note", "body": "Blue silk"}, {"kind": "call", "direction": "in"}, {"kind": "payment", "amount_paise": 100}])
        # Few moments for many, so that only the id tells them apart.
        return {"customer_id": customer, **what, "occurred_at": f"2026-01-31T10:0{shop.random.randrange(8)}:00Z"}

    def log(ids):
        results = shop.call("POST", "/v1/interactions/batch", {"items": [some(one) for one in ids]})["results"]
        return [result["item"]["id"] for result in results]

    passing = []
    for _ in range(20):
        log([asha, shop.pick(kept), kept[2]])
        passing += log([shop.pick(others), asha])
    shop.others.update(passing)
    change, merge = change_customers(shop, others, []), merge_another(shop, asha, [])

    def act(call):
        what = shop.random.randrange(5)
        if what == 0:
            change(call)
        elif what == 1:
            merge(call)
        elif what == 2:
            call("POST", f"/v1/interactions/{shop.pick(passing)}/correct", {"occurred_at": "2026-01-31T10:05:00Z", "body": "Red silk"})
        elif what == 3:
            call("POST", f"/v1/interactions/{shop.pick(passing)}/strike-out", {"reason": "Another Asha"})
        else:
            made = call("POST", "/v1/interactions/batch", {"items": [some(shop.pick([asha, *others]))]})
            passing.extend(result["item"]["id"] for result in made.get("results", []))
    paths = ["/v1/interactions", f"/v1/customers/{asha}/interactions", f"/v1/customers/{kept[1]}/interactions"]
    filters = ["", "filter[kind]=note", "filter[kind][in]=call,payment", "filter[occurred_at][gte]=2026-01-31T10:02:00Z"]
    return [PagedList(path + "?" + narrowed) for path in paths for narrowed in filters], act


def ledger(shop):
    kept, others = kept_and_others(shop, 40)
    asha, entries = others[0], []

    def enter(call, customer, days=28):
        paise = shop.random.randrange(1, 4) * 100
        kind = shop.pick([{"kind": "given"}, {"kind": "given"}, {"kind": "received", "method": "cash"}])
        return call("POST", f"/v1/customers/{customer}/ledger-entries", {
            **kind, "amount_paise": paise, "occurred_on": f"2026-01-{shop.random.randrange(1, days):02d}"})

    for one in [*kept, *others, *[asha] * 40]:
        enter(shop.call, one)
    shop.others.update(others)
    # Asha stays, with all of her entries.
    change = change_customers(shop, others[1:], [])

    def act(call):
        what = shop.random.randrange(4)
        if what == 0:
            change(call)
        elif what == 1 and entries:
            call("POST", f"/v1/ledger-entries/{shop.pick(entries)}/reverse", {"reason": "Wrong"})
        elif made := enter(call, shop.pick([asha, shop.pick(others)])):
            entries.append(made["id"])
    filters = ["sort=balance", "sort=-balance", "filter[state]=owing", "filter[state]=advance", "filter[balance][gte]=100", "expand=customer"]
    return [PagedList(f"/v1/customers/{asha}/ledger-entries"),
            *[PagedList("/v1/ledger?" + narrowed, moves=True, key=lambda row: row["customer_id"]) for narrowed in filters]], act


def follow_ups(shop):
    _, others = kept_and_others(shop, 5)

    def some():
        # Few moments for many, and days without one.
        day = f"2026-12-0{shop.random.randrange(1, 6)}"
        due = {"due_at": day, "all_day": True} if shop.random.random() < 0.3 else {"due_at": f"{day}T10:00:00Z"}
        return {"title": "Fitting", **due}

    passing = []
    for _ in range(40):
        shop.call("POST", "/v1/follow-ups", some())
        passing.append(shop.call("POST", "/v1/follow-ups", {**some(), "customer_id": shop.pick(others)})["id"])
    shop.others.update(passing)
    change = change_customers(shop, others, [])

    def act(call):
        one, what = shop.pick(passing), shop.random.randrange(7)
        if what < 3:
            call("POST", f"/v1/follow-ups/{one}/" + ["complete", "reopen", "snooze"][what], {"minutes": 30} if what == 2 else None)
        elif what == 3:
            call("PATCH", "/v1/follow-ups/" + one, some(), **{"If-Match": "*"})
        elif what == 4 and len(passing) > 20:
            passing.remove(one)
            call("DELETE", "/v1/follow-ups/" + one)
        elif what == 5:
            change(call)
        elif made := call("POST", "/v1/follow-ups", {**some(), "customer_id": shop.pick(others)}):
            passing.append(made["id"])
    filters = ["", "sort=-due_at", "filter[state]=open", "filter[due_at][gte]=2026-12-02T00:00:00Z", "sort=-due_at&filter[state]=open"]
    return [PagedList("/v1/follow-ups?" + narrowed, moves=True) for narrowed in filters], act


def deals(shop):
    _, others = kept_and_others(shop, 5)
    stages = [{"name": "Asked"}, {"name": "Cut"}, {"name": "Paid", "kind": "won"}]
    pipeline = shop.call("POST", "/v1/pipelines", {"name": "Orders", "stages": stages})
    board, (first, second, _) = pipeline["id"], [stage["id"] for stage in pipeline["stages"]]
    passing = []

    def add(call, **more):
        return call("POST", "/v1/deals", {"pipeline_id": board, "title": "Two saris", "expected_on": "2026-12-31", **more})

    for _ in range(40):
        add(shop.call)
        passing.append(add(shop.call, customer_id=shop.pick(others))["id"])
    shop.others.update(passing)
    change = change_customers(shop, others, [])

    def act(call):
        one, what = shop.pick(passing), shop.random.randrange(7)
        if what < 3:
            place = shop.pick([{"at": "top"}, {"after": shop.pick(passing)}])
            call("POST", f"/v1/deals/{one}/move", {"stage_id": shop.pick([first, first, second]), **place})
        elif what == 3:
            call("PATCH", "/v1/deals/" + one, {"expected_on": shop.pick(["2026-12-30", None])}, **{"If-Match": "*"})
        elif what == 4 and len(passing) > 20:
            passing.remove(one)
            call("DELETE", "/v1/deals/" + one)
        elif what == 5:
            change(call)
        elif made := add(call, customer_id=shop.pick(others)):
            passing.append(made["id"])
    filters = ["", "filter[pipeline_id]=" + board, "filter[stage_id]=" + first, "filter[state]=open", "filter[expected_on][gte]=2026-12-31"]
    return [*[PagedList("/v1/deals?" + narrowed) for narrowed in filters], PagedList(f"/v1/pipelines/{board}/stages/{first}/deals", moves=True)], act


def consents(shop):
    kept, others = kept_and_others(shop, 5)
    asha = kept[0]
    shop.call("POST", f"/v1/customers/{asha}/merge", {"customer_id": kept[1]})

    def say(call, customer):
        call("POST", f"/v1/customers/{customer}/consents", {
            "channel": shop.pick(["whatsapp", "sms"]), "purpose": "marketing", "event": "withdrawn", "how": "in_person"})

    def publish(call):
        texts = [{"language": language, "text": f"Offers {next(shop.numbers)}"} for language in ("en", "hi")]
        call("POST", "/v1/consent-notices", {"purpose": shop.pick(["marketing", "service"]), "texts": texts})

    for turn in range(40):
        say(shop.call, shop.pick(kept[:2]) if turn % 2 else asha)
        publish(shop.call)
    change = change_customers(shop, others, [])

    def act(call):
        say(call, shop.pick([asha, *others]))
        publish(call)
        change(call)
    return [PagedList(f"/v1/customers/{asha}/consents"), PagedList("/v1/consent-notices"), PagedList("/v1/consent-notices?filter[purpose]=marketing")], act


def imported_rows(shop):
    def bring(session, count):
        rows = "".join(f"Customer {turn},{number_of(shop)}\n" if turn % 3 else ",\n" for turn in range(count))
        reply = session.post(shop.url + "/v1/customers/import", data=f"name,phone\n{rows}".encode(), headers={
            "Authorization": "Bearer " + shop.token, "Content-Type": "text/csv"})
        return reply.headers["Location"]

    location = bring(shop.session, 60)
    while shop.call("GET", location)["state"] in ("receiving", "running"):
        pass
    session = shop.another_session()

    def act(call):
        bring(session, 5)
        one = shop.pick(call("GET", "/v1/customers?limit=50")["data"])["id"]
        call("DELETE", "/v1/customers/" + one)
    return [PagedList(f"{location}/rows{narrowed}", key=lambda row: row["row"])
            for narrowed in ("", "?filter[verdict]=rejected", "?filter[verdict]=created")], act


def audit_events(shop):
    for turn in range(40):
        shop.call("PATCH", "/v1/business", {"city": f"Surat {turn}"}, **{"If-Match": "*"})

    def act(call):
        call("PATCH", "/v1/business", {"city": f"Pune {next(shop.numbers)}"}, **{"If-Match": "*"})
        one = call("POST", "/v1/customers", some_customer(shop))["id"]
        call("POST", "/v1/customers/bulk-delete", {"customer_ids": [one]})
    return [PagedList("/v1/audit-events"), PagedList("/v1/audit-events?filter[event]=business.changed")], act


def duplicates(shop):
    syllables = ["ka", "mi", "tu", "le", "so", "ni", "ra", "du", "pe", "go"]
    names = ["".join(three) for three in itertools.permutations(syllables, 3)]
    shop.random.shuffle(names)

    def pair(name):
        return [{"name": name, "phone": number_of(shop)} for _ in range(2)]

    shop.add([one for name in names[:60:2] for one in pair(name)])
    others = shop.add([one for name in names[1:60:2] for one in pair(name)])
    # A pair with one of the others is one of the others.
    passing = set(others)

    def key(row):
        ids = sorted(customer["id"] for customer in row["customers"])
        if passing & set(ids):
            shop.others.add(tuple(ids))
        return tuple(ids)

    def act(call):
        what = shop.random.randrange(4)
        if what == 0:
            call("POST", "/v1/customer-duplicates/dismiss", {"customer_ids": [shop.pick(others), shop.pick(others)]})
        elif what == 1:
            call("DELETE", "/v1/customers/" + shop.pick(others))
        elif what == 2:
            call("PATCH", "/v1/customers/" + shop.pick(others), {"name": shop.pick(names)}, **{"If-Match": "*"})
        elif made := call("POST", "/v1/customers", {"name": shop.pick(names), "phone": number_of(shop)}):
            others.append(made["id"])
            passing.add(made["id"])
    return [PagedList("/v1/customer-duplicates", moves=True, key=key)], act


SHOPS = [customers, the_bin, what_was_done, interactions, ledger, follow_ups, deals, consents, imported_rows, audit_events, duplicates]
