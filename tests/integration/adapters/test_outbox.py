"""The outbox on the real storage emulator."""

from adapters.azure_storage.storage import Storage
from adapters.stores.outbox import Outbox
from domain.ids import PROCESS_ORDER
from domain.mail.notification import Notification, NotificationKind


def test_messages_wait_in_the_queue_until_they_are_delivered(storage: Storage) -> None:
    outbox = Outbox(storage)
    sent = [
        Notification(
            message_id=f"order-{number}.order_completed",
            workflow=PROCESS_ORDER,
            key=f"order-{number}",
            kind=NotificationKind.ORDER_COMPLETED,
            email="ada@example.com",
        )
        for number in range(2)
    ]
    for notification in sent:
        outbox.put(notification)
    waiting = list(storage.queue("notifications").receive_messages())
    assert [Notification.model_validate_json(message.content) for message in waiting] == sent
    assert all(message.expires_on.year > 9000 for message in waiting), "a message must not vanish after a week"
