"""Text encoders that are in memory only while they encode.

Those of newer base models are as large as the denoiser. A prompt is encoded once, alone, and kept;
the encoders are loaded when one comes that is not known yet, and let go when it is encoded.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from weakref import WeakKeyDictionary

import torch
from cachetools import LRUCache
from diffusers import DiffusionPipeline

from common import memory
from common.loading import explained
from diffusion.condition import Condition, stack

Loaders = dict[str, Callable[[], torch.nn.Module]]

KEPT = 64  # prompts
_loaders: WeakKeyDictionary[DiffusionPipeline, Loaders] = WeakKeyDictionary()
_known: WeakKeyDictionary[DiffusionPipeline, LRUCache] = WeakKeyDictionary()


def remember(pipeline: DiffusionPipeline, loaders: Loaders) -> None:
    """Take note of how the encoders of a pipeline are loaded, by their names in it."""
    _loaders[pipeline] = loaders


@torch.no_grad()
def encode(
    pipeline: DiffusionPipeline, prompts: list[str], one: Callable[[str], Condition]
) -> Condition:
    """Encode prompts by what encodes one while the pipeline has its encoders."""
    kept = _known.setdefault(pipeline, LRUCache(maxsize=KEPT))
    found = {prompt: kept[prompt] for prompt in prompts if prompt in kept}
    missing = [prompt for prompt in dict.fromkeys(prompts) if prompt not in found]
    if missing:
        with lent(pipeline):
            found |= {prompt: one(prompt) for prompt in missing}
        kept.update(found)
    return stack([found[prompt] for prompt in prompts])


@contextmanager
def lent(pipeline: DiffusionPipeline) -> Iterator[None]:
    """Within it, the pipeline has its encoders."""
    loaders = _loaders[pipeline]
    base = pipeline.config["_name_or_path"]
    try:
        with explained(f"the text encoders of base model {base} cannot be used", "; copy it again"):
            for name, load in loaders.items():
                encoder = load().to(pipeline.device).eval().requires_grad_(False)
                pipeline.register_modules(**{name: encoder})
            yield
    finally:
        encoder = None
        pipeline.register_modules(**dict.fromkeys(loaders))
        memory.give_back()
