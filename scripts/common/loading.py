"""What libraries raise while they load a model, as one sentence."""

from collections.abc import Iterator
from contextlib import contextmanager

from huggingface_hub.errors import StrictDataclassError
from safetensors import SafetensorError

from common import memory
from common.errors import StageError

# Where a model's files are damaged or do not fit each other.
UNREADABLE = (
    *(OSError, ValueError, ArithmeticError, RuntimeError),
    *(SafetensorError, StrictDataclassError),
)


@contextmanager
def explained(failed: str, remedy: str = "", *more: type[Exception]) -> Iterator[None]:
    """Raise a StageError, "`failed` (the reason)`remedy`", for what libraries raise within it, and
    for `more`; that memory has run out is left as it is."""
    try:
        yield
    except (*UNREADABLE, *more) as error:
        if memory.ran_out(error):
            raise
        raise StageError(f"{failed} ({_reason(error)}){remedy}") from error


def _reason(error: BaseException) -> str:
    """A library's error in one line: its first, or its first two where that ends in a colon."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()] or [repr(error)]
    return " ".join(lines[: 2 if lines[0].endswith(":") else 1])
