# SPDX-License-Identifier: Apache-2.0
"""Whoever walks through a list page by page meets each row that stays exactly once, whatever happens to the others meanwhile."""
import collections
import contextlib
import itertools
import random
import re
import threading
import urllib.parse

import pytest
import yaml
from conftest import REPOSITORY, Server
from paged_lists import SHOPS, Shop

# Of each list, at least.
WALKS, CHANGES = 12, 40


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("walks"))
    yield server
    server.drop()


@pytest.fixture(scope="module")
def person(server):
    return server.register()


class Meanwhile:
    """Somebody who changes the others over and over, by a connection of their own."""

    def __init__(self, shop, act):
        self.shop, self.act, self.done, self.failure = shop, act, 0, None
        self.session, self.ends = shop.another_session(), threading.Event()

    def call(self, method, path, body=None, **headers):
        return self.shop.call(method, path, body, self.session, **headers)

    def run(self):
        try:
            while not self.ends.is_set():
                self.act(self.call)
                self.done += 1
        except Exception as failure:
            self.failure = failure

    @contextlib.contextmanager
    def acting(self):
        thread = threading.Thread(target=self.run)
        thread.start()
        try:
            yield
        finally:
            self.ends.set()
            thread.join()
        if self.failure:
            raise self.failure


def walk(shop, paged, sizes):
    """Rows in the order in which they are met, by what tells them apart."""
    cursor, met = None, []
    while True:
        query = {"limit": next(sizes), **({} if cursor is None else {"cursor": cursor})}
        page = shop.call("GET", paged.path + ("&" if "?" in paged.path else "?") + urllib.parse.urlencode(query))
        assert "data" in page, (paged.path, query)
        met += [paged.key(row) for row in page["data"]]
        cursor = page.get("next_cursor")
        assert page["has_more"] == (cursor is not None) and len(met) < 100_000
        if cursor is None:
            return met


@pytest.mark.parametrize("make", SHOPS, ids=lambda make: make.__name__)
def test_a_walk_meets_each_row_once(server, person, make):
    seed = sum(map(ord, make.__name__))
    shop, own = Shop(server, person, random.Random(seed)), random.Random(seed)
    lists, act = make(shop)
    before = [walk(shop, paged, itertools.repeat(100)) for paged in lists]
    meanwhile = Meanwhile(shop, act)
    with meanwhile.acting():
        for paged, rows in zip(lists, before, strict=True):
            kept = [row for row in rows if row not in shop.others]
            assert len(kept) >= 10 and len(set(rows)) == len(rows), paged.path
            walks, done = 0, meanwhile.done
            while walks < WALKS or meanwhile.done < done + CHANGES and meanwhile.failure is None:
                largest = own.choice([1, 3, 10, 30])
                met = walk(shop, paged, iter(lambda most=largest: own.randint(1, most), None))
                times = collections.Counter(met)
                assert [row for row in kept if times[row] != 1] == [], (paged.path, seed)
                assert paged.moves or max(times.values()) == 1, (paged.path, seed, times.most_common(3))
                walks += 1
    print(f"{make.__name__}: {meanwhile.done} changes meanwhile")


def test_no_list_is_left_out(server, person):
    walked = {re.sub("[a-z]{3}_[0-9a-f]{32}", "{}", paged.path.split("?")[0]) for make in SHOPS
              for paged in make(Shop(server, person, random.Random(1)))[0]}
    description = yaml.safe_load((REPOSITORY / "openapi.yaml").read_text())
    paged = {re.sub("{[a-z_]+}", "{}", path) for path, operations in description["paths"].items()
             if {"$ref": "#/components/parameters/Cursor"} in operations.get("get", {}).get("parameters", [])}
    assert walked == paged
