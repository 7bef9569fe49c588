"""autoencode writes what the base's autoencoder gives back of photos and of mirror images."""

from pathlib import Path

import pytest
import torch
from diffusers import AutoencoderKL

import autoencode
from common import images
from common.errors import StageError
from torch_roots import Roots


@pytest.fixture
def spec(base, photos, tmp_path):
    """Builds a spec with a fresh `out`: five photos, and the mirror images of two."""

    def build(name: str = "pictures", **changes) -> dict:
        (tmp_path / name).mkdir()
        return {
            "out": str(tmp_path / name),
            "device": "cpu",
            "base": str(base),
            "resolution": 32,
            "precision": "fp32",
            "images": photos[:5],
            "mirrored": photos[:2],
        } | changes

    return build


def written(spec: dict) -> torch.Tensor:
    return images.read_images(sorted(map(str, Path(spec["out"], "images").iterdir())), 32)


@torch.no_grad()
def expected(base: Path, pixels: torch.Tensor) -> torch.Tensor:
    """What diffusers' autoencoder says, the mean of the latents decoded."""
    vae = AutoencoderKL.from_pretrained(base / "vae").eval()
    return images.to_uint8(
        vae.decode(vae.encode(images.to_signed(pixels)).latent_dist.mode()).sample
    )


def test_pictures_are_the_decoded_means_of_latents(spec, base, photos):
    wanted = spec()
    assert autoencode.run(wanted) == {"images": 7}
    pixels = images.read_images(photos[:5], 32)
    both = torch.cat([pixels, pixels[:2].flip(-1)])
    got = written(wanted).int()
    # One grey level: convolutions over other batches round otherwise.
    assert (got - expected(base, both).int()).abs().max() <= 1
    assert (got - both.int()).abs().float().mean() > 5  # a random autoencoder: it is no copy


def test_bytes_do_not_depend_on_precision_or_what_ran_before(spec):
    runs = [spec("one"), spec("two", precision="bf16")]
    for number, one in enumerate(runs):
        torch.manual_seed(number)
        autoencode.run(one)
    first, again = (
        {p.name: p.read_bytes() for p in Path(one["out"], "images").iterdir()} for one in runs
    )
    assert first == again
    assert sorted(first) == [f"{number:04d}.png" for number in range(7)]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"images": [], "mirrored": []}, "list of images is empty"),
        ({"images": ["/nowhere/1.png"]}, "image /nowhere/1.png does"),
        ({"precision": "fp8"}, "precision 'fp8' is unknown"),
    ],
)
def test_errors(spec, changes, message):
    with pytest.raises(StageError, match=message):
        autoencode.run(spec(**changes))


def test_no_root_is_torchs_own(spec):
    with Roots() as roots:
        autoencode.run(spec())
    assert roots.taken == 0
