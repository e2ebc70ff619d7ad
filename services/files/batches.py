"""Which files may be processed."""

from domain.files.batch import FileBatchRequest
from domain.refusals import Invalid
from services.container import services


def permitted(request: FileBatchRequest) -> FileBatchRequest:
    """Return the request, if its container may be processed.

    Raises:
        Invalid: The container is not one of FILE_BATCH_CONTAINERS.
    """
    # The account holds more than files: keys of the host, packages, records of payments that failed.
    if request.container not in services().settings.file_batch_containers:
        raise Invalid.of_field("container", "container_not_open", "Must be one of those in FILE_BATCH_CONTAINERS")
    return request
