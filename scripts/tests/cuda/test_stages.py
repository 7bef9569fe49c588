"""Every stage computes on a GPU alone, and no training or denoising step waits for it.

The device is a stand-in (fake_cuda). What happens between the words to the host about the first
step and about the last is in a step.
"""

from collections import Counter
from collections.abc import Callable

import pytest
import torch
from diffusers import DDIMScheduler, UNet2DConditionModel

import autoencode
import choose
import classify
import detect
import generate
import host
import judge
import measure
import train_lora
from classifier import augment, frozen
from common import readout
from diffusion import base_model, samplers
from diffusion.families import sd, sd3
from fake_cuda import READ, TO_DEVICE, fake_cuda
from lora import dreambooth

STEPS = 3
DEVICE = {"device": "cuda:0"}

PRECISIONS = ("fp32", "bf16", "fp16")
# A family by the fixture of a base model; those of flow matching have a test of their own.
FAMILIES = pytest.mark.parametrize("which", ["base", "xl_base"])

# Waits that steps may have, and why.
REASONS = {
    f"common/readout.py read {READ}": "the losses, twice a second at most",
    f"diffusion/families/sd.py encode {TO_DEVICE}": "tokens, where text encoders are trained",
    f"diffusion/families/sdxl.py encode {TO_DEVICE}": "the same",
}


class Waits:
    """Where the host waited, and how often: in all, and in each step without REASONS."""

    def __init__(self) -> None:
        self.total: Counter[str] = Counter()
        self.in_steps: Counter[str] = Counter()


@pytest.fixture
def on_cuda(monkeypatch) -> Callable[[Callable], Waits]:
    """Runs something on the device, and says where the host waited."""
    monkeypatch.setattr(readout, "READ_EVERY", 0.0)
    for name in ("done", "log"):
        monkeypatch.setattr(host, name, lambda *_: None)
    monkeypatch.setattr(host, "failed", lambda _, text: pytest.fail(text))

    def run(compute: Callable[[], object]) -> Waits:
        waits, seen = Waits(), []

        def progress(*said: object) -> None:
            if {"loss", "step"} & set(said[-1]):
                seen.append(Counter(device.waits))

        monkeypatch.setattr(host, "progress", progress)
        monkeypatch.setattr(host, "progress_of", progress)
        try:
            with fake_cuda() as device:
                compute()
        finally:
            frozen._known.clear()
        waits.total = device.waits
        found = seen[-1] - seen[0] if seen else Counter()
        each = {wait: count // (STEPS - 1) for wait, count in found.items()}
        waits.in_steps = Counter({w: n for w, n in each.items() if n and _place(w) not in REASONS})
        return waits

    return run


@pytest.fixture(autouse=True, scope="module")
def leave_nothing():
    """What a process keeps is on a device that ends here."""
    yield
    base_model.forget()


def _place(wait: str) -> str:
    """A wait without the number of its line."""
    file, _, rest = wait.partition(":")
    return f"{file} {rest.partition(' ')[2]}"


@pytest.fixture
def lora_spec(train_spec, photos, mask):
    """Builds a short training on the device."""

    def build(name: str = "lora", masks: bool = False, **changes) -> dict:
        shown = {"masks": [[mask], [mask]]} if masks else {}
        small = {
            "instance": {"prompt": "shs cell", "images": photos[:2]} | shown,
            "class": {"prompt": "cell", "images": photos[2:4]},
            **{"resolution": 16, "steps": STEPS, "batch_size": 1, "reproducible": True},
        }
        return train_spec(name, **DEVICE | small | changes)

    return build


METHODS = {
    "img2img": {},
    "reference": {"weight": 1.0, "style_fidelity": 0.5, "adain": True},
    "inpaint": {"mask": "training", "mask_scale_min": 1.0, "mask_scale_max": 1.0, "feather": 1},
}


@pytest.fixture
def images_spec(generate_spec, photos, mask):
    """Builds a spec of two images on the device, with all that a method may ask for."""

    def build(name: str = "images", method: str = "img2img", **changes) -> dict:
        given = {"img2img": {}, "reference": {"defect": photos[3]}, "inpaint": {}}[method]
        given |= {} if method == "img2img" else {"masks": [mask]}
        pictures = [{"name": f"{i}.png", "source": photos[i], "seed": i} | given for i in range(2)]
        small = {"resolution": 16, "steps": STEPS, "strength": 1.0, "images": pictures}
        options = {"method": method, "options": METHODS[method]}
        return generate_spec(name, **DEVICE | small | options | changes)

    return build


@FAMILIES
@pytest.mark.parametrize(
    "changes",
    [
        {"precision": "fp32", "masks": True, "flip": True, "outside": 0.1},
        {"precision": "bf16", "text_encoder": True, "gradient_checkpointing": True},
        {"precision": "fp16", "regularization": "kohya", "min_snr_gamma": 5.0},
    ],
    ids=lambda changes: changes["precision"],
)
def test_a_lora_is_trained(lora_spec, request, on_cuda, which, changes):
    spec = lora_spec(base=str(request.getfixturevalue(which)), **changes)
    assert on_cuda(lambda: train_lora.run(spec)).in_steps == {}


@FAMILIES
def test_loras_are_trained_together(lora_spec, request, on_cuda, which):
    base = str(request.getfixturevalue(which))
    ranks = [{"rank": 2, "target": "attention"}, {"rank": 4, "batch_size": 2, "target": "conv"}]
    specs = [lora_spec(str(r["rank"]), base=base, reproducible=False, **r) for r in ranks]
    assert on_cuda(lambda: train_lora.run_together(specs)).in_steps == {}


# Copies to the device that diffusers makes in each step: noise, UniPC's constants, and the noise
# levels of Euler, the xl_base's own sampler, where noise is added in each step.
COPIES = {
    **{"ddpm": 1, "euler_a": 1, "unipc": 5, "flow-heun": 4},
    **{("xl_base", "reference"): 2, ("xl_base", "inpaint"): 2},
}


@FAMILIES
@pytest.mark.parametrize(
    ("method", "precision"), [("img2img", "fp16"), ("reference", "bf16"), ("inpaint", "fp32")]
)
def test_images_are_made(images_spec, request, on_cuda, which, method, precision):
    base = str(request.getfixturevalue(which))
    spec = images_spec(method=method, base=base, precision=precision)
    waits = on_cuda(lambda: generate.run(spec))
    assert all(wait.endswith(TO_DEVICE) for wait in waits.in_steps)
    assert waits.in_steps.total() <= COPIES.get((which, method), 0)


@pytest.mark.parametrize("sampler", [*sd.FAMILY.samplers, *sd3.FAMILY.samplers])
def test_samplers(images_spec, request, on_cuda, sampler):
    which = "base" if sampler in sd.FAMILY.samplers else "sd3_base"
    spec = images_spec(sampler=sampler, base=str(request.getfixturevalue(which)))
    waits = on_cuda(lambda: generate.run(spec))
    if sampler != "flow-heun":  # which compares noise levels with bounds
        assert all(wait.endswith(TO_DEVICE) for wait in waits.in_steps), waits.in_steps
    assert waits.in_steps.total() <= COPIES.get(sampler, 0)


def test_a_time_step_from_elsewhere_is_taken_as_it_is():
    """A copy of one has no place among the scheduler's own."""
    rng = torch.Generator().manual_seed(0)
    sample, output = torch.randn(2, 1, 4, 8, 8, generator=rng).unbind()
    made = []
    for build in (lambda t: t, torch.clone):
        scheduler = samplers.told_on_host(DDIMScheduler())
        scheduler.set_timesteps(5)
        made.append(scheduler.step(output, build(scheduler.timesteps[2]), sample).prev_sample)
    assert torch.equal(*made)


@FAMILIES
def test_images_with_and_without_loras_are_made_together(
    lora_spec, images_spec, request, on_cuda, which
):
    base = str(request.getfixturevalue(which))
    trained = lora_spec(base=base, steps=1)
    train_lora.run(trained | {"device": "cpu"})
    loras = {"with": trained["out"], "without": ""}
    specs = [images_spec(name, lora=lora, base=base) for name, lora in loras.items()]
    assert on_cuda(lambda: generate.run_together(specs)).in_steps == {}


# Waits in each step of images and of inpainted ones: diffusers' pipeline of Z-Image reads the time,
# and noise is added to what is kept by a table of times that is on the host.
IN_DIFFUSERS = {
    **{("sd3_base", 2): 0, ("sd3_base", 1): 1},
    **{("z_image_base", 2): 1, ("z_image_base", 1): 2},
}


@pytest.mark.parametrize("which", ["sd3_base", "z_image_base"])
@pytest.mark.parametrize(
    "precision", ["bf16", *(pytest.param(p, marks=pytest.mark.slow) for p in ("fp32", "fp16"))]
)
def test_flow_matching(lora_spec, images_spec, request, on_cuda, which, precision):
    """A training, trainings together, and images with both and by inpainting."""
    shared = {"base": str(request.getfixturevalue(which)), "precision": precision}
    learnt = shared | {"target": "attention"}
    spec = lora_spec(masks=True, flip=True, outside=0.1, **learnt)
    assert on_cuda(lambda: train_lora.run(spec)).in_steps == {}
    pair = [lora_spec(str(rank), rank=rank, **learnt) for rank in (2, 4)]
    assert on_cuda(lambda: train_lora.run_together(pair)).in_steps == {}
    mixed = [images_spec(f"with{s['rank']}", lora=s["out"], **shared) for s in pair]
    pasted = [images_spec(method="inpaint", **shared)]
    for specs in (mixed, pasted):
        waits = on_cuda(lambda specs=specs: generate.run_together(specs)).in_steps
        assert waits.total() <= IN_DIFFUSERS[which, len(specs)], waits


# Waits of torchvision's own in each step: of operations on single images, and looks at the labels.
TORCHVISION = {"trivial": 8, "cutmix": 2}


@pytest.mark.parametrize(
    ("kind", "precision"),
    [*((kind, "fp32") for kind in augment.KINDS), ("mild", "fp16"), ("head", "bf16")],
)
def test_a_classifier_is_trained(classify_spec, on_cuda, precision, kind):
    changes = {"trained": "head", "augment": "none"} if kind == "head" else {"augment": kind}
    spec = classify_spec(steps=STEPS, precision=precision, **DEVICE | changes)
    assert on_cuda(lambda: classify.run(spec)).in_steps.total() <= TORCHVISION.get(kind, 0)


@pytest.mark.parametrize(
    ("stage", "precision"),
    [(autoencode, "bf16"), (measure, ""), (judge, ""), *((detect, p) for p in PRECISIONS)],
)
def test_images_are_looked_at(stage_specs, on_cuda, stage, precision):
    changes = {"precision": precision, "resolution": 32} if precision else {}
    spec = stage_specs(stage.__name__, **DEVICE | changes)
    on_cuda(lambda: stage.run(spec))


@pytest.mark.parametrize("by", choose.RULES)
def test_images_are_chosen(images_spec, stage_specs, on_cuda, by):
    made = [images_spec(str(number)) for number in range(2)]
    for each in made:
        generate.run(each | {"device": "cpu"})
    pictures = [{key: picture[key] for key in ("name", "source")} for picture in made[0]["images"]]
    lists = {"images": pictures, "candidates": [spec["out"] for spec in made]}
    spec = stage_specs("choose", by=by, **DEVICE | lists)
    on_cuda(lambda: choose.run(spec))


# Each kind of step by a function that each step calls.
STEP = {
    "train_lora": (train_lora.run, dreambooth, "errors_of"),
    "generate": (generate.run, UNet2DConditionModel, "get_time_embed"),
    "classify": (classify.run, augment, "mild"),
}


@pytest.mark.parametrize("stage", STEP)
def test_what_is_planted_in_a_step_is_found(
    lora_spec, images_spec, classify_spec, on_cuda, monkeypatch, stage
):
    build = {"train_lora": lora_spec, "generate": images_spec, "classify": classify_spec}[stage]
    run, owner, name = STEP[stage]
    own = getattr(owner, name)

    def reading(*given, **named) -> torch.Tensor:
        made = own(*given, **named)
        return made * made.flatten()[0].item()

    def mixing(*given, **named) -> torch.Tensor:
        made = own(*given, **named)
        return made + torch.ones(made.shape)

    monkeypatch.setattr(owner, name, reading)
    assert on_cuda(lambda: run(build("reading", steps=STEPS, **DEVICE))).in_steps.total() == 1
    monkeypatch.setattr(owner, name, mixing)
    with pytest.raises(RuntimeError, match="at least two devices, cuda:0 and cpu"):
        on_cuda(lambda: run(build("mixing", steps=STEPS, **DEVICE)))
