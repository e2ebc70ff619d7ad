"""Queue functions.

Messages are leased, kept while the function runs, deleted when it succeeds, and after too many failed deliveries moved to
`{queue}-poison`.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping

from azure.functions.meta import Datum

from local_host.app.binding_types import BindingServices, OutputType, TriggerType, register
from local_host.app.function import Binding, Function
from local_host.app.host_json import QueueOptions
from local_host.app.settings import resolve_references
from local_host.bindings.json_fields import fields_of, parsed
from local_host.bindings.leased_messages import LeasedMessage, LeasedMessages
from local_host.bindings.messages import (
    KnownToExist,
    connection_of,
    create_if_missing,
    decode_message,
    encode_message,
    log_poison,
)
from local_host.bindings.path_pattern import fill_path
from local_host.bindings.queue_messages import message_bodies, message_by_hand, message_datum, metadata
from local_host.engine.failure_log import counted
from local_host.engine.log_categories import function_logger

_VISIBILITY_TIMEOUT_S = 600
# Well before the lease ends, so that one slow renewal loses nothing.
_RENEWAL_INTERVAL_S = _VISIBILITY_TIMEOUT_S / 2
_MIN_POLL_INTERVAL_S = 0.1


class QueueTriggers:
    """Feeds queues to functions, or a message that was never on one."""

    def __init__(self, services: BindingServices) -> None:
        self._services = services

    def listener(self, function: Function) -> QueueListener:
        """Return what watches the function's queue. Raises SettingMissing."""
        return QueueListener(function, self._services)

    async def run_by_hand(self, function: Function, value: str) -> None:
        """Run a function with a message of that text."""
        await self._services.run(function, *message_by_hand(value, self._services.clock.now()))


class QueueOutputs:
    """Sends messages."""

    def __init__(self, services: BindingServices) -> None:
        self._accounts = services.accounts
        self._environ = services.environ
        self._use_base64 = services.queues.base64
        self._queues = KnownToExist()

    async def send(self, binding: Binding, datum: Datum, values: Mapping[str, str]) -> None:
        """Send messages. Raises ValueError for a name that cannot be filled, SettingMissing."""
        text = resolve_references(binding.fields["queueName"], self._environ, "a queue output's queueName")
        name, connection = fill_path(text, values), connection_of(binding)
        queue = (await self._accounts.queues(connection)).get_queue_client(name)
        await self._queues.ensure(connection, name, queue.create_queue)
        for body in message_bodies(datum):
            await queue.send_message(encode_message(body, use_base64=self._use_base64))


class QueueListener:
    """Feeds one queue to one function."""

    def __init__(self, function: Function, services: BindingServices) -> None:
        """Read the binding. Raises SettingMissing."""
        self._function = function
        self._run = services.run
        self._accounts = services.accounts
        self._connection = connection_of(function.trigger)
        self._options: QueueOptions = services.queues
        self._leaves_leases = services.leaves_leases
        queue_name = function.trigger.fields["queueName"]
        self._name = resolve_references(queue_name, services.environ, f"the queueName of '{function.name}'")
        self._accounts.check(self._connection, "queue")
        self._work: set[asyncio.Task[None]] = set()

    async def listen(self) -> None:
        """Take messages from the queue, again and again."""
        queue = await self._accounts.messages(self._connection, self._name)
        pause_s = _MIN_POLL_INTERVAL_S
        try:
            while True:
                fetched = await self._fetch_if_there(queue)
                # An empty queue is asked less and less often, and so is one that does not exist.
                pause_s = _MIN_POLL_INTERVAL_S if fetched else min(pause_s * 2, self._longest_pause_s)
                if len(self._work) > self._options.new_batch_threshold:
                    await asyncio.wait(self._work, return_when=asyncio.FIRST_COMPLETED)
                elif not fetched:
                    await asyncio.sleep(pause_s)
        finally:
            for task in self._work:
                task.cancel()
            await asyncio.gather(*self._work, return_exceptions=True)

    @property
    def _longest_pause_s(self) -> float:
        return self._options.max_polling_interval.total_seconds()

    async def _fetch_if_there(self, queue: LeasedMessages) -> int:
        """Fetch messages; as the real listener, create no queue: a write to one that is missing is refused."""
        from azure.core.exceptions import ResourceNotFoundError

        try:
            return await self._fetch(queue)
        except ResourceNotFoundError:
            return 0

    async def _fetch(self, queue: LeasedMessages) -> int:
        """Lease what is there, up to one batch, and begin to work on it; how many messages that was."""
        messages = await queue.lease(self._options.batch_size, _VISIBILITY_TIMEOUT_S)
        for message in messages:
            task = asyncio.create_task(self._process(queue, message))
            self._work.add(task)
            task.add_done_callback(self._work.discard)
        return len(messages)

    async def _process(self, queue: LeasedMessages, message: LeasedMessage) -> None:
        try:
            if message.dequeue_count > self._options.max_dequeue_count:  # hosts have died over it
                await self._store_as_poison(queue, message)
                return
            async with queue.kept(message, _VISIBILITY_TIMEOUT_S, _RENEWAL_INTERVAL_S):
                succeeded = await self._deliver(message)
            await self._settle(queue, message, succeeded=succeeded)
        except asyncio.CancelledError:
            # The host stops.
            if not self._leaves_leases:
                await queue.renew(message, 0)
            raise
        except Exception as error:  # noqa: BLE001 - the storage account failed; the message is delivered again
            text = "Message %s is not settled (%s); it is delivered again."
            function_logger(self._function.name).warning(text, message.id, error)

    async def _deliver(self, message: LeasedMessage) -> bool:
        try:
            datum = message_datum(decode_message(message.text, use_base64=self._options.base64))
        except UnicodeDecodeError:
            self._refuse(message, "is not UTF-8 text")
            return False
        except ValueError:
            self._refuse(message, "is not base64; see messageEncoding in host.json")
            return False
        delivery = counted(message.dequeue_count, self._options.max_dequeue_count, noun="delivery")
        return await self._run(self._function, datum, metadata(message), delivery)

    def _refuse(self, message: LeasedMessage, why: str) -> None:
        """Log that the binding fails, so that no function is called."""
        name = self._function.name
        function_logger(name).error("Executed 'Functions.%s' (Failed): message %s %s", name, message.id, why)

    async def _settle(self, queue: LeasedMessages, message: LeasedMessage, *, succeeded: bool) -> None:
        if succeeded:
            await queue.delete(message)
        elif message.dequeue_count >= self._options.max_dequeue_count:
            await self._store_as_poison(queue, message)
        else:
            delay_s = int(self._options.visibility_timeout.total_seconds())
            await queue.renew(message, delay_s)

    async def _store_as_poison(self, queue: LeasedMessages, message: LeasedMessage) -> None:
        poison = (await self._accounts.queues(self._connection)).get_queue_client(f"{self._name}-poison")
        await create_if_missing(poison.create_queue())
        await poison.send_message(message.text)
        await queue.delete(message)
        log_poison(self._options.max_dequeue_count, f"{self._name}-poison")


def _values(_: Function, datum: Datum) -> dict[str, str]:
    """Return the message's text as `queueTrigger`, and the fields of its JSON."""
    text = datum.value if isinstance(datum.value, str) else ""
    return fields_of(parsed(text)) | {"queueTrigger": text}


def _reason(function: Function, _: Mapping[str, Datum]) -> str:
    name = resolve_references(function.trigger.fields["queueName"], os.environ, "queueName")
    return f"New queue message detected on '{name}'."


register(TriggerType(name="queueTrigger", source=QueueTriggers, values=_values, reason=_reason))
register(OutputType(name="queue", target=QueueOutputs))
