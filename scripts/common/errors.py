"""The exceptions that a stage raises on purpose; the host tells them apart by class name."""

from huggingface_hub.errors import StrictDataclassError
from safetensors import SafetensorError

# What libraries raise where a model's files are damaged or do not fit each other.
UNREADABLE = (
    *(OSError, ValueError, ArithmeticError, RuntimeError),
    *(SafetensorError, StrictDataclassError),
)


class StageError(Exception):
    """Something the user can put right; one sentence that names the file and says what to do."""


def reason_of(error: BaseException) -> str:
    """What a library's error says, in one line: its first, or its first two where that ends in a
    colon."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()] or [repr(error)]
    return " ".join(lines[: 2 if lines[0].endswith(":") else 1])


class DivergedError(StageError):
    """A loss became no number."""


class Cancelled(Exception):
    """The host asked the stage to stop. Nothing in spec["out"] is to be kept."""
