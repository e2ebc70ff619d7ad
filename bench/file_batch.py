"""Compare a durable batch of many small files with the same extraction in a plain thread pool of the same width.

The difference is the price of surviving a crash. It also prints the app's memory after the batch.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from adapters.azure_storage.storage import Storage, create_container
from adapters.stores.file_batches import FileBatches
from bench.figures import keep
from bench.orders import resident_mib
from domain.files.batch import ExtractMetadata
from scripts.local_copy import running_local_copy
from scripts.web import call
from settings import Settings, StorageLocation

CONTAINER = "incoming"
CONCURRENCY = Settings.file_batch_width
POLL_INTERVAL_S = 0.05
CONTENT = b"sku,units\n" + b"mug,12\n" * 140  # about 1 KB


def put_files(storage: Storage, count: int) -> list[str]:
    container = storage.container(CONTAINER)
    create_container(container)
    names = [f"bench/{number:05}.csv" for number in range(count)]
    with ThreadPoolExecutor(CONCURRENCY) as pool:
        list(pool.map(lambda name: container.upload_blob(name, CONTENT), names))
    return names


def batch_seconds(base_url: str, count: int) -> float:
    """From the request to the summary."""
    started = time.perf_counter()
    answer = call("POST", f"{base_url}/api/file-batches", {"container": CONTAINER, "prefix": "bench/"})
    address = answer.body["statusQueryGetUri"]
    while call("GET", address).status == 202:
        time.sleep(POLL_INTERVAL_S)
    seconds = time.perf_counter() - started
    detail = call("GET", address).body["detail"]
    if (detail["done"], detail["failed"]) != (count, 0):
        raise SystemExit(f"not all files were looked at: {detail}")
    return seconds


def pool_seconds(files: FileBatches, names: Sequence[str]) -> float:
    """Return the same files by the same code, without anything that remembers how far it is."""
    started = time.perf_counter()
    with ThreadPoolExecutor(CONCURRENCY) as pool:
        found = list(pool.map(lambda name: files.extract(ExtractMetadata(container=CONTAINER, name=name)), names))
    if any(facts.problem for facts in found):
        raise SystemExit("not all files were looked at")
    return time.perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.file_batch", description=__doc__)
    parser.add_argument("count", nargs="?", type=int, default=1_000, help="how many files (default: %(default)s)")
    count = parser.parse_args().count
    with tempfile.TemporaryDirectory() as folder, running_local_copy(Path(folder) / "state") as copy:
        storage = Storage(StorageLocation(connection_string=copy.addresses.azurite.connection_string))
        names = put_files(storage, count)
        pool_seconds(FileBatches(storage, CONCURRENCY), names[:CONCURRENCY])  # connections, imports
        batch = batch_seconds(copy.addresses.base_url, count)
        memory = resident_mib(copy.services[0].pid)
        pool = pool_seconds(FileBatches(storage, CONCURRENCY), names)
    print(f"file_batch: {count} files, {CONCURRENCY} at a time: batch {batch:.1f} s, thread pool {pool:.1f} s")
    keep("file_batch_ratio", batch / pool)
    print(f"file_batch: ratio {batch / pool:.2f}, {(batch - pool) / count * 1000:.1f} ms more per file")
    print(f"file_batch: the app holds {memory:.0f} MiB; load of the machine {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
