"""Read the audit log."""

from typing import Annotated

import azure.durable_functions as df
import azure.functions as func
from pydantic import Field

from domain.audit import AuditRecord
from domain.identity import Role
from domain.wire import OneLine, Timestamp, Wire, in_words
from services.container import services
from triggers.http.support.operation import operation
from triggers.http.support.paging import PageQuery, read_page
from triggers.http.support.request_params import read_query
from triggers.http.support.responses import answer

bp = df.Blueprint()


CallerName = Annotated[
    OneLine, Field(pattern="^[^\ufffd]+$"), in_words("Must be the name of a caller, as the log has it, in UTF-8")
]


class AuditQuery(PageQuery):
    """The query of the audit log. who: only what this caller did. since: only what was done then or later."""

    who: CallerName | None = None
    since: Timestamp | None = None


class AuditPage(Wire):
    """One page of the audit log. `next_cursor` is for the next page, null on the last one."""

    records: tuple[AuditRecord, ...]
    next_cursor: str | None


@operation(bp, "GET", "audit", roles=frozenset({Role.AUDITOR}), query=AuditQuery, answers={200: AuditPage})
async def list_audit_records(req: func.HttpRequest) -> func.HttpResponse:
    """List what people did, newest first.

    An action has a record from before it was tried, and another of how it was answered. Nothing is changed, or removed before
    its retention is over.
    """
    page = await read_page(services().audit_log.list, read_query(req, AuditQuery))
    return answer(AuditPage(records=tuple(page.items), next_cursor=page.cursor))
