"""Batches of files: the request, the facts of each file, and their totals."""

from collections import Counter
from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated, Final, Self

from pydantic import AfterValidator, Field, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from domain.ids import ContainerName, WorkflowKey
from domain.wire import Wire, at_most, in_words
from domain.workflows.run import RunRequest
from domain.workflows.steps import STEP_PATIENCE_S, StepResult

FILE_BATCH: Final = "file_batch"
CHUNK_FILES: Final = 100
"""Files per history: some 15 KB of names and 40 KB of facts."""
MAX_BATCH_FILES: Final = 50_000
"""With so many the batch's own history is as long as that of ten chunks, and the summary has some 15 MB."""
_MAX_NAMED_FILES: Final = 1_000
HIDDEN_NAME: Final = "(hidden: the name looks like a card number)"
"""Replaces the name of a file that must not be stored."""

# As Blob Storage takes them, without the control characters that it takes too.
_NO_CONTROLS: Final = r"^[^\x00-\x1f\x7f-\x9f]*$"
_NAME_IN_WORDS: Final = in_words("Must be a blob's name, without control characters")


def leaves_container(name: str) -> bool:
    """Return whether a name has dot segments, with which an HTTP client would address another blob."""
    return any(segment in (".", "..") for segment in name.replace("\\", "/").split("/"))


def _within(name: str) -> str:
    if leaves_container(name):
        raise PydanticCustomError("dot_segment", "Must not have . or .. between its slashes")
    return name


FileName = Annotated[
    str, Field(min_length=1, max_length=1024, pattern=_NO_CONTROLS), _NAME_IN_WORDS, AfterValidator(_within)
]


class FileBatchRequest(RunRequest):
    """The body of `POST /api/file-batches`, and a manifest: either `prefix`, which may be empty, or `blobs`."""

    container: ContainerName
    prefix: Annotated[str, Field(max_length=1024, pattern=_NO_CONTROLS), _NAME_IN_WORDS] | None = None
    blobs: (
        Annotated[tuple[FileName, ...], Field(min_length=1, max_length=_MAX_NAMED_FILES), at_most(_MAX_NAMED_FILES)]
        | None
    ) = None

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        if (self.prefix is None) == (self.blobs is None):
            problem = PydanticCustomError("two_forms", "Give either `prefix` or `blobs`")
            details = InitErrorDetails(type=problem, loc=("prefix",), input=None)
            raise ValidationError.from_exception_data(type(self).__name__, [details], hide_input=True)
        return self


class FileType(StrEnum):
    """The type of a file: of an image by its first bytes, else by its name."""

    CSV = "csv"
    JSON = "json"
    JSON_LINES = "jsonl"
    IMAGE = "image"
    OTHER = "other"


class FileProblem(StrEnum):
    """Why some facts of a file are missing. Only `unavailable` is retried."""

    NOT_FOUND = "not_found"
    TOO_LARGE = "too_large"
    MALFORMED = "malformed"
    UNAVAILABLE = "unavailable"
    UNREADABLE = "unreadable"
    CARD_NUMBER = "card_number"  # in its name, which is not stored; the file was not read


class FileFacts(Wire):
    """The facts of one file.

    Attributes:
        rows: Rows of a table, without a CSV's header.
        columns: Columns of a table, or the distinct keys of its objects.
        problem: Why some facts are missing; None when the file has all facts of its type.
    """

    name: str
    type: FileType | None = None
    size_bytes: int | None = None
    sha256: str | None = None
    rows: int | None = None
    columns: int | None = None
    width_px: int | None = None
    height_px: int | None = None
    problem: FileProblem | None = None


class ListFiles(Wire):
    """List the files of a batch."""

    batch_id: WorkflowKey
    request: FileBatchRequest


class FilesListed(StepResult):
    """The number of files and of chunks, and how many files may be read at a time."""

    files: int = 0
    chunks: int = 0
    width: int = 1


class Chunk(Wire):
    """One chunk of a batch: its number, from 0, how many files may be read at a time, and how long a step is tried."""

    batch_id: WorkflowKey
    container: ContainerName
    number: int
    width: int
    step_patience_s: int = STEP_PATIENCE_S


class ChunkNames(StepResult):
    """The names of one chunk."""

    names: tuple[str, ...] = ()


class ExtractMetadata(Wire):
    """Extract the facts of one file."""

    container: ContainerName
    name: str


class ChunkFacts(Wire):
    """Store the facts of one chunk's files."""

    batch_id: WorkflowKey
    number: int
    facts: tuple[FileFacts, ...]


class ChunkDone(StepResult):
    """The number of files in a finished chunk, and of those with a problem."""

    files: int = 0
    failed: int = 0


class SummariseBatch(Wire):
    """Combine the facts of all chunks."""

    batch_id: WorkflowKey
    container: ContainerName
    chunks: int


class BatchSummary(StepResult):
    """The totals of a batch; its reference is the name of the summary's blob."""

    files: int = 0
    failed: int = 0
    size_bytes: int = 0


class Totals:
    """Running totals of files, which need not be held in memory together."""

    def __init__(self) -> None:
        self.files: Counter[str] = Counter()
        self.bytes: Counter[str] = Counter()
        self.failures: list[dict[str, str]] = []

    def add(self, facts: Iterable[FileFacts]) -> None:
        """Add some files to the totals."""
        for each in facts:
            kind = each.type or FileType.OTHER
            self.files[kind] += 1
            self.bytes[kind] += each.size_bytes or 0
            if each.problem is not None:
                self.failures.append({"name": each.name, "problem": each.problem})

    def to_wire(self) -> dict[str, object]:
        """Return the totals, the totals by type, and every failure."""
        return {
            "files": self.files.total(),
            "failed": len(self.failures),
            "size_bytes": self.bytes.total(),
            "by_type": {
                kind: {"files": count, "size_bytes": self.bytes[kind]} for kind, count in sorted(self.files.items())
            },
            "failures": self.failures,
        }
