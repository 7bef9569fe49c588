"""measure writes the classifier's features, the same for an image whatever stands beside it."""

import csv
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

import measure
from classifier import encoder
from classifier import network as classifier
from common import images
from common.errors import StageError
from noise_floor import assert_rounding_alone
from torch_roots import Roots


@pytest.fixture
def spec(photos, tmp_path):
    """Builds a spec with a fresh `out`: twelve photos."""

    def build(name: str = "features", **changes) -> dict:
        (tmp_path / name).mkdir()
        return {
            "out": str(tmp_path / name),
            "device": "cpu",
            "model": "efficientnet_b0",
            "weights": "lite0",
            "resolution": 64,
            "calibration": photos[:6],
            "images": photos,
        } | changes

    return build


def features(spec: dict) -> torch.Tensor:
    return load_file(Path(spec["out"], "features.safetensors"))["features"]


def test_features_are_those_that_the_classification_layer_sees(spec, photos):
    wanted = spec(weights="none")
    assert measure.run(wanted) == {"images": 12, "features": 1280}
    model = classifier.build("efficientnet_b0", "none", 2, encoder.START_SEED)
    single, double = layer_inputs(model, photos)
    assert_rounding_alone(features(wanted), single, double)
    with open(Path(wanted["out"], "images.csv"), newline="") as file:
        assert [row["name"] for row in csv.DictReader(file)] == [Path(p).name for p in photos]


def layer_inputs(model: classifier.Classifier, photos: list[str]) -> list[torch.Tensor]:
    """What the classification layer gets for photos, in float32 and in float64."""
    seen = []
    model.network.classifier.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    inputs = model.normalize(images.read_images(photos, 64))
    with torch.no_grad():
        model.network.eval()(inputs)
        model.network.double()(inputs.double())
    return seen


def test_an_image_has_the_same_features_alone(spec, photos):
    together, alone = spec("together", weights="none"), spec("alone", weights="none")
    alone["images"] = alone["images"][3:4]
    measure.run(together)
    measure.run(alone)
    model = classifier.build("efficientnet_b0", "none", 2, encoder.START_SEED)
    exact = layer_inputs(model, photos)[1][3]
    assert_rounding_alone(features(alone)[0], features(together)[3], exact)


def test_in_parts_an_image_has_the_features_that_it_has_alone(spec, monkeypatch):
    """To the bit, one image at a time; the statistics of batch norms do not come in parts."""
    seen = []
    inner = classifier.features
    monkeypatch.setattr(
        classifier, "features", lambda model, batch: seen.append(len(batch)) or inner(model, batch)
    )
    parts, alone = spec("parts", parts=64), spec("alone", images=spec("whole")["images"][3:4])
    measure.run(parts)
    assert seen == [1] * 12
    measure.run(alone)
    assert torch.equal(features(parts)[3], features(alone)[0])
    measure.run(spec("quarters", parts=4, resolution=160))
    assert seen[13:] == [10, 2]  # a quarter of 40


def test_a_batch_holds_no_more_pixels_at_a_higher_resolution():
    assert [classifier.at_once(side) for side in (32, 96, 128, 224, 512, 1024, 4096)] == [
        64, 64, 64, 20, 4, 1, 1,
    ]  # fmt: skip
    assert [classifier.at_once(128, parts) for parts in (1, 2, 3, 64, 99)] == [64, 32, 22, 1, 1]


def test_mirror_images_follow(spec, photos, tmp_path):
    mirrored = spec("mirrored", images=photos[:3], mirrored=photos[1:4])
    assert measure.run(mirrored)["images"] == 6
    paths = []
    for number, path in enumerate(photos[1:4]):
        # As training cuts it, so that no further scaling differs.
        square = images.read_image(path, 64).flip(-1)
        paths.append(str(tmp_path / f"{number}.png"))
        images.write_png(square, Path(paths[-1]))
    flipped = spec("flipped", images=photos[:3] + paths)
    measure.run(flipped)
    torch.testing.assert_close(features(mirrored), features(flipped), rtol=1e-4, atol=1e-4)
    assert not torch.allclose(features(mirrored)[3], features(mirrored)[1], rtol=1e-2, atol=1e-2)
    with open(Path(mirrored["out"], "images.csv"), newline="") as file:
        rows = [(row["name"], row["mirrored"]) for row in csv.DictReader(file)]
    assert rows[2:4] == [(Path(photos[2]).name, "0"), (Path(photos[1]).name, "1")]


def test_small_grey_pictures(spec, photos, tmp_path):
    """Distances go by correlation; brightness, contrast and colour do not matter."""
    square = images.read_image(photos[0], 64)
    dim, flat = tmp_path / "dim.png", tmp_path / "flat.png"
    images.write_png((square.float() * 0.5 + 40).to(torch.uint8), dim)
    images.write_png(torch.full_like(square, 70), flat)
    paths = [photos[0], photos[1], str(dim), str(flat)]
    wanted = spec(images=paths, mirrored=paths[:1])
    measure.run(wanted)
    pixels = load_file(Path(wanted["out"], "features.safetensors"))["pixels"]
    assert pixels.shape == (5, 32 * 32)
    torch.testing.assert_close(pixels.norm(dim=1), torch.tensor([1.0, 1, 1, 0, 1]))
    grey = images.read_images(paths[:2], 32).float().mean(1).flatten(1)
    correlation = torch.corrcoef(grey)[0, 1]
    torch.testing.assert_close((pixels[0] - pixels[1]).square().sum(), 2 * (1 - correlation))
    assert (pixels[0] - pixels[2]).norm() < 0.1 < (pixels[0] - pixels[4]).norm()
    torch.testing.assert_close(pixels[4].view(32, 32).flip(-1), pixels[0].view(32, 32))


def test_it_repeats_itself_to_the_byte(spec):
    runs = [spec("one"), spec("two")]
    for number, one in enumerate(runs):
        torch.manual_seed(number)  # must not matter
        measure.run(one)
    first, again = (Path(one["out"], "features.safetensors").read_bytes() for one in runs)
    assert first == again


def test_other_calibration_photos_give_other_features(spec, photos):
    one, other = spec("one"), spec("other", calibration=photos[6:])
    measure.run(one)
    measure.run(other)
    assert not torch.allclose(features(one), features(other))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"images": []}, "list of images is empty"),
        ({"calibration": []}, "weights lite0 need images to calibrate on"),
        ({"weights": "clip"}, "classifier weights 'clip' are unknown"),
        ({"images": ["/nowhere/1.png"]}, "image /nowhere/1.png does"),
    ],
)
def test_errors(spec, changes, message):
    with pytest.raises(StageError, match=message):
        measure.run(spec(**changes))


def test_a_network_that_breaks_names_the_image(spec, tmp_path):
    network = classifier.build("efficientnet_b0", "none", 2, 0).network
    torch.nn.init.constant_(network.features[0][0].weight, float("nan"))
    save_file(
        {name: value.contiguous() for name, value in network.state_dict().items()},
        tmp_path / "broken.safetensors",
    )
    with pytest.raises(StageError, match=r"features of image .*00\.png are not finite"):
        measure.run(spec(weights=str(tmp_path / "broken.safetensors")))


def test_no_root_is_torchs_own(spec):
    with Roots() as roots:
        measure.run(spec())
    assert roots.taken == 0
