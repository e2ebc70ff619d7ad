"""Azurite as the tests and `make run` start it."""

from pathlib import Path

from azure.storage.queue import QueueClient

from scripts.azurite import running_azurite


def test_what_was_written_is_there_after_a_stop_and_a_start(tmp_path: Path) -> None:
    with (
        running_azurite(tmp_path) as ports,
        QueueClient.from_connection_string(ports.connection_string, "orders") as queue,
    ):
        queue.create_queue()
        queue.send_message("kept")

    with (
        running_azurite(tmp_path) as ports,
        QueueClient.from_connection_string(ports.connection_string, "orders") as queue,
    ):
        message = queue.receive_message()

    assert message is not None
    assert message.content == "kept"
