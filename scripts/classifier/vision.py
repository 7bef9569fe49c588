"""Image features from a pretrained vision transformer, DINOv2 or CLIP, as transformers loads it,
and classifiers on such features."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import transformers.utils.logging
from PIL import Image, ImageOps
from torch import nn
from transformers import (
    AutoConfig,
    AutoImageProcessor,
    AutoModel,
    CLIPVisionModelWithProjection,
    PreTrainedConfig,
    PreTrainedModel,
)
from transformers.image_processing_utils import BaseImageProcessor

from classifier import network as classifier
from common import framing, photos, runtime
from common.errors import StageError
from common.framing import PLAIN, Rendering
from common.loading import explained

transformers.utils.logging.set_verbosity_error()
transformers.utils.logging.disable_progress_bar()


@dataclass(frozen=True)
class Kind:
    """A kind of transformer: how one is loaded, or made of a configuration; what of its outputs the
    features are, and where its configuration says how many."""

    network: type
    of_config: Callable[[PreTrainedConfig], PreTrainedModel]
    pool: Callable[..., torch.Tensor]
    width: str
    other_sides: dict[str, bool]  # arguments by which it sees other sides than it learnt


# The class token, and the embedding that CLIP compares with texts.
_DINO = Kind(
    AutoModel,
    AutoModel.from_config,
    pool=lambda outputs: outputs.last_hidden_state[:, 0],
    width="hidden_size",
    other_sides={},
)
_CLIP = Kind(
    CLIPVisionModelWithProjection,
    CLIPVisionModelWithProjection,
    pool=lambda outputs: outputs.image_embeds,
    width="projection_dim",
    other_sides={"interpolate_pos_encoding": True},
)
SUPPORTED = {
    "dinov2": _DINO,
    "dinov2_with_registers": _DINO,
    "clip": _CLIP,
    "clip_vision_model": _CLIP,
}


@dataclass(frozen=True)
class Encoder:
    """A network with the scaling, cropping and normalization that it was trained with."""

    network: PreTrainedModel
    processor: BaseImageProcessor
    kind: Kind

    @torch.inference_mode()
    def features(
        self, paths: list[str], mirror: bool, rendering: Rendering = PLAIN, parts: int = 1
    ) -> torch.Tensor:
        """Features (N, width) float32, on the CPU, of images in files or of their mirror images.

        `parts` divides how many go through the network at once. A photo is let go once it is
        scaled: it may be a hundred times as large as what the network sees. One that is cropped
        goes through the network's own scaling and cropping, which would cut off the edges of one
        that is padded or stretched: that becomes a square of the network's size straight away.
        """
        reader = photos.Reader(rendering.levels)
        side = self._processed(Image.new("RGB", (1, 1))).shape[-1] if rendering.fit else 0
        inputs = torch.cat([self._scaled(reader.read(p), mirror, rendering, side) for p in paths])
        batches = inputs.split(classifier.at_once(inputs.shape[-1], parts))
        return torch.cat([self._of(batch.to(self.network.device)) for batch in batches])

    def _scaled(
        self, picture: Image.Image, mirror: bool, rendering: Rendering, side: int
    ) -> torch.Tensor:
        picture = ImageOps.mirror(picture) if mirror else picture
        if not rendering.fit:
            return self._processed(picture)
        square, _ = framing.square(picture, side, rendering)
        return self._processed(square, do_resize=False, do_center_crop=False)

    def _processed(self, picture: Image.Image, **changes: bool) -> torch.Tensor:
        return self.processor([picture], return_tensors="pt", **changes)["pixel_values"]

    def _of(self, inputs: torch.Tensor) -> torch.Tensor:
        runtime.stop_if_cancelled()
        return self.kind.pool(self.network(pixel_values=inputs)).float().cpu()


def name_of(model: str) -> str:
    """The name of a folder or file, or of the hub's model that a folder of its cache is of."""
    path = Path(model)
    if path.parent.name == "snapshots":  # models--owner--name/snapshots/revision
        return path.parents[1].name.rsplit("--", 1)[-1]
    return path.name


def load(model: str, device: torch.device) -> Encoder:
    """The encoder of a folder, in evaluation mode."""
    remedy = "; give a folder with config.json, preprocessor_config.json and safetensors weights"
    with explained(f"vision transformer {model} cannot be loaded", remedy):
        called = AutoConfig.from_pretrained(model).model_type
        if called not in SUPPORTED:
            raise StageError(
                f"vision transformer {model} is a {called}; supported are {', '.join(SUPPORTED)}"
            )
        kind = SUPPORTED[called]
        network, loading = kind.network.from_pretrained(
            model,
            dtype=torch.float32,
            use_safetensors=True,  # never a pickle
            output_loading_info=True,
        )
        processor = AutoImageProcessor.from_pretrained(model)
    if loading["missing_keys"]:
        raise StageError(
            f"vision transformer {model} has no weights for {min(loading['missing_keys'])}; copy it"
            " again"
        )
    return Encoder(network.to(device).eval(), processor, kind)


class Headed(nn.Module):
    """A vision transformer below a linear layer: (B, 3, R, R), R a multiple of its patches' side,
    to scores (B, classes). Other sides than it learnt have its positions interpolated."""

    def __init__(self, transformer: PreTrainedModel, kind: Kind, classes: int):
        super().__init__()
        self.transformer, self.kind = transformer, kind
        self.head = nn.Linear(getattr(transformer.config, kind.width), classes)

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        side, patch = pixels.shape[-1], self.transformer.config.patch_size
        if side % patch:
            raise StageError(
                f"classifier.resolution {side} is no multiple of {patch} pixels, the side of the"
                " patches that this transformer sees"
            )
        seen = self.transformer(pixel_values=pixels, **self.kind.other_sides)
        return self.head(self.kind.pool(seen))


def headed(
    weights: str, classes: int, config: dict[str, Any] | None
) -> tuple[Headed, BaseImageProcessor | None]:
    """A transformer that is loaded, with its processor; or where there is a configuration, one of
    that with random weights."""
    if config:
        of = AutoConfig.for_model(**config)
        kind = SUPPORTED[of.model_type]
        return Headed(kind.of_config(of), kind, classes), None
    loaded = load(weights, torch.device("cpu"))
    return Headed(loaded.network, loaded.kind, classes), loaded.processor
