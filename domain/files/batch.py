"""Many files looked at together: what may be asked for, what is told of each file, and what they add up to."""

from collections import Counter
from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated, Final, Self

from pydantic import AfterValidator, Field, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from domain.wire import Wire, at_most, in_words
from domain.workflows.run import RunRequest, WorkflowKey
from domain.workflows.steps import StepResult

FILE_BATCH: Final = "file_batch"
CHUNK_FILES: Final = 100
"""So many files one history takes in: some 15 KB of names and 40 KB of facts."""
MAX_BATCH_FILES: Final = 50_000
"""So many make the history of the whole as long as that of ten chunks, and the summary some 15 MB."""
_MAX_NAMED_FILES: Final = 1_000
HIDDEN_NAME: Final = "(hidden: the name looks like a card number)"
"""Stands for the name of a file that must not be kept."""

# As the service has them, but for control characters: it takes some, and no person and few tools can write them.
_NO_CONTROLS: Final = r"^[^\x00-\x1f\x7f-\x9f]*$"
_NAME_IN_WORDS: Final = in_words("Must be a blob's name, without control characters")


def leaves_container(name: str) -> bool:
    """Whether a name has segments that clients of HTTP take for the folder above: its address would be another blob's."""
    return any(segment in (".", "..") for segment in name.replace("\\", "/").split("/"))


def _within(name: str) -> str:
    if leaves_container(name):
        raise PydanticCustomError("dot_segment", "Must not have . or .. between its slashes")
    return name


ContainerName = Annotated[str, Field(max_length=63, pattern=r"^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$")]
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
    """What a file is, told by its first bytes for images and by its name for the rest."""

    CSV = "csv"
    JSON = "json"
    JSON_LINES = "jsonl"
    IMAGE = "image"
    OTHER = "other"


class FileProblem(StrEnum):
    """Why less is known of a file than of others. Only `unavailable` is worth another look."""

    NOT_FOUND = "not_found"
    TOO_LARGE = "too_large"
    MALFORMED = "malformed"
    UNAVAILABLE = "unavailable"
    UNREADABLE = "unreadable"
    CARD_NUMBER = "card_number"  # in its name, which is not kept; the file was not looked at


class FileFacts(Wire):
    """What is told of one file. rows: without a CSV's header. columns: of a table, or the distinct keys of its objects.

    problem: None when all is known that can be known of such a file.
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
    """Find out what there is to look at."""

    batch_id: WorkflowKey
    request: FileBatchRequest


class FilesListed(StepResult):
    """files: how many. chunks: how many lists of names were kept, from 0. width: how many files may be read at a time."""

    files: int = 0
    chunks: int = 0
    width: int = 1


class Chunk(Wire):
    """One list of names, and who may read how many of them at a time."""

    batch_id: WorkflowKey
    container: ContainerName
    number: int
    width: int


class ChunkNames(StepResult):
    """The names of one chunk."""

    names: tuple[str, ...] = ()


class ExtractMetadata(Wire):
    """Look at one file."""

    container: ContainerName
    name: str


class ChunkFacts(Wire):
    """Keep what was found out about the files of one chunk."""

    batch_id: WorkflowKey
    number: int
    facts: tuple[FileFacts, ...]


class ChunkDone(StepResult):
    """One chunk has been looked at. failed: files with a problem."""

    files: int = 0
    failed: int = 0


class SummariseBatch(Wire):
    """Put the facts of all chunks together."""

    batch_id: WorkflowKey
    container: ContainerName
    chunks: int


class BatchSummary(StepResult):
    """What the files add up to. reference: the name of the summary's blob."""

    files: int = 0
    failed: int = 0
    size_bytes: int = 0


class Totals:
    """Adds files up as they go by, so that they need not be held."""

    def __init__(self) -> None:
        self.files: Counter[str] = Counter()
        self.bytes: Counter[str] = Counter()
        self.failures: list[dict[str, str]] = []

    def add(self, facts: Iterable[FileFacts]) -> None:
        """Count some files."""
        for each in facts:
            kind = each.type or FileType.OTHER
            self.files[kind] += 1
            self.bytes[kind] += each.size_bytes or 0
            if each.problem is not None:
                self.failures.append({"name": each.name, "problem": each.problem})

    def to_wire(self) -> dict[str, object]:
        """All together, by type, and every failure."""
        return {
            "files": self.files.total(),
            "failed": len(self.failures),
            "size_bytes": self.bytes.total(),
            "by_type": {
                kind: {"files": count, "size_bytes": self.bytes[kind]} for kind, count in sorted(self.files.items())
            },
            "failures": self.failures,
        }
