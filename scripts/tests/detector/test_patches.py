"""Patch features: of which layers, from which pixels, and in batches of any size."""

import pytest
import torch
from torch import nn

from detector import patches

PIXELS = torch.randint(256, (3, 3, 64, 64), generator=torch.Generator().manual_seed(0)).byte()


@pytest.mark.parametrize(
    ("model", "names", "width"),
    [
        ("resnet18", ["layer2", "layer3"], 128 + 256),  # as in the paper
        ("efficientnet_b0", ["features.3", "features.5"], 40 + 112),
        ("densenet121", ["features.denseblock2", "features.denseblock3"], 512 + 1024),
        ("swin_t", ["features.3", "features.5"], 192 + 384),
    ],
)
def test_middle_layers(model, names, width):
    eyes = patches.load(model, "none", 0, "fp32", PIXELS)
    known = {module: name for name, module in eyes.model.network.named_modules()}
    assert [known[layer] for layer in eyes.layers] == names
    assert eyes.features(PIXELS).shape == (3, 8 * 8, width)


def test_features_are_averaged_around_and_joined_at_their_place():
    eyes = patches.load("resnet18", "none", 0, "fp32", PIXELS)
    seen = []
    hooks = [la.register_forward_hook(lambda *a: seen.append(a[-1])) for la in eyes.layers]
    features = eyes.features(PIXELS[:1])
    for hook in hooks:
        hook.remove()
    fine, coarse = (nn.functional.avg_pool2d(maps, 3, 1, 1) for maps in seen)
    row, column = 3, 5
    own = features[0, row * 8 + column]
    torch.testing.assert_close(own[:128], fine[0, :, row, column])
    # Of a place halfway between four of the coarser layer: 1.25 and 2.25 in its rows and columns.
    weights = torch.tensor([0.75, 0.25])
    about = coarse[0, :, 1:3, 2:4]
    wanted = torch.einsum("cij,i,j->c", about, weights, weights)
    torch.testing.assert_close(own[128:], wanted)


def test_batches_change_nothing():
    eyes = patches.load("efficientnet_b0", "lite0", 0, "fp32", PIXELS)
    whole = eyes.features(PIXELS)
    torch.testing.assert_close(eyes.features(PIXELS, parts=64), whole)
    torch.testing.assert_close(torch.cat([eyes.features(p[None]) for p in PIXELS]), whole)
