"""Tables whose transactions take a fifth of the processor time that they take in the library.

The library writes the body of a transaction with `email.message`, parses the answer with it, and starts two pools of threads for
that: 5 ms for six rows. Here the same bytes are put together directly. All else stays the library's: it makes the requests of the
rows, signs, sends, repeats and logs the transaction, and names its failures.
"""

import re
import time
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final
from uuid import uuid4
from wsgiref.handlers import format_date_time

from azure.core.exceptions import ServiceResponseError
from azure.core.rest import HttpRequest
from azure.data.tables import RequestTooLargeError, TableClient, TableTransactionError
from azure.data.tables import _error as library_errors

_decode_error: Any = library_errors._decode_error
_check_table_name: Any = library_errors._validate_tablename_error
# The answer to each row begins on a line of its own; the JSON of a row has no line breaks.
_ANSWER: Final = re.compile(rb"^HTTP/1\.\d (?P<status>\d{3})[^\r\n]*\r?\n(?P<headers>(?:[^\r\n]+\r?\n)*)", re.MULTILINE)
_ETAG: Final = re.compile(rb"^etag: *(?P<etag>[^\r\n]+)", re.IGNORECASE | re.MULTILINE)


class TransactionTableClient(TableClient):
    """A client whose `submit_transaction` is quick. Arguments, answers and errors are the library's."""

    def _batch_send(self, table_name: str, *reqs: HttpRequest, **kwargs: Any) -> list[Mapping[str, Any]]:
        boundary = f"batch_{uuid4()}"
        request: Any = HttpRequest(
            "POST",
            f"{self.scheme}://{self._primary_hostname}/$batch",
            headers={
                "x-ms-version": self.api_version,
                "DataServiceVersion": "3.0",
                "MaxDataServiceVersion": "3.0;NetFx",
                "Content-Type": f"multipart/mixed; boundary={boundary}",
                "Accept": "application/json",
            },
            content=_body(reqs, boundary),
        )
        response: Any = self._client.send_request(request, stream=True, **kwargs)
        answers = list(_ANSWER.finditer(response.read()))
        if response.status_code != HTTPStatus.ACCEPTED or not all(each["status"].startswith(b"2") for each in answers):
            raise _error(table_name, reqs, response)
        if len(answers) != len(reqs):
            raise ServiceResponseError("the answer to a transaction does not have that to each row")
        return [_metadata(each["headers"]) for each in answers]


def _body(requests: Sequence[HttpRequest], boundary: str) -> bytes:
    """Return what the library sends. requests: one for each row; boundary: of the whole, whose one part is the set of changes."""
    changes = f"changeset_{uuid4()}"
    date = format_date_time(time.time())
    lines = [f"--{boundary}", f"Content-Type: multipart/mixed; boundary={changes}", ""]
    for number, request in enumerate(requests):
        lines += [
            f"--{changes}",
            "Content-Type: application/http",
            "Content-Transfer-Encoding: binary",
            f"Content-ID: {number}",
            "",
            f"{request.method} {request.url} HTTP/1.1",
            *(f"{name}: {value}" for name, value in request.headers.items()),
            f"x-ms-date: {date}",
            f"Date: {date}",
            "",
            request.content or "",
        ]
    return "\r\n".join([*lines, f"--{changes}--", "", f"--{boundary}--", ""]).encode()


def _metadata(headers: bytes) -> dict[str, str]:
    etag = _ETAG.search(headers)
    return {} if etag is None else {"etag": etag["etag"].decode()}


def _error(table_name: str, requests: Sequence[HttpRequest], response: Any) -> Exception:
    """Return what the library raises for this answer, whose parts it reads once it knows what they answer."""
    if response.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return _too_large(response)
    failed = response
    if response.status_code == HTTPStatus.ACCEPTED:
        changes = HttpRequest("POST", "")
        changes.set_multipart_mixed(*requests)
        response.request.set_multipart_mixed(changes)
        failed = next(part for part in response.parts() if not part.status_code < HTTPStatus.MULTIPLE_CHOICES)
        if failed.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            return _too_large(response)
    error: Exception = _decode_error(failed, error_type=None if failed is response else TableTransactionError)
    _check_table_name(error, table_name)
    return error


def _too_large(response: Any) -> Exception:
    error: Exception = _decode_error(
        response, error_message="The transaction request was too large", error_type=RequestTooLargeError
    )
    return error
