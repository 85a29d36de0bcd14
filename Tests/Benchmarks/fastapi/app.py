# SPDX-License-Identifier: Apache-2.0
"""A peer to measure against: lists, timelines, searches and imports as its community writes them, with FastAPI, SQLAlchemy 2 and asyncpg.

The token is checked with each request, the tenant set for the transaction, and the rows read under row security.
"""
import datetime
import uuid
from typing import Annotated

from fastapi import FastAPI, Query
from pydantic import BaseModel, ConfigDict
from sqlalchemy import select

import imports
import searches
import timelines
from access import Database, Tenant
from rows import CustomerRow


class Customer(BaseModel):
    model_config = ConfigDict(from_attributes=True)
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


class Page(BaseModel):
    data: list[Customer]
    has_more: bool


app = FastAPI()


@app.get("/v1/customers")
async def list_customers(tenant: Tenant, session: Database, limit: Annotated[int, Query(ge=1, le=100)] = 25) -> Page:
    statement = select(CustomerRow).where(CustomerRow.tenant_id == tenant).order_by(CustomerRow.id.desc()).limit(limit + 1)
    rows = (await session.scalars(statement)).all()
    return Page(data=[Customer.model_validate(row) for row in rows[:limit]], has_more=len(rows) > limit)


@app.get("/livez")
async def livez() -> dict[str, str]:
    return {"status": "alive"}


app.include_router(timelines.router)
app.include_router(searches.router)
app.include_router(imports.router)
