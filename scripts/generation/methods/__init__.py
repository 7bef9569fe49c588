"""The methods of making images, a file each."""

from common.errors import StageError
from generation.methods.img2img import IMG2IMG
from generation.methods.method import Method

METHODS = {method.name: method for method in (IMG2IMG,)}


def named(name: str) -> Method:
    """The method of a name; StageError for one that there is not."""
    if name not in METHODS:
        raise StageError(f"method {name!r} is unknown; use {', '.join(METHODS)}")
    return METHODS[name]
