# SPDX-License-Identifier: Apache-2.0
"""Two businesses side by side: whatever is done to their customer books, the server says what a book in memory says."""
import pytest
from conftest import Server, administer
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test

# What differs is told.
pytest.register_assert_rewrite("book_looks")
from book_looks import LOOKS, PHONES, STAGES, TAGS, Side, Wire, agree, agree_on_operation, answered  # noqa: E402

EXAMPLES, STEPS = 320, 50
NAMES = ["Asha Rao", "asha", "Ravi", "Zoë"]
SIDES = st.sampled_from([0, 1])
# Somebody of a business, or something that was done there: whatever stands in that place by then.
WHO = st.integers(0, 15)
VALUES = {
    "name": st.sampled_from(NAMES), "phone": st.sampled_from(PHONES), "email": st.sampled_from(["a@example.in", "b@example.in"]),
    "whatsapp_id": st.sampled_from(["IN.abc", "IN.xyz"]), "other_phones": st.lists(st.sampled_from(PHONES), max_size=2),
    "other_emails": st.lists(st.sampled_from(["a@example.in", "c@example.in"]), max_size=2), "stage": st.sampled_from(STAGES),
    "tags": st.lists(st.sampled_from(TAGS), max_size=3), "notes": st.sampled_from(["Comes on Saturdays", "Owes a sari"]),
    "city": st.sampled_from(["Pune", "Surat"]), "birthday": st.sampled_from(["1990-04-23", "--12-31"]),
    "custom_fields": st.sampled_from([{"size": 38}, {"size": 40}])}
NEW = st.fixed_dictionaries({"name": VALUES["name"]}, optional={name: VALUES[name] for name in VALUES if name != "name"})
# Null empties all but the stage.
CHANGE = st.fixed_dictionaries({}, optional={
    **{name: value if name == "stage" else value | value | st.none() for name, value in VALUES.items()},
    "name": st.sampled_from([*NAMES, *NAMES, None]),
    "custom_fields": st.sampled_from([None, {"size": None}, {"size": 38}, {"size": 40}])})
ONE_FOR_ALL = st.fixed_dictionaries({}, optional={
    "stage": VALUES["stage"], "notes": st.none() | VALUES["notes"], "city": st.none() | VALUES["city"],
    "custom_fields": st.sampled_from([{"size": None}, {"size": 38}]), "tags": VALUES["tags"]})


class Books(RuleBasedStateMachine):
    people = server = wire = None
    steps = turn = 0

    @initialize(new=st.lists(NEW, min_size=4, max_size=4))
    def found_two_businesses(self, new):
        self.sides = [Side(self.wire, person) for person in self.people]
        self.is_forgotten = False
        for side in range(2):
            for fields in new:
                self.create(side, fields)

    def teardown(self):
        # The first look comes before the first step.
        type(self).steps += self.turn - 1

    @property
    def is_peopled(self):
        """Whether some may go without leaving nobody."""
        return sum(len(side.book.everybody()) for side in self.sides) > 5

    # Changing one

    @rule(side=SIDES, fields=NEW | CHANGE)
    def create(self, side, fields):
        side = self.sides[side]
        fields = {name: value for name, value in fields.items() if value is not None}
        if fields.get("custom_fields") == {"size": None}:
            del fields["custom_fields"]
        reply = side.ask("POST", "/v1/customers", fields)
        if customer := answered(reply, lambda body: side.book.create(body.get("id"), fields), 201):
            side.ids.append(customer.id)
            agree(reply[1], customer)
            assert reply[2]["ETag"] == '"1"' and reply[2]["Location"] == "/v1/customers/" + customer.id

    @rule(side=SIDES, who=WHO, change=CHANGE, match=st.sampled_from(["newest", "newest", "any", "any", "older", "none"]))
    def change(self, side, who, change, match):
        side = self.sides[side]
        id, version = side.living(who), None
        if match in ("newest", "older"):
            # By a client who has read them.
            version = side.ask("GET", "/v1/customers/" + id)[1].get("version", 1) - (match == "older")
        headers = {} if match == "none" else {"If_Match": "*" if version is None else f'"{version}"'}
        reply = side.ask("PATCH", "/v1/customers/" + id, change, **headers)
        if match == "none":
            assert (reply[0], reply[1]["code"]) == (428, "precondition_required")
        elif customer := answered(reply, lambda _: side.book.change(id, version, change)):
            agree(reply[1], customer)
            assert reply[2]["ETag"] == f'"{customer.version}"'

    @precondition(lambda self: self.is_peopled)
    @rule(side=SIDES, who=WHO, match=st.sampled_from([None, None, "newest", "older"]))
    def delete(self, side, who, match):
        side = self.sides[side]
        id, version = side.living(who), None
        if match:
            version = side.ask("GET", "/v1/customers/" + id)[1].get("version", 1) - (match == "older")
        headers = {} if version is None else {"If_Match": f'"{version}"'}
        answered(side.ask("DELETE", "/v1/customers/" + id, **headers), lambda _: side.book.delete(id, version), 204)

    @precondition(lambda self: any(side.book.everybody("binned") for side in self.sides))
    @rule(side=SIDES, who=WHO)
    def restore(self, side, who):
        self.bring_back(self.sides[side], self.sides[side].one(who, "binned", "merged"))

    @precondition(lambda self: any(side.book.everybody("binned") for side in self.sides))
    @rule(which=WHO)
    def restore_and_delete_again(self, which):
        binned = [(side, customer.id) for side in self.sides for customer in side.book.everybody("binned")]
        side, id = binned[which % len(binned)]
        self.bring_back(side, id)
        answered(side.ask("DELETE", "/v1/customers/" + id), lambda _: side.book.delete(id), 204)

    def bring_back(self, side, id):
        reply = side.ask("POST", f"/v1/customers/{id}/restore")
        if customer := answered(reply, lambda _: side.book.restore(id)):
            agree(reply[1], customer)

    @precondition(lambda self: self.is_peopled)
    @rule(side=SIDES, who=WHO)
    def erase(self, side, who):
        side = self.sides[side]
        id = side.one(who)
        answered(side.ask("POST", f"/v1/customers/{id}/erase"), lambda _: side.book.erase(id), 202)

    @precondition(lambda self: not self.is_forgotten and any(side.book.everybody("erased") for side in self.sides))
    @rule()
    def forget(self):
        """Once in a run: it takes a program of its own."""
        self.is_forgotten = True
        done = administer(self.server.database, "privacy", "due")
        assert done.returncode == 0 and "waits" not in done.stdout, done
        for side in self.sides:
            side.book.forget()

    @rule(side=SIDES, who=WHO, minute=st.integers(0, 3), number=st.integers(1, 9))
    def log(self, side, who, minute, number):
        side = self.sides[side]
        id, at, text = side.living(who), f"2026-01-31T10:0{minute}:00.000Z", f"Note {number}"
        reply = side.ask("POST", f"/v1/customers/{id}/interactions", {"kind": "note", "body": text, "occurred_at": at})
        answered(reply, lambda _: side.book.log(id, at, text), 201)

    @rule(side=SIDES, who=WHO, paise=st.integers(-3, 3).filter(bool))
    def enter(self, side, who, paise):
        side = self.sides[side]
        id = side.living(who)
        entry = {"kind": "given", "amount_paise": paise} if paise > 0 else {"kind": "received", "amount_paise": -paise, "method": "cash"}
        answered(side.ask("POST", f"/v1/customers/{id}/ledger-entries", entry), lambda _: side.book.enter(id, paise), 201)

    # Two who are one

    @rule(side=SIDES, who=WHO, other=WHO)
    def merge(self, side, who, other):
        self.make_one(side, self.sides[side].living(who), self.sides[side].living(other))

    @precondition(lambda self: self.is_peopled)
    @rule(side=SIDES, who=WHO, steps=st.integers(1, 3))
    def merge_two_who_are_there(self, side, who, steps):
        here = self.sides[side].book.everybody()
        self.make_one(side, here[who % len(here)].id, here[(who + steps) % len(here)].id)

    def make_one(self, side, id, other):
        side = self.sides[side]
        reply = side.ask("POST", f"/v1/customers/{id}/merge", {"customer_id": other})
        if merge := answered(reply, lambda body: side.book.merge(body.get("merge", {}).get("id"), id, other)):
            told = reply[1]["merge"]
            assert (told["customer_id"], told["merged_customer_id"]) == (merge.survivor.id, merge.merged.id)
            merge.created_at = told["created_at"]
            agree(reply[1]["customer"], merge.survivor)

    @precondition(lambda self: any(side.book.merges for side in self.sides))
    @rule(side=SIDES, which=WHO)
    def unmerge(self, side, which):
        """The newest first, then those that were taken back, then the other business's, which are not there."""
        one, other = self.sides[side], self.sides[1 - side]
        merges = sorted(reversed(one.book.merges), key=lambda merge: merge.is_undone) + other.book.merges
        self.make_two(side, merges[which % len(merges)].id)

    @precondition(lambda self: any(not merge.is_undone for side in self.sides for merge in side.book.merges))
    @rule(which=st.integers(0, 3))
    def unmerge_one_of_the_newest(self, which):
        merges = [(side, merge) for side in (0, 1) for merge in self.sides[side].book.merges if not merge.is_undone]
        side, merge = merges[-1 - which % len(merges)]
        self.make_two(side, merge.id)

    def make_two(self, side, id):
        side = self.sides[side]
        reply = side.ask("POST", f"/v1/customer-merges/{id}/undo")
        if merge := answered(reply, lambda _: side.book.unmerge(id)):
            agree(reply[1]["customer"], merge.survivor)
            agree(reply[1]["restored"], merge.merged)

    # Many at once

    @rule(side=SIDES, who=st.lists(WHO, min_size=1, max_size=5), stranger=st.none() | WHO, change=st.none() | ONE_FOR_ALL,
          add=st.lists(st.sampled_from(TAGS), max_size=2), remove=st.lists(st.sampled_from(TAGS), max_size=2))
    def change_many(self, side, who, stranger, change, add, remove):
        ids, side = self.several(side, who, stranger), self.sides[side]
        asked = {"customer_ids": ids, "add_tags": add, "remove_tags": remove, **({} if change is None else {"change": change})}
        self.agree_on_many(side, side.ask("POST", "/v1/customers/bulk-update", asked),
                           lambda id: side.book.change_many(id, ids, change or {}, add, remove))

    @precondition(lambda self: self.is_peopled)
    @rule(side=SIDES, who=st.lists(WHO, min_size=1, max_size=3), stranger=st.none() | WHO)
    def delete_many(self, side, who, stranger):
        ids, side = self.several(side, who, stranger), self.sides[side]
        self.agree_on_many(side, side.ask("POST", "/v1/customers/bulk-delete", {"customer_ids": ids}), lambda id: side.book.delete_many(id, ids))

    def several(self, side, who, stranger):
        """Ids of the business, maybe with one of the other's among them."""
        ids = [self.sides[side].living(one) for one in who]
        return ids if stranger is None else [self.sides[1 - side].living(stranger), *ids]

    def agree_on_many(self, side, reply, act):
        operation, unknown = answered(reply, lambda body: act(body.get("operation", {}).get("id")))
        agree_on_operation(side, reply[1]["operation"], operation)
        assert reply[1]["unknown"] == unknown

    @precondition(lambda self: any(side.book.operations for side in self.sides))
    @rule(side=SIDES, which=WHO)
    def undo(self, side, which):
        """In the same order."""
        side, other = self.sides[side], self.sides[1 - side]
        operations = sorted(reversed(side.book.operations), key=lambda one: one.restored is not None) + other.book.operations
        id = operations[which % len(operations)].id
        reply = side.ask("POST", f"/v1/customer-operations/{id}/undo")
        if operation := answered(reply, lambda _: side.book.undo(id)):
            agree_on_operation(side, reply[1], operation)

    # What is the other's

    @rule(side=SIDES, who=WHO, what=st.sampled_from([
        ("GET", "", None), ("PATCH", "", {"name": "Mine"}), ("DELETE", "", None), ("POST", "/restore", None), ("POST", "/erase", None),
        ("GET", "/history", None), ("GET", "/interactions", None), ("POST", "/interactions", {"kind": "note", "body": "Mine"}),
        ("GET", "/ledger", None), ("GET", "/ledger-entries", None), ("POST", "/ledger-entries", {"kind": "given", "amount_paise": 1}),
        ("GET", "/duplicates", None), ("GET", "/consent", None)]))
    def trespass(self, side, who, what):
        side, theirs, (method, path, body) = self.sides[side], self.sides[1 - side].living(who), what
        status, told, _ = side.ask(method, f"/v1/customers/{theirs}{path}", body, **({"If_Match": "*"} if method == "PATCH" else {}))
        assert (status, told["code"]) == (404, "customer_unknown")

    @rule(side=SIDES, who=WHO, own=WHO, is_taken=st.booleans())
    def merge_with_a_stranger(self, side, who, own, is_taken):
        """Theirs into ours, or ours into theirs."""
        ours, theirs = self.sides[side].living(own), self.sides[1 - side].living(who)
        id, other = (ours, theirs) if is_taken else (theirs, ours)
        status, told, _ = self.sides[side].ask("POST", f"/v1/customers/{id}/merge", {"customer_id": other})
        assert (status, told["code"]) == (404, "customer_unknown")

    @rule(side=SIDES, who=WHO)
    def give_to_a_stranger(self, side, who):
        side, other = self.sides[side], self.sides[1 - side]
        status, told, _ = side.ask("PATCH", "/v1/customers/" + side.one(who), {"owner_id": other.user}, If_Match="*")
        assert (status, told["code"]) in [(422, "validation_failed"), (404, "customer_unknown")]

    # What is seen

    @invariant()
    def the_books_agree(self):
        for side in self.sides:
            told = side.read("/v1/customers", expand="details", limit=100)["data"]
            wanted = sorted(side.book.everybody(), key=lambda customer: customer.id, reverse=True)
            assert [body["id"] for body in told] == [customer.id for customer in wanted]
            for body, customer in zip(told, wanted, strict=True):
                agree(body, customer)

    @invariant()
    def the_bins_agree(self):
        for side in self.sides:
            told = side.read("/v1/customers/deleted", limit=100)["data"]
            wanted = sorted(side.book.everybody("binned"), key=lambda customer: (customer.deleted, customer.id), reverse=True)
            assert [body["id"] for body in told] == [customer.id for customer in wanted]
            for body, customer in zip(told, wanted, strict=True):
                agree(body, customer)

    @invariant()
    def one_more_look_agrees(self):
        """Two of many, by turns: all of them after each step would take too long."""
        for look in range(2):
            place = 2 * self.turn + look
            LOOKS[place % len(LOOKS)](self.sides[place // len(LOOKS) % 2], place // (2 * len(LOOKS)))
        self.turn += 1

@pytest.fixture
def books(tmp_path):
    server = Server(tmp_path)
    Books.server, Books.wire = server, Wire(server)
    Books.people = [server.register(), server.register()]
    yield Books
    server.drop()


def test_the_server_says_what_the_model_says(books):
    run_state_machine_as_test(books, settings=settings(
        max_examples=EXAMPLES, stateful_step_count=STEPS, derandomize=True, database=None, deadline=None,
        suppress_health_check=list(HealthCheck)))
    print(f"{books.steps} steps")
    assert books.steps >= 10_000
