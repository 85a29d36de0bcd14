# SPDX-License-Identifier: Apache-2.0
"""The tables, as far as the peer reads and writes them."""
import datetime
import uuid

from sqlalchemy import ARRAY, Text, func
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass


class CustomerRow(Base):
    __tablename__ = "customers"
    __table_args__ = {"schema": "app"}
    tenant_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    name: Mapped[str | None]
    name_key: Mapped[str | None] = mapped_column(deferred=True)
    phone: Mapped[str | None]
    email: Mapped[str | None]
    city: Mapped[str | None] = mapped_column(deferred=True)
    stage: Mapped[str]
    tags: Mapped[list[str]] = mapped_column(ARRAY(Text))
    notes: Mapped[str | None]
    version: Mapped[int]
    created_at: Mapped[datetime.datetime]
    updated_at: Mapped[datetime.datetime]
    deleted_at: Mapped[datetime.datetime | None] = mapped_column(deferred=True)
    merged_into: Mapped[uuid.UUID | None] = mapped_column(deferred=True)


class InteractionRow(Base):
    __tablename__ = "interactions"
    __table_args__ = {"schema": "app"}
    tenant_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    customer_id: Mapped[uuid.UUID]
    kind: Mapped[str]
    direction: Mapped[str | None]
    occurred_at: Mapped[datetime.datetime]
    actor: Mapped[str]
    actor_id: Mapped[uuid.UUID | None]
    body: Mapped[str | None]
    amount_paise: Mapped[int | None]
    duration_seconds: Mapped[int | None]
    attachments: Mapped[list[str]] = mapped_column(ARRAY(Text))
    attachment_titles: Mapped[list[str]] = mapped_column(ARRAY(Text))
    first_id: Mapped[uuid.UUID]
    version: Mapped[int]
    corrects: Mapped[uuid.UUID | None]
    struck_reason: Mapped[str | None] = mapped_column(deferred=True)


class ImportRow(Base):
    """A customer file being brought in."""

    __tablename__ = "customer_imports"
    __table_args__ = {"schema": "app"}
    tenant_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    created_by: Mapped[uuid.UUID]
    state: Mapped[str]
    file_bytes: Mapped[int]
    rows_done: Mapped[int]
    rows_created: Mapped[int]
    rows_updated: Mapped[int]
    rows_rejected: Mapped[int]
    updated_at: Mapped[datetime.datetime] = mapped_column(server_default=func.now())


class VerdictRow(Base):
    """What became of one row of a customer file."""

    __tablename__ = "customer_import_rows"
    __table_args__ = {"schema": "app"}
    tenant_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    import_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    row_number: Mapped[int] = mapped_column(primary_key=True)
    verdict: Mapped[str]
    customer_id: Mapped[uuid.UUID | None]
    code: Mapped[str | None]
    detail: Mapped[str | None]
    cells: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
