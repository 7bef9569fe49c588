"""The families of base models, a file each."""

from diffusers import DiffusionPipeline

from diffusion.families.family import Family
from diffusion.families.sd import SD
from diffusion.families.sdxl import SDXL

FAMILIES = (SD, SDXL)

INDEXED = {name: family for family in FAMILIES for name in family.indexed_as}


def of(pipeline: DiffusionPipeline) -> Family:
    """The family of a loaded pipeline, by its class or what that derives from."""
    names = (kind.__name__ for kind in type(pipeline).__mro__)
    return next(INDEXED[name] for name in names if name in INDEXED)
