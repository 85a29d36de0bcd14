# SPDX-License-Identifier: Apache-2.0
"""The customer book of one business in memory: what the server should say, after openapi.yaml and docs/decisions/0025."""
from dataclasses import dataclass, field

FIELDS = ["birthday", "city", "custom.size", "email", "name", "notes", "other_emails", "other_phones", "phone", "stage", "tags", "whatsapp_id"]
LISTS = {"other_phones", "other_emails", "tags"}
# Each belongs to one customer, and what is said when it is another's.
IDENTIFIERS = {"phone": "customer_phone_taken", "email": "customer_email_taken", "whatsapp_id": "customer_whatsapp_taken"}


class Refused(Exception):
    """With the status and the codes that may be said, each with whom it may name as being in the way."""

    def __init__(self, status, **codes):
        super().__init__(status, codes)
        self.status, self.codes = status, codes


@dataclass(eq=False)
class Customer:
    id: str
    fields: dict
    version: int = 1
    # there, merged, binned or erased
    state: str = "there"
    into: "Customer | None" = None
    changed: int = 0
    deleted: int = 0
    history: list = field(default_factory=list)
    # As the server has told them: (created_at, updated_at), the latter None since the last change.
    times: tuple = (None, None)

    @property
    def shown(self):
        """As JSON has them, without times."""
        body = {"id": self.id, "version": self.version, "tags": [], **self.fields}
        if "custom.size" in body:
            body["custom_fields"] = {"size": body.pop("custom.size")}
        return body


@dataclass(eq=False)
class Merge:
    id: str
    survivor: Customer
    merged: Customer
    edits: list
    moved: list
    is_undone: bool = False
    created_at: str = ""

    @property
    def shown(self):
        return {"id": self.id, "customer_id": self.survivor.id, "merged_customer_id": self.merged.id, "created_at": self.created_at}


@dataclass(eq=False)
class Operation:
    id: str
    kind: str
    customers: int
    changes: list
    restored: int | None = None

    @property
    def shown(self):
        body = {"id": self.id, "kind": self.kind, "customers": self.customers, "actor": "person"}
        return body if self.restored is None else {**body, "restored": self.restored}


def patched(fields, change):
    """What a merge patch makes of them; absent is empty."""
    flat = {name: value for name, value in change.items() if name != "custom_fields"}
    if "custom_fields" in change:
        flat["custom.size"] = (change["custom_fields"] or {"size": None}).get("size", fields.get("custom.size"))
    return tidied({**fields, **flat})


def tidied(fields):
    kept = {name: list(dict.fromkeys(value)) if name in LISTS else value for name, value in fields.items() if value not in (None, [])}
    return {"stage": "lead", **kept}


def edits(old, new):
    return [(name, old.get(name), new.get(name)) for name in FIELDS if old.get(name) != new.get(name)]


def taken_back(fields, edits):
    """As they were before, but for what has become something else again; and whether that is all."""
    back = {name: before for name, before, after in edits if fields.get(name) == after}
    return tidied({**fields, **back}), len(back) == len(edits)


def joined(mine, other):
    both = {**other, **mine}
    both["stage"] = other["stage"] if mine["stage"] == "lead" else mine["stage"]
    if "notes" in mine and "notes" in other and mine["notes"] != other["notes"]:
        both["notes"] = mine["notes"] + "\n\n" + other["notes"]
    both["tags"] = mine.get("tags", []) + other.get("tags", [])
    for one, more in [("phone", "other_phones"), ("email", "other_emails")]:
        every = mine.get(more, []) + [other.get(one)] + other.get(more, [])
        both[more] = [value for value in every if value not in (None, both.get(one))]
    return tidied(both)


def is_known(fields):
    return any(name in fields for name in ["name", *IDENTIFIERS])


class Book:
    """Each change raises `Refused`, or does it."""

    def __init__(self):
        self.customers, self.merges, self.operations, self.interactions, self.entries = {}, [], [], [], []
        self.tick = 0

    # Looking

    def there(self, id):
        """Whom an id means."""
        customer = self.customers.get(id)
        customer = customer and (customer.into or customer)
        if customer is None or customer.state != "there":
            raise Refused(404, customer_unknown=None)
        return customer

    def everybody(self, state="there"):
        return [customer for customer in self.customers.values() if customer.state == state]

    def family(self, customer):
        """They, and those who turned out to be them."""
        return [one for one in self.customers.values() if one is customer or one.into is customer]

    def history(self, customer):
        return sorted((entry for one in self.family(customer) for entry in one.history), key=lambda entry: -entry["tick"])

    def found(self, digits):
        """By a part of a number, also one of somebody who turned out to be them."""
        named = [one for one in self.customers.values() if one.state in ("there", "merged")
                 and any(digits in phone for phone in [one.fields.get("phone", ""), *one.fields.get("other_phones", [])])]
        return {one.id for one in [one.into or one for one in named] if one.state == "there"}

    def timeline(self, of=None):
        shown = [(one.into or one, *rest) for one, *rest in self.interactions]
        return sorted(
            ((at, number, body, one.id) for one, at, number, body in shown if one.state == "there" and of in (None, one)), reverse=True)

    def balances(self):
        sums = {}
        for one, paise in self.entries:
            one = one.into or one
            if one.state == "there":
                sums[one.id] = sums.get(one.id, 0) + paise
        return sums

    # Changing one

    def create(self, id, change):
        fields = patched({}, change)
        self.check(fields)
        self.customers[id] = Customer(id, fields, changed=self.next())
        return self.customers[id]

    def change(self, id, version, change):
        customer = self.there(id)
        if version not in (None, customer.version):
            raise Refused(412, customer_changed=None)
        fields = patched(customer.fields, change)
        self.check(fields, customer)
        self.write(customer, fields, "updated")
        return customer

    def delete(self, id, version=None):
        customer = self.there(id)
        if version not in (None, customer.version):
            raise Refused(412, customer_changed=None)
        self.next()
        self.bin(customer)

    def restore(self, id):
        customer = self.customers.get(id)
        customer = customer and (customer.into or customer)
        if customer is None or customer.state != "binned":
            self.there(id)
            raise Refused(409, customer_not_deleted=None)
        if taken := self.taken(customer.fields):
            raise Refused(409, **taken)
        self.next()
        self.unbin(customer)
        return customer

    def erase(self, id):
        customer = self.customers.get(id)
        customer = customer and (customer.into or customer)
        if customer is None or customer.state == "erased":
            raise Refused(404, customer_unknown=None)
        customer.state = "erased"

    def forget(self):
        """The round in which those are erased who asked for it."""
        gone = [one for customer in self.everybody("erased") for one in self.family(customer)]
        for customer in gone:
            del self.customers[customer.id]
        self.merges = [merge for merge in self.merges if merge.survivor not in gone]

    def log(self, id, at, body):
        self.interactions.append((self.there(id), at, self.next(), body))

    def enter(self, id, paise):
        self.entries.append((self.there(id), paise))

    # Two who are one

    def merge(self, id, into, other):
        one, two = self.there(into), self.there(other)
        if one is two:
            raise Refused(409, customers_are_one=None)
        moved = [customer for customer in self.customers.values() if customer.into is two]
        fields = joined(one.fields, two.fields)
        merge = Merge(id, one, two, edits(one.fields, fields), moved)
        for customer in [*moved, two]:
            customer.into, customer.state = one, "merged"
        two.version += 1
        self.write(one, fields, "merged")
        self.merges.append(merge)
        return merge

    def unmerge(self, id):
        merge = next((merge for merge in self.merges if merge.id == id and not merge.is_undone), None)
        now = None if merge is None else (merge.merged.into or merge.merged).state
        if now == "binned":
            raise Refused(409, customer_in_bin=None)
        if now != "there":
            raise Refused(404, customer_merge_unknown=None)
        one, two = merge.survivor, merge.merged
        if two.into is not one:
            raise Refused(409, customer_merged_again=None)
        fields, _ = taken_back(one.fields, merge.edits)
        if not is_known(fields):
            fields = one.fields
        taken = {code: None for name, code in IDENTIFIERS.items() if name in two.fields and any(
            two.fields[name] == (fields if other is one else other.fields).get(name) for other in self.everybody())}
        if taken:
            raise Refused(409, **taken)
        self.write(one, fields, "unmerged")
        two.into, two.state, two.changed = None, "there", one.changed
        two.version += 1
        two.times = (two.times[0], None)
        for customer in merge.moved:
            customer.into = two
        self.note(two, "unmerged", [])
        merge.is_undone = True
        return merge

    # Many at once

    def named(self, ids):
        """Those who are meant, in the order of their ids, and the ids that mean nobody."""
        found, unknown = {}, []
        for id in dict.fromkeys(ids):
            try:
                customer = self.there(id)
                found[customer.id] = customer
            except Refused:
                unknown.append(id)
        return sorted(found.values(), key=lambda customer: customer.id), unknown

    def change_many(self, id, ids, change, add, remove):
        customers, unknown = self.named(ids)
        self.next()
        changes = []
        for customer in customers:
            fields = patched(customer.fields, change)
            kept = [tag for tag in fields.get("tags", []) if tag not in remove]
            fields = tidied({**fields, "tags": kept + add})
            if difference := edits(customer.fields, fields):
                changes.append((customer, difference))
                self.write(customer, fields, "updated", operation=id, tick=self.tick)
        return self.operate(Operation(id, "update", len(changes), changes)), unknown

    def delete_many(self, id, ids):
        customers, unknown = self.named(ids)
        self.next()
        for customer in customers:
            self.bin(customer, operation=id)
        return self.operate(Operation(id, "delete", len(customers), [(customer, customer.deleted) for customer in customers])), unknown

    def operate(self, operation):
        self.operations.append(operation)
        return operation

    def undo(self, id):
        operation = next((operation for operation in self.operations if operation.id == id), None)
        if operation is None:
            raise Refused(404, customer_operation_unknown=None)
        if operation.restored is not None:
            raise Refused(409, customer_operation_undone=None)
        self.next()
        undo = self.undo_deletion if operation.kind == "delete" else self.undo_change
        operation.restored = sum(undo(customer, change) for customer, change in operation.changes)
        return operation

    def undo_deletion(self, customer, deleted):
        if customer.state != "binned" or customer.deleted != deleted or self.taken(customer.fields):
            return False
        self.unbin(customer)
        return True

    def undo_change(self, customer, change):
        if customer.state != "there":
            return False
        fields, is_whole = taken_back(customer.fields, change)
        if fields == customer.fields:
            return False
        self.write(customer, fields, "updated", tick=self.tick)
        return is_whole

    # Writing down

    def next(self):
        self.tick += 1
        return self.tick

    def taken(self, fields, by=None):
        return {code: other.id for name, code in IDENTIFIERS.items() for other in self.everybody()
                if name in fields and other is not by and other.fields.get(name) == fields[name]}

    def check(self, fields, customer=None):
        if not is_known(fields):
            raise Refused(422, validation_failed=None)
        if taken := self.taken(fields, customer):
            raise Refused(409, **taken)

    def write(self, customer, fields, kind, operation=None, tick=None):
        difference = edits(customer.fields, fields)
        # What a merge changed stands in the merge, and not in the history of either.
        if kind in ("merged", "unmerged"):
            difference = []
        elif not difference:
            return
        customer.fields = fields
        self.touch(customer, tick or self.next())
        self.note(customer, kind, difference, operation)

    def touch(self, customer, tick):
        customer.version += 1
        customer.changed, customer.times = tick, (customer.times[0], None)

    def note(self, customer, kind, difference, operation=None):
        sides = [{"field": name, **({} if before is None else {"from": before}), **({} if after is None else {"to": after})}
                 for name, before, after in difference]
        entry = {"kind": kind, "actor": "person", "fields": sides}
        customer.history.append({"tick": self.next(), "shown": entry if operation is None else {**entry, "operation_id": operation}})

    def bin(self, customer, operation=None):
        customer.state, customer.deleted = "binned", self.tick
        self.touch(customer, self.tick)
        self.note(customer, "deleted", [], operation)

    def unbin(self, customer):
        customer.state = "there"
        self.touch(customer, self.tick)
        self.note(customer, "restored", [])
