"""What a function reads through input bindings: blobs, fetched before it is called."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

from azure.functions.meta import Datum

from local_host.app.settings import resolve_references
from local_host.bindings.path_pattern import fill_path
from local_host.bindings.storage import StorageAccounts

if TYPE_CHECKING:
    from local_host.app.index import Binding, Function


class InputReader:
    """Reads inputs of one app."""

    def __init__(self, accounts: StorageAccounts, environ: Mapping[str, str] = os.environ) -> None:
        self._accounts = accounts
        self._environ = environ

    async def read(self, function: Function, values: Mapping[str, str]) -> dict[str, Datum | None]:
        """Inputs by parameter; None for a blob that does not exist. values: for the placeholders of the paths.

        Raises ValueError for a path that cannot be filled, SettingMissing.
        """
        blobs = [binding for binding in function.inputs if binding.type == "blob"]
        return {blob.name: await self._content(blob, values) for blob in blobs}

    async def _content(self, binding: Binding, values: Mapping[str, str]) -> Datum | None:
        from azure.core.exceptions import ResourceNotFoundError

        path = fill_path(resolve_references(binding.fields["path"], self._environ, "a blob input's path"), values)
        container, _, name = path.strip("/").partition("/")
        service = await self._accounts.blobs(str(binding.fields.get("connection") or ""))
        try:
            download = await service.get_blob_client(container, name).download_blob()
            return Datum(await download.readall(), "bytes")
        except ResourceNotFoundError:
            return None
