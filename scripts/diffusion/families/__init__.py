"""The families of base models: each is the FAMILY of a file beside this."""

from diffusers import DiffusionPipeline

from common.members import members
from diffusion.families.family import Family

FAMILIES = members(__name__, __path__, "FAMILY")

INDEXED = {name: family for family in FAMILIES for name in family.indexed_as}


def of(pipeline: DiffusionPipeline) -> Family:
    """The family of a loaded pipeline, by its class or what that derives from."""
    names = (kind.__name__ for kind in type(pipeline).__mro__)
    return next(INDEXED[name] for name in names if name in INDEXED)
