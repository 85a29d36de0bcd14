# SPDX-License-Identifier: Apache-2.0
"""What happened with customers, the newest first: what was struck out or corrected is left out, as are customers who were deleted."""
import datetime
import uuid
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query
from pydantic import BaseModel
from sqlalchemy import Integer, Select, Uuid, bindparam, func, or_, select, true
from sqlalchemy.orm import aliased

from access import Database, Tenant
from rows import CustomerRow, InteractionRow

router = APIRouter()
Limit = Annotated[int, Query(ge=1, le=100)]


class Attachment(BaseModel):
    url: str
    title: str | None


class Interaction(BaseModel):
    id: uuid.UUID
    customer_id: uuid.UUID
    kind: str
    direction: str | None
    occurred_at: datetime.datetime
    body: str | None
    amount_paise: int | None
    duration_seconds: int | None
    attachments: list[Attachment]
    actor: str
    actor_id: uuid.UUID | None
    corrects: uuid.UUID | None


class Timeline(BaseModel):
    data: list[Interaction]
    has_more: bool


TENANT, CUSTOMER, COUNT = bindparam("tenant", type_=Uuid), bindparam("customer", type_=Uuid), bindparam("count", type_=Integer)


def newest(row: type[InteractionRow]) -> Select:
    """As a lookup by key in each row: NOT EXISTS would be planned as a join over all that was corrected."""
    later = aliased(InteractionRow)
    correction = select(later.corrects).where(later.tenant_id == TENANT, later.corrects == row.id).scalar_subquery()
    return (select(row).where(row.tenant_id == TENANT, row.struck_reason.is_(None), correction.is_(None))
            .order_by(row.occurred_at.desc(), row.id.desc()).limit(COUNT))


def of_business() -> Select:
    named, alive = aliased(CustomerRow), aliased(CustomerRow)
    survivor = (select(func.coalesce(named.merged_into, named.id).label("id"))
                .where(named.tenant_id == TENANT, named.id == InteractionRow.customer_id).limit(1).lateral())
    shown = select(alive.id).where(alive.tenant_id == TENANT, alive.id == survivor.c.id, alive.deleted_at.is_(None)).limit(1).lateral()
    return newest(InteractionRow).select_from(InteractionRow).join(survivor, true()).join(shown, true()).add_columns(shown.c.id)


def of_customer() -> Select:
    merged = select(CustomerRow.id).where(CustomerRow.tenant_id == TENANT, or_(CustomerRow.id == CUSTOMER, CustomerRow.merged_into == CUSTOMER)).subquery()
    row = aliased(InteractionRow)
    found = newest(row).where(row.customer_id == merged.c.id).lateral()
    entry = aliased(InteractionRow, found)
    return select(entry).select_from(merged).join(found, true()).order_by(entry.occurred_at.desc(), entry.id.desc()).limit(COUNT)


# Put together once: doing that for each request takes ten times what the database does.
OF_BUSINESS, OF_CUSTOMER = of_business(), of_customer()


def page(rows, limit: int) -> Timeline:
    shown = [Interaction(
        id=row.id, customer_id=customer, kind=row.kind, direction=row.direction, occurred_at=row.occurred_at, body=row.body, amount_paise=row.amount_paise,
        duration_seconds=row.duration_seconds, actor=row.actor, actor_id=row.actor_id, corrects=row.corrects,
        attachments=[Attachment(url=url, title=title or None) for url, title in zip(row.attachments, row.attachment_titles)]) for row, customer in rows[:limit]]
    return Timeline(data=shown, has_more=len(rows) > limit)


@router.get("/v1/interactions")
async def list_interactions(tenant: Tenant, session: Database, limit: Limit = 25) -> Timeline:
    rows = await session.execute(OF_BUSINESS, {"tenant": tenant, "count": limit + 1})
    return page(rows.all(), limit)


@router.get("/v1/customers/{customer_id}/interactions")
async def list_customer_interactions(customer_id: str, tenant: Tenant, session: Database, limit: Limit = 25) -> Timeline:
    customer = uuid.UUID(customer_id.removeprefix("cus_"))
    if await session.get(CustomerRow, (tenant, customer)) is None:
        raise HTTPException(404)
    rows = await session.scalars(OF_CUSTOMER, {"tenant": tenant, "customer": customer, "count": limit + 1})
    return page([(row, customer) for row in rows], limit)
