"""The methods of making images: each is the METHOD of a file beside this."""

from common.errors import StageError
from common.members import members
from generation.methods.method import Method

METHODS = {method.name: method for method in members(__name__, __path__, "METHOD")}


def named(name: str) -> Method:
    """The method of a name; StageError for one that there is not."""
    if name not in METHODS:
        raise StageError(f"method {name!r} is unknown; use {', '.join(METHODS)}")
    return METHODS[name]
