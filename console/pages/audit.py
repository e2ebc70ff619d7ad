"""The audit log: what people did, newest first."""

import asyncio
from datetime import UTC, datetime, time
from typing import Annotated, Final

import azure.functions as func
from pydantic import Field

from console.web.page import page
from console.web.visit import Visit
from domain.audit import AuditRecord
from domain.identity import Role
from domain.page import InvalidCursor, Page
from domain.refusals import Invalid
from domain.wire import Day, Edge, OneLine
from services.container import services

_PAGE_SIZE: Final = 50


class AuditQuery(Edge):
    """The query of the log. who: only what this person did. since: a day, which is included."""

    who: OneLine | None = None
    since: Day | None = None
    cursor: Annotated[str, Field(max_length=2_000)] | None = None


@page("GET", "audit", roles=frozenset({Role.AUDITOR}), menu="Audit log")
async def show_audit_log(visit: Visit) -> func.HttpResponse:
    """Show one page of the log."""
    query = visit.query(AuditQuery)
    found = await asyncio.to_thread(_read, query)
    return visit.show("audit.html", query=query, records=found.items, cursor=found.cursor)


def _read(query: AuditQuery) -> Page[AuditRecord]:
    since = None if query.since is None else datetime.combine(query.since, time.min, UTC)
    try:
        return services().audit_log.list(who=query.who, since=since, cursor=query.cursor, limit=_PAGE_SIZE)
    except InvalidCursor:
        raise Invalid.of_field("cursor", "invalid_cursor", "Must come from this list") from None
