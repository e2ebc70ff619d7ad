"""The conformance app in a process of its own, for the checks that kill it."""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from local_host.testing import process
from local_host.testing.process import HostProcess
from local_host_tests.conformance.support import APP


def host_process(state: Path, *, app: Path = APP, **options: Any) -> AbstractContextManager[HostProcess]:
    """Return a host that is gone when the block ends, with the conformance app unless another is given."""
    return process.host_process(state, app=app, **options)
