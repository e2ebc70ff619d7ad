"""The step of a batch of files that many activities take together: the ledger has it once."""

from typing import Final

EXTRACT_METADATA: Final = "extract_metadata"
"""Also the name of the activity that does it for one file."""
