# SPDX-License-Identifier: Apache-2.0
"""Who asks, and the transaction in which they are answered."""
import os
import uuid
from typing import Annotated

import jwt
from fastapi import Depends, HTTPException
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

engine = create_async_engine(os.environ["FASTAPI_DATABASE_URL"], pool_size=4, max_overflow=0)
sessions = async_sessionmaker(engine, expire_on_commit=False)
key = jwt.PyJWKSet.from_json(os.environ["FASTAPI_JWKS"]).keys[0]
bearer = HTTPBearer()


def current_tenant(credentials: Annotated[HTTPAuthorizationCredentials, Depends(bearer)]) -> uuid.UUID:
    try:
        claims = jwt.decode(credentials.credentials, key.key, algorithms=["EdDSA"], audience="unnati-api", issuer="unnati")
    except jwt.PyJWTError as error:
        raise HTTPException(401) from error
    return uuid.UUID(claims["tid"].removeprefix("ten_"))


async def enter(session: AsyncSession, tenant: uuid.UUID):
    await session.execute(text(f"SET LOCAL app.tenant_id = '{tenant}'"))


async def database(tenant: Annotated[uuid.UUID, Depends(current_tenant)]):
    async with sessions() as session, session.begin():
        await enter(session, tenant)
        yield session


Tenant = Annotated[uuid.UUID, Depends(current_tenant)]
Database = Annotated[AsyncSession, Depends(database)]
