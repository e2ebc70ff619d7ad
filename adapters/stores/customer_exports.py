"""Keep the exports of customers' data: a part for each page, and the document that is made of them. They go with their run."""

from typing import Final

from adapters.azure_storage.storage import Storage, create_container, created_on_first_use, storage_errors
from domain.files.blob_link import BlobLink
from domain.personal.export import CustomerData
from domain.personal.run import DataPlace

EXPORTS: Final = "customer-exports"
_NAME: Final = "the exports of customers' data"


class CustomerExports:
    """Every method raises StorageUnavailable when blobs do not answer. key: the run's."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._container = storage.container(EXPORTS)

    def write_page(self, key: str, place: DataPlace, number: int, page: CustomerData) -> None:
        """Keep a page. A repeat replaces it."""
        self._write(f"{_pages(key)}{place}-{number:06}.json", page.model_dump_json())

    def assemble(self, key: str, empty: CustomerData) -> str:
        """Make the document of all pages, and return the name of its blob. A repeat finds the pages still there."""
        whole = empty
        with storage_errors(_NAME):
            for name in sorted(self._container.list_blob_names(name_starts_with=_pages(key))):
                page = self._container.download_blob(name).readall()
                whole = whole.with_page(CustomerData.model_validate_json(page))
            self._write(_document(key), whole.model_dump_json(indent=2))
        return f"{EXPORTS}/{_document(key)}"

    def link(self, key: str) -> BlobLink:
        """Return where the document can be read for a while."""
        with storage_errors(_NAME):
            return self._storage.links.to(EXPORTS, _document(key))

    def _write(self, name: str, text: str) -> None:
        from azure.storage.blob import ContentSettings

        settings = ContentSettings(content_type="application/json", content_disposition="attachment")
        with storage_errors(_NAME):
            created_on_first_use(
                lambda: self._container.upload_blob(name, text, overwrite=True, content_settings=settings),
                lambda: create_container(self._container),
            )


def _pages(key: str) -> str:
    return f"{key}/pages/"


def _document(key: str) -> str:
    return f"{key}/{key}.json"
