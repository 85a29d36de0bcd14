# SPDX-License-Identifier: Apache-2.0
"""The search box, by the same function of the database. Words are looked for as they are typed: the peer knows no sounds."""
import datetime
import re
import unicodedata
import uuid
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel
from sqlalchemy import Select, bindparam, func, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import BigInteger, Text, Uuid

from access import Database, Tenant
from rows import CustomerRow

router = APIRouter()


class Found(BaseModel):
    id: uuid.UUID
    name: str | None
    phone: str | None
    email: str | None
    stage: str
    tags: list[str]
    notes: str | None
    version: int
    created_at: datetime.datetime
    updated_at: datetime.datetime


class Results(BaseModel):
    data: list[Found]


def fold(typed: str) -> str:
    """Without case and accents."""
    plain = unicodedata.normalize("NFKD", typed.casefold())
    return unicodedata.normalize("NFC", "".join(letter for letter in plain if not 0x300 <= ord(letter) <= 0x36F))


def words(typed: str) -> list[str]:
    """Letters, digits and the marks that scripts of India write with them."""
    kept = "".join(letter if unicodedata.category(letter)[0] in "LMN" else " " for letter in fold(typed))
    return kept.split()


def patterns(typed: str) -> tuple[list[str], str | None, str | None]:
    """What LIKE is asked for, what notes are, and what may be typed wrong."""
    digits = re.sub(r"[ +().-]", "", typed)
    if digits.isascii() and digits.isdigit() and len(digits) >= 3:
        return [f"%{digits.lstrip('0')}%"], None, None
    found = words(typed)[:8]
    notes = " & ".join(f"'{word}':*" for word in found) if all(len(word.encode()) >= 3 for word in found) else None
    return [f"% {word}%" for word in found], notes, fold(typed) if len(typed) >= 4 else None


def best() -> Select:
    asked = func.app.search_customers(
        bindparam("words", type_=ARRAY(Text)), bindparam("sounds", type_=ARRAY(Text)), bindparam("notes", type_=Text), bindparam("mistyped", type_=Text),
        bindparam("owner", None, Uuid), bindparam("most", type_=BigInteger)).table_valued("customer_id", "place")
    places = (select(asked.c.customer_id, func.min(asked.c.place).label("place")).group_by(asked.c.customer_id)
              .order_by(text("place"), asked.c.customer_id.desc()).limit(bindparam("most", type_=BigInteger)).subquery())
    return (select(CustomerRow).join(places, places.c.customer_id == CustomerRow.id)
            .where(CustomerRow.tenant_id == bindparam("tenant", type_=Uuid), CustomerRow.deleted_at.is_(None)).order_by(places.c.place, CustomerRow.id.desc()))


BEST = best()


@router.get("/v1/customers/search")
async def search_customers(
    tenant: Tenant, session: Database, q: Annotated[str, Query(min_length=1, max_length=100)], limit: Annotated[int, Query(ge=1, le=100)] = 25,
) -> Results:
    likes, notes, mistyped = patterns(q)
    rows = await session.scalars(BEST, {"tenant": tenant, "words": likes, "sounds": likes, "notes": notes, "mistyped": mistyped, "most": limit})
    return Results(data=[Found.model_validate(row, from_attributes=True) for row in rows])
