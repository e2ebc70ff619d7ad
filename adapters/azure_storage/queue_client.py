"""A client of a queue that sends a message in a third of the processor time of the library's.

The library sends a request through seventeen policies, twelve of which do nothing for a message, and reads the answer into models.
Here the same bytes go through the others. All else stays the library's: it signs, sends and repeats the request, and names its
failures. What is called with other options than here goes the library's way.
"""

from datetime import datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, Final
from xml.etree.ElementTree import Element

from azure.core.exceptions import HttpResponseError, ServiceResponseError
from azure.core.pipeline.policies import ContentDecodePolicy
from azure.core.pipeline.transport import HttpRequest
from azure.storage.queue import QueueClient, QueueMessage, TextBase64EncodePolicy
from azure.storage.queue._generated import models as library_models
from azure.storage.queue._generated._utils import model_base as library_answers
from azure.storage.queue._shared import policies as library_policies
from azure.storage.queue._shared import response_handlers as library_errors

from adapters.azure_storage.library_calls import IDLE_POLICIES, pipeline_of, raise_by_status

_read_error: Any = library_answers._failsafe_deserialize_xml
# The library's own are for other requests than this, or must be asked for.
_IDLE: Final = (
    *IDLE_POLICIES,
    library_policies.QueueMessagePolicy,
    library_policies.RangeHeaderPolicy,
    library_policies.StorageContentValidation,
    library_policies.StorageHosts,
    library_policies.StorageLoggingPolicy,
    library_policies.StorageRequestHook,
    library_policies.StorageSensitiveHeaderCleanupPolicy,
)
_HEADERS: Final = {"Content-Type": "application/xml", "Accept": "application/xml"}
_BODY: Final = "<?xml version='1.0' encoding='utf-8'?>\n<QueueMessage><MessageText>{}</MessageText></QueueMessage>"


class QuickQueueClient(QueueClient):
    """A client whose `send_message` is quick. Arguments, answers and errors are the library's."""

    def __init__(self, account_url: str, queue_name: str, credential: Any = None, **options: Any) -> None:
        super().__init__(account_url, queue_name, credential, **options)
        _, library = self._create_pipeline(self.credential, sdk_moniker=self._sdk_moniker, **options)
        policies = [getattr(each, "_policy", each) for each in library._impl_policies]
        self._quick = pipeline_of(library._transport, policies, _IDLE)
        self._messages_url = f"{self.url}/messages"
        # Else a message may have to be escaped, and an address have a signature.
        self._is_usual = isinstance(self._message_encode_policy, TextBase64EncodePolicy) and "?" not in self.url

    def send_message(
        self,
        content: object,
        *,
        visibility_timeout: int | None = None,
        time_to_live: int | None = None,
        **options: Any,
    ) -> QueueMessage:
        """Add a message to the queue."""
        asked = {"visibilitytimeout": visibility_timeout, "messagettl": time_to_live}
        is_usual = isinstance(content, str) and all(isinstance(each, int | None) for each in asked.values())
        if options or not content or not is_usual or not self._is_usual:
            return super().send_message(
                content, visibility_timeout=visibility_timeout, time_to_live=time_to_live, **options
            )
        query = "&".join(f"{name}={value}" for name, value in asked.items() if value is not None)
        body = _BODY.format(self._message_encode_policy(content)).encode()
        headers = {**_HEADERS, "x-ms-version": self.api_version, "Content-Length": str(len(body))}
        request = HttpRequest("POST", f"{self._messages_url}?{query}".rstrip("?"), headers, data=body)
        try:
            return _sent(content, self._quick.run(request, stream=False).http_response)
        except HttpResponseError as error:
            library_errors.process_storage_error(error)


def _sent(content: object, response: Any) -> QueueMessage:
    """Return the message as the service took it, or raise what the library raises first, before it reads the service's code."""
    if response.status_code != HTTPStatus.CREATED:
        raise_by_status(response, lambda: _read_error(library_models.Error, response))
    answer = ContentDecodePolicy.deserialize_from_http_generics(response, "utf-8")
    taken = answer.find("QueueMessage") if isinstance(answer, Element) else None
    if taken is None:
        raise ServiceResponseError("the answer to a message does not have it")
    return QueueMessage(
        content,
        id=taken.findtext("MessageId"),
        inserted_on=_time(taken, "InsertionTime"),
        expires_on=_time(taken, "ExpirationTime"),
        pop_receipt=taken.findtext("PopReceipt"),
        next_visible_on=_time(taken, "TimeNextVisible"),
    )


def _time(taken: Element, name: str) -> datetime:
    try:
        return parsedate_to_datetime(taken.findtext(name, ""))
    except ValueError:
        raise ServiceResponseError("the answer to a message does not have its times") from None
