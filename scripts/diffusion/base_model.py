"""The base diffusion pipeline: checked, loaded once per process, and lent out pristine.

A worker runs many tasks on the same base model, so the last one loaded stays in memory. Whoever
borrows it may add adapters; they are taken off again whatever happens.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
import transformers.utils.logging
from diffusers.utils import logging as diffusers_logging

from common import memory
from common.loading import explained
from diffusion import base_folder, checkpoint, families
from diffusion.base_files import BaseFiles
from diffusion.base_folder import Pipeline

for _library in (diffusers_logging, transformers.utils.logging):
    _library.set_verbosity_error()
    _library.disable_progress_bar()

AS_THEY_ARE = BaseFiles()
WIDE = 1024  # channels: UNets of Stable Diffusion's size have 1280

_cached: tuple[tuple, Pipeline] | None = None


@contextmanager
def borrow(
    base: str, device: torch.device, dtype: torch.dtype, files: BaseFiles = AS_THEY_ARE
) -> Iterator[Pipeline]:
    """Lend the pipeline of `base`: a diffusers folder, or a .safetensors file with all weights.
    `files` says which of its files are loaded.

    All weights are frozen and in evaluation mode. The autoencoder is float32 where `dtype` is half,
    since half-precision autoencoders are the usual source of black images. Adapters added by the
    borrower are removed at the end, also after an exception or a cancellation.
    """
    pipeline = _load_cached(base, device, dtype, files)
    try:
        yield pipeline
    except BaseException:
        _restore_or_forget(pipeline)
        raise
    _restore_or_forget(pipeline)


def denoiser(pipeline: Pipeline) -> torch.nn.Module:
    """The network that predicts noise."""
    return families.of(pipeline).denoiser_of(pipeline)


def text_encoders(pipeline: Pipeline) -> dict[str, torch.nn.Module]:
    """The text encoders by their names in the pipeline."""
    return families.of(pipeline).encoders_of(pipeline)


def forget() -> None:
    """Drop the loaded pipeline and give its memory back."""
    global _cached
    _cached = None
    memory.give_back()


def _load_cached(base: str, device: torch.device, dtype: torch.dtype, files: BaseFiles):
    global _cached
    key = (base, str(device), dtype, files, base_folder.state_of(base))
    if _cached is None or _cached[0] != key:
        if _cached is not None:  # two base models are never in memory together
            KEPT.let_go(str(device))
        _cached = (key, _load(base, device, dtype, files))
    KEPT.used = True
    return _cached[1]


def _size() -> tuple[int, str]:
    """Bytes of the loaded pipeline's weights, and the type of the device that they are on."""
    if _cached is None:
        return 0, "cpu"
    pipeline = _cached[1]
    modules = (denoiser(pipeline), pipeline.vae, *text_encoders(pipeline).values())
    size = sum(tensor.nbytes for module in modules for tensor in module.state_dict().values())
    return size, denoiser(pipeline).device.type


KEPT = memory.keep(_size, forget)


def _restore_or_forget(pipeline: Pipeline) -> None:
    try:
        pipeline.unload_lora_weights()
        _freeze(pipeline)
    except BaseException:
        forget()  # a base model in an unknown state must not reach the next task
        raise


def _freeze(pipeline: Pipeline) -> None:
    denoiser(pipeline).disable_gradient_checkpointing()
    for encoder in text_encoders(pipeline).values():
        if any(getattr(module, "gradient_checkpointing", False) for module in encoder.modules()):
            encoder.gradient_checkpointing_disable()
    for module in (denoiser(pipeline), pipeline.vae, *text_encoders(pipeline).values()):
        module.requires_grad_(False)
        module.eval()


def _load(base: str, device: torch.device, dtype: torch.dtype, files: BaseFiles) -> Pipeline:
    other = "a folder in diffusers layout, or a .safetensors checkpoint"
    remedy = f"; copy it again, or give another: {other}"
    with explained(f"base model {base} cannot be loaded", remedy):
        if Path(base).is_file():
            pipeline = checkpoint.load(Path(base), dtype, files)
        else:
            pipeline = base_folder.load(Path(base), dtype, files.variants)
    pipeline.set_progress_bar_config(disable=True)
    pipeline.to(device)
    for module in (denoiser(pipeline), pipeline.vae):
        module.to(memory_format=_layout(module))
    _freeze(pipeline)
    return pipeline


def _layout(network: torch.nn.Module) -> torch.memory_format:
    """The layout that the network's convolutions are fastest in, as measured in docs/speed.md."""
    channels = max(network.config.get("block_out_channels") or [0])
    wide = network.device.type == "cpu" and channels >= WIDE
    return torch.contiguous_format if wide else torch.channels_last
