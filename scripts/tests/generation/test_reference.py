"""Images that refer to a photo of a defect."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import generate
import host
import train_lora
from common import images, randomness
from common.errors import Cancelled, StageError
from common.framing import PLAIN
from diffusion import base_model, latents
from diffusion.families import unet
from generation.methods.method import Settings
from generation.methods.reference import Options, Referring
from lora.layers import Rows
from test_generate import pictures

OPTIONS = {"weight": 1.0, "style_fidelity": 0.5, "adain": False}
FAMILIES = pytest.mark.parametrize(
    "which", ["base", pytest.param("xl_base", marks=pytest.mark.slow)]
)


@pytest.fixture
def masks(tmp_path) -> list[str]:
    """Of photos: their upper left corner, and their right edge."""
    paths = []
    for name, where in (("corner", np.s_[:9, :9]), ("edge", np.s_[:, 39:])):
        mask = np.zeros((36, 40), np.uint8)
        mask[where] = 255
        paths.append(str(tmp_path / f"{name}.png"))
        Image.fromarray(mask).save(paths[-1])
    return paths


@pytest.fixture
def refer(generate_spec, photos, request):
    """Builds a spec of five images, each with a defect photo of its own."""

    def build(name: str, which: str = "base", masks=(), first: int = 0, **changes) -> dict:
        entries = [
            {"name": f"{i:04}.png", "source": photos[i], "seed": 70 + i, "defect": photos[11 - i]}
            for i in range(first, first + 5)
        ]
        for entry, mask in zip(entries[1::2], masks, strict=False):
            entry["masks"] = [mask]
        settings = {"method": "reference", "options": OPTIONS, "steps": 4, "precision": "fp64"}
        base = str(request.getfixturevalue(which))
        return generate_spec(name, base=base, images=entries, **(settings | changes))

    return build


def made(spec: dict) -> np.ndarray:
    """Run a spec: (images, H, W, 3)."""
    generate.run(spec)
    return np.stack(list(pictures(spec).values()))


@FAMILIES
def test_no_weight_is_plain_img2img(refer, which):
    nothing = OPTIONS | {"weight": 0.0, "adain": True}
    plain = refer("plain", which, method="img2img", options={})
    for entry in plain["images"]:
        del entry["defect"]
    expected = made(plain)
    assert np.array_equal(made(refer("nothing", which, options=nothing)), expected)
    assert np.abs(made(refer("referring", which)) - expected).max() > 1


@FAMILIES
@pytest.mark.parametrize("guidance", [5.0, 1.0])
def test_batch_size_changes_nothing(refer, which, guidance, masks):
    settings = {"guidance": guidance, "masks": masks[:1], "options": OPTIONS | {"adain": True}}
    one = made(refer("one", which, batch_size=1, **settings))
    assert np.array_equal(made(refer("eight", which, batch_size=8, **settings)), one)


@FAMILIES
def test_tasks_with_other_loras_share_batches(
    refer, which, masks, train_spec, monkeypatch, request
):
    told = {}
    monkeypatch.setattr(host, "done", lambda place, result, _: told.update({place: result}))
    monkeypatch.setattr(host, "progress_of", lambda *_: None)
    training = train_spec(base=str(request.getfixturevalue(which)), learning_rate=0.05)
    train_lora.run(training)

    def specs(tag: str) -> list[dict]:
        return [
            refer(tag + "a", which, lora=training["out"], masks=masks[:1]),
            refer(tag + "b", which, first=3, prompt="cell"),
        ]

    alone, group = specs("alone"), specs("group")
    expected = [made(spec) for spec in alone]
    generate.run_together([{**spec, "batch_size": 4} for spec in group])
    assert sorted(told) == [0, 1]
    for spec, one in zip(group, expected, strict=True):
        assert np.array_equal(np.stack(list(pictures(spec).values())), one)
    without = refer("without", which, masks=masks[:1])
    assert np.abs(made(without) - expected[0]).max() > 1


def test_an_image_depends_on_its_own_reference(refer, photos, masks):
    plain, other = refer("plain"), refer("other")
    other["images"][2]["defect"] = photos[0]
    masked = made(refer("masked", masks=masks[:1]))
    expected = made(plain)
    assert changed(made(other), expected) == [2]
    assert changed(masked, expected) == [1]


def changed(some: np.ndarray, others: np.ndarray) -> list[int]:
    return [
        i for i, (one, other) in enumerate(zip(some, others, strict=True)) if (one != other).any()
    ]


@pytest.mark.parametrize("sampler", ["base", *unet.SAMPLERS])
def test_the_reference_is_as_noisy_as_the_picture(refer, base, sampler):
    """Every second pass is that of a reference, and by the timestep it is as noisy as it should be.

    Schedulers with sigmas round them to timesteps, or timesteps to sigmas.
    """
    spec = refer("made", sampler=sampler, guidance=1.0)
    with base_model.borrow(str(base), torch.device("cpu"), torch.float64) as pipeline:
        seen = []
        hook = base_model.denoiser(pipeline).register_forward_pre_hook(
            lambda _, inputs: seen.append((inputs[0], float(inputs[1])))
        )
        alphas = np.asarray(pipeline.scheduler.alphas_cumprod, dtype=float)
        pixels = images.read_images([entry["defect"] for entry in spec["images"]], 32)
        posterior = latents.encode(pipeline.vae, pixels)
    generate.run(spec)
    hook.remove()
    clean = posterior.mean[0] * posterior.scaling_factor
    references = seen[1::2]
    assert len(seen) == 2 * len(references) > 2
    for number, (found, timestep) in enumerate(references):
        assert timestep == seen[2 * number][1]
        alpha = np.interp(timestep, np.arange(len(alphas)), alphas)
        for row, entry in enumerate(spec["images"]):
            generator = randomness.generator(entry["seed"], "reference noise", number)
            noise = torch.randn(clean.shape[1:], generator=generator).double()
            expected = alpha**0.5 * clean[row] + (1 - alpha) ** 0.5 * noise
            assert (found[row] - expected).norm() < 0.01 * expected.norm()


def test_a_cancelled_task_leaves_the_base_model_as_it_is(refer, base, monkeypatch):
    calls = []
    with base_model.borrow(str(base), torch.device("cpu"), torch.float64) as pipeline:
        network = base_model.denoiser(pipeline)
    before = network.attn_processors
    with monkeypatch.context() as patch:
        patch.setattr(host, "progress", lambda *args: calls.append(args))
        patch.setattr(host, "cancelled", lambda: len(calls) >= 1)
        with pytest.raises(Cancelled):
            generate.run(refer("cancelled", options=OPTIONS | {"adain": True}))
    assert all(network.attn_processors[name] is own for name, own in before.items())
    assert not any(m._forward_pre_hooks or m._forward_hooks for m in network.modules())


def test_a_mask_that_is_cut_away_is_named(refer, masks):
    with pytest.raises(StageError, match=r"edge\.png shows no defect in the square .* such as pad"):
        generate.run(refer("cropped", masks=masks[1:]))
    spec = refer("padded", masks=masks[1:], fit="pad")
    generate.run(spec)
    assert len(list(Path(spec["out"], "images").iterdir())) == 5


@pytest.mark.parametrize("name", ["weight", "style_fidelity"])
def test_settings_out_of_range_are_refused(refer, name):
    with pytest.raises(StageError, match=f"{name} must be from 0 to 1, not 1.5"):
        generate.run(refer("beyond", options=OPTIONS | {name: 1.5}))


def test_it_needs_a_defect(refer):
    spec = refer("none")
    del spec["images"][3]["defect"]
    with pytest.raises(StageError, match="method reference needs a defect"):
        generate.run(spec)


@pytest.mark.parametrize(("which", "fidelity"), [("base", 0.5), ("xl_base", 0.125)])
def test_style_fidelity_counts_less_for_xl(which, fidelity, request):
    settings = Settings(32, 0.6, 4, 5.0, "base", PLAIN, Options(**OPTIONS))
    folder = str(request.getfixturevalue(which))
    with base_model.borrow(folder, torch.device("cpu"), torch.float64) as pipeline:
        assert Referring(settings, pipeline, Rows("unet")).fidelity == fidelity
