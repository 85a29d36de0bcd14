# SPDX-License-Identifier: Apache-2.0
"""Brings a customer file in, behind the reply: each row checked by a model, five hundred to a transaction, customers with a number that is known updated."""
import csv
import io
import itertools
import os
import re
import time
import uuid
from typing import Annotated

import jwt
from fastapi import APIRouter, BackgroundTasks, Depends, HTTPException, Request, Response
from fastapi.security import HTTPAuthorizationCredentials
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, ValidationError, model_validator
from sqlalchemy import func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from access import Database, Tenant, bearer, enter, sessions
from rows import CustomerRow, ImportRow, VerdictRow
from searches import fold, words

router = APIRouter()
BATCH_ROWS = 500


def uuid7() -> uuid.UUID:
    milliseconds, chance = time.time_ns() // 1_000_000, int.from_bytes(os.urandom(10))
    return uuid.UUID(int=milliseconds << 80 | 7 << 76 | (chance >> 68 & 0xFFF) << 64 | 2 << 62 | chance & (1 << 62) - 1)


def e164(typed: str | None) -> str | None:
    digits = re.sub(r"[ ().-]", "", typed or "")
    if not digits:
        return None
    national = re.fullmatch(r"(?:\+91|0091|91|0)?([6-9]\d{9})", digits)
    if national is None:
        raise ValueError("no mobile number of India")
    return "+91" + national[1]


def absent(typed: str | None) -> str | None:
    return typed.strip() or None if typed else None


def split(typed: str | None) -> list[str]:
    return list(dict.fromkeys(tag.strip() for tag in (typed or "").split(";") if tag.strip()))


class NewCustomer(BaseModel):
    model_config = ConfigDict(extra="ignore")
    name: Annotated[Annotated[str, Field(max_length=200)] | None, BeforeValidator(absent)] = None
    phone: Annotated[str | None, BeforeValidator(e164)] = None
    email: Annotated[Annotated[str, StringConstraints(to_lower=True, pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")] | None, BeforeValidator(absent)] = None
    city: Annotated[Annotated[str, Field(max_length=100)] | None, BeforeValidator(absent)] = None
    tags: Annotated[list[Annotated[str, Field(max_length=50)]], BeforeValidator(split), Field(max_length=50)] = []
    notes: Annotated[Annotated[str, Field(max_length=10_000)] | None, BeforeValidator(absent)] = None

    @model_validator(mode="after")
    def is_known_by_something(self):
        if not (self.name or self.phone or self.email):
            raise ValueError("a name, a phone number or an e-mail address")
        return self


class Import(BaseModel):
    id: uuid.UUID
    state: str
    rows_done: int
    rows_created: int
    rows_updated: int
    rows_rejected: int


def search_key(tenant: uuid.UUID, customer: uuid.UUID, row: NewCustomer) -> dict:
    """Found by the words of the name, their consonants, the number, the address and the tags."""
    names = words(row.name or "")
    sounds = ["~" + re.sub("[aeiouh]", "", name) for name in names]
    tags = words(" ".join(row.tags))
    key = [*names, *sounds, row.phone or "", row.email or "", *words(row.city or ""), *("#" + tag for tag in tags), *tags]
    return {"tenant_id": tenant, "customer_id": customer, "key": " " + " ".join(dict.fromkeys(filter(None, key))) + " ", "names": fold(row.name or ""),
            "sound": " ".join(sorted(sound[1:] for sound in sounds)), "noted": sorted({word for word in words(row.notes or "") if len(word) >= 3})}


async def put(session: AsyncSession, tenant: uuid.UUID, import_id: uuid.UUID, batch: list[tuple[int, dict]]):
    verdicts, known, others = [], {}, []
    for number, cells in batch:
        try:
            row = NewCustomer.model_validate(cells)
        except ValidationError as error:
            verdicts.append({"row_number": number, "verdict": "rejected", "customer_id": None, "code": "invalid", "detail": str(error.errors()[0]["msg"]),
                             "cells": [cell or "" for cell in cells.values()]})
            continue
        # Who stands there twice is one customer, as the last row has them.
        if row.phone in known:
            others.append((number, row.phone))
        known[row.phone or number] = (number, row)
    values = [{"tenant_id": tenant, "id": uuid7(), "name": row.name, "name_key": row.name and fold(row.name), "phone": row.phone, "email": row.email, "city": row.city,
               "tags": row.tags, "notes": row.notes} for _, row in known.values()]
    if values:
        statement = insert(CustomerRow)
        statement = statement.on_conflict_do_update(
            index_elements=["tenant_id", "phone"], index_where=text("deleted_at IS NULL"),
            set_={**{name: statement.excluded[name] for name in ["name", "name_key", "email", "city", "tags", "notes"]},
                  "version": CustomerRow.version + 1, "updated_at": func.now()})
        # With what is empty written out, or rows that lack different cells would go in statements of their own.
        written = await session.scalars(statement.returning(CustomerRow.id), values, execution_options={"render_nulls": True})
        ids = set(written.all())
        # Rows that were there have ids of their own: those are asked for once more.
        by_phone = {}
        if any(value["id"] not in ids for value in values):
            phones = [value["phone"] for value in values if value["id"] not in ids]
            by_phone = dict((await session.execute(select(CustomerRow.phone, CustomerRow.id).where(
                CustomerRow.tenant_id == tenant, CustomerRow.phone.in_(phones), CustomerRow.deleted_at.is_(None)))).tuples().all())
        keys = []
        for value, (number, row) in zip(values, known.values()):
            customer = value["id"] if value["id"] in ids else by_phone[value["phone"]]
            keys.append(search_key(tenant, customer, row))
            verdicts.append({"row_number": number, "verdict": "created" if customer == value["id"] else "updated", "customer_id": customer, "code": None,
                             "detail": None, "cells": None})
        await session.execute(text(
            "INSERT INTO app.customer_search_keys (tenant_id, customer_id, key, names, sound, note_words) VALUES (:tenant_id, :customer_id, :key, :names, :sound, array_to_tsvector(:noted)) "
            "ON CONFLICT (tenant_id, customer_id) DO UPDATE SET key = excluded.key, names = excluded.names, sound = excluded.sound, note_words = excluded.note_words"), keys)
        at = {value["phone"]: verdict["customer_id"] for value, verdict in zip(values, verdicts[-len(values):])}
        verdicts += [{"row_number": number, "verdict": "updated", "customer_id": at[phone], "code": None, "detail": None, "cells": None} for number, phone in others]
    await session.execute(insert(VerdictRow), [{"tenant_id": tenant, "import_id": import_id, **verdict} for verdict in verdicts])
    count = {verdict: sum(row["verdict"] == verdict for row in verdicts) for verdict in ["created", "updated", "rejected"]}
    await session.execute(update(ImportRow).where(ImportRow.tenant_id == tenant, ImportRow.id == import_id).values(
        rows_done=ImportRow.rows_done + len(verdicts), rows_created=ImportRow.rows_created + count["created"], rows_updated=ImportRow.rows_updated + count["updated"],
        rows_rejected=ImportRow.rows_rejected + count["rejected"], updated_at=func.now()))


async def work(tenant: uuid.UUID, import_id: uuid.UUID, content: bytes):
    rows = enumerate(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))), start=2)
    while batch := list(itertools.islice(rows, BATCH_ROWS)):
        async with sessions() as session, session.begin():
            await enter(session, tenant)
            await put(session, tenant, import_id, batch)
    async with sessions() as session, session.begin():
        await enter(session, tenant)
        await session.execute(update(ImportRow).where(ImportRow.tenant_id == tenant, ImportRow.id == import_id).values(state="completed"))


def current_user(credentials: Annotated[HTTPAuthorizationCredentials, Depends(bearer)]) -> uuid.UUID:
    """Of a token that was checked with the tenant."""
    return uuid.UUID(jwt.decode(credentials.credentials, options={"verify_signature": False})["sub"].removeprefix("usr_"))


@router.post("/v1/customers/import", status_code=202)
async def import_customers(
    request: Request, response: Response, tasks: BackgroundTasks, tenant: Tenant, user: Annotated[uuid.UUID, Depends(current_user)],
) -> Import:
    content = await request.body()
    row = ImportRow(tenant_id=tenant, id=uuid7(), created_by=user, state="running", file_bytes=len(content), rows_done=0, rows_created=0, rows_updated=0, rows_rejected=0)
    # Committed before the work begins, which is done in transactions of its own.
    async with sessions() as session, session.begin():
        await enter(session, tenant)
        session.add(row)
    tasks.add_task(work, tenant, row.id, content)
    response.headers["Location"] = f"/v1/customer-imports/{row.id}"
    return Import.model_validate(row, from_attributes=True)


@router.get("/v1/customer-imports/{import_id}")
async def get_import(import_id: uuid.UUID, tenant: Tenant, session: Database) -> Import:
    row = await session.get(ImportRow, (tenant, import_id))
    if row is None:
        raise HTTPException(404)
    return Import.model_validate(row, from_attributes=True)
