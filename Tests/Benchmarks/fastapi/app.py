# SPDX-License-Identifier: Apache-2.0
"""A peer to measure against: the same list of customers as its community writes it, with FastAPI, SQLAlchemy 2 and asyncpg.

The token is checked with each request, the tenant set for the transaction, and the rows read under row security.
"""
import datetime
import os
import uuid
from typing import Annotated

import jwt
from fastapi import Depends, FastAPI, HTTPException, Query
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel, ConfigDict
from sqlalchemy import ARRAY, Text, select, text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

engine = create_async_engine(os.environ["FASTAPI_DATABASE_URL"], pool_size=4, max_overflow=0)
sessions = async_sessionmaker(engine, expire_on_commit=False)
key = jwt.PyJWKSet.from_json(os.environ["FASTAPI_JWKS"]).keys[0]
bearer = HTTPBearer()


class Base(DeclarativeBase):
    pass


class CustomerRow(Base):
    __tablename__ = "customers"
    __table_args__ = {"schema": "app"}
    tenant_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    name: Mapped[str | None]
    phone: Mapped[str | None]
    email: Mapped[str | None]
    stage: Mapped[str]
    tags: Mapped[list[str]] = mapped_column(ARRAY(Text))
    notes: Mapped[str | None]
    version: Mapped[int]
    created_at: Mapped[datetime.datetime]
    updated_at: Mapped[datetime.datetime]


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


def current_tenant(credentials: Annotated[HTTPAuthorizationCredentials, Depends(bearer)]) -> uuid.UUID:
    try:
        claims = jwt.decode(credentials.credentials, key.key, algorithms=["EdDSA"], audience="unnati-api", issuer="unnati")
    except jwt.PyJWTError as error:
        raise HTTPException(401) from error
    return uuid.UUID(claims["tid"].removeprefix("ten_"))


async def database(tenant: Annotated[uuid.UUID, Depends(current_tenant)]):
    async with sessions() as session, session.begin():
        await session.execute(text(f"SET LOCAL app.tenant_id = '{tenant}'"))
        yield session


app = FastAPI()


@app.get("/v1/customers")
async def list_customers(
    tenant: Annotated[uuid.UUID, Depends(current_tenant)], session: Annotated[AsyncSession, Depends(database)],
    limit: Annotated[int, Query(ge=1, le=100)] = 25,
) -> Page:
    statement = select(CustomerRow).where(CustomerRow.tenant_id == tenant).order_by(CustomerRow.id.desc()).limit(limit + 1)
    rows = (await session.scalars(statement)).all()
    return Page(data=[Customer.model_validate(row) for row in rows[:limit]], has_more=len(rows) > limit)


@app.get("/livez")
async def livez() -> dict[str, str]:
    return {"status": "alive"}
