"""train_lora leaves a LoRA that diffusers loads, a pristine base model, and exact resumption."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import StableDiffusionImg2ImgPipeline
from PIL import Image
from safetensors import safe_open
from safetensors.torch import load_file

import host
import train_lora
from common.errors import Cancelled, StageError
from diffusion import base_model
from noise_floor import EXACT

FILES = {
    "pytorch_lora_weights.safetensors",
    "kohya_lora.safetensors",
    "optimizer.safetensors",
    "losses.csv",
    "training.json",
}


def contents(folder: str) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in Path(folder).iterdir()}


def unet_state(base: Path) -> dict[str, torch.Tensor]:
    """A copy of the cached UNet's tensors, by name."""
    with base_model.borrow(str(base), torch.device("cpu"), torch.float32) as pipeline:
        assert not any(p.requires_grad for p in pipeline.unet.parameters())
        assert not pipeline.unet.training
        return {name: tensor.clone() for name, tensor in pipeline.unet.state_dict().items()}


def assert_equal_states(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> None:
    assert one.keys() == other.keys()
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_writes_what_it_says(train_spec):
    spec = train_spec(steps=12)
    result = train_lora.run(spec)
    assert set(contents(spec["out"])) == FILES
    assert result["steps"] == 12
    assert result["instance_exposures"] == {
        "distinct": 5,
        "min": 4,
        "max": 5,
    }  # 24 samples of 5 images
    assert result["class_exposures"] == {"distinct": 7, "min": 3, "max": 4}
    weights = load_file(Path(spec["out"], "pytorch_lora_weights.safetensors"))
    assert result["parameters"] == sum(tensor.numel() for tensor in weights.values())
    assert all(tensor.dtype == torch.float32 for tensor in weights.values())
    lines = Path(spec["out"], "losses.csv").read_text().splitlines()
    assert lines[0] == "step,loss,instance_loss,prior_loss"
    assert len(lines) == 13
    assert float(lines[-1].split(",")[1]) == result["final_loss"]
    json.dumps(result, allow_nan=False)


def test_metadata_tells_the_recipe_and_no_place(train_spec, tmp_path):
    spec = train_spec(steps=1)
    train_lora.run(spec)
    with safe_open(Path(spec["out"], "pytorch_lora_weights.safetensors"), "pt") as file:
        recipe = json.loads(file.metadata()["kizu_recipe"])
    assert recipe["instance"]["prompt"] == "shs cell"
    assert (recipe["class"]["images"], recipe["steps"], recipe["seed"]) == (7, 1, 7)
    assert not any(str(tmp_path.parent).encode() in c for c in contents(spec["out"]).values())


@pytest.mark.parametrize("target", ["attention", "attention+conv"])
def test_plain_diffusers_gets_the_trained_unet_back(train_spec, base, photos, target, monkeypatch):
    """Alpha, every layer and every value arrive: predictions equal those at the end of training."""
    spec = train_spec(target=target, learning_rate=0.02, precision="fp64")
    drawn = [torch.randn(*shape, dtype=torch.float64) for shape in ((2, 4, 8, 8), (2, 77, 32))]
    inputs = (drawn[0], torch.tensor([10, 700]), drawn[1])
    trained = []

    class Watched(train_lora.Group):
        def step(self, turns):
            losses = super().step(turns)
            if turns[0][1] == spec["steps"] - 1:
                self.rows.samples = [turns[0][0].lora] * 2
                with torch.no_grad():
                    trained.append(self.denoiser.eval()(*inputs).sample)
            return losses

    monkeypatch.setattr(train_lora, "Group", Watched)
    train_lora.run(spec)
    pipeline = StableDiffusionImg2ImgPipeline.from_pretrained(
        base, safety_checker=None, dtype=torch.float64
    )
    with torch.no_grad():
        before = pipeline.unet(*inputs).sample
        pipeline.load_lora_weights(spec["out"])
        after = pipeline.unet(*inputs).sample
    torch.testing.assert_close(after, trained[0], rtol=0, atol=EXACT)
    assert (after - before).abs().max() > 1e-2

    pipeline.set_progress_bar_config(disable=True)
    source = Image.open(photos[0]).resize((32, 32))

    def picture() -> np.ndarray:
        generator = torch.Generator("cpu").manual_seed(0)
        made = pipeline("shs cell", source, num_inference_steps=5, generator=generator)
        return np.array(made.images[0], dtype=int)

    with_lora = picture()
    pipeline.unload_lora_weights()
    assert np.abs(with_lora - picture()).max() > 0


def test_base_model_is_pristine_after_a_run(train_spec, base):
    before = unet_state(base)
    train_lora.run(train_spec(learning_rate=0.1))
    assert_equal_states(before, unet_state(base))


def test_base_model_is_pristine_after_cancellation(train_spec, base, monkeypatch):
    before = unet_state(base)
    steps = []
    monkeypatch.setattr(host, "progress", lambda done, *_: steps.append(done))
    monkeypatch.setattr(host, "cancelled", lambda: len(steps) >= 2)
    with pytest.raises(Cancelled):
        train_lora.run(train_spec(steps=50))
    assert steps == [1, 2]
    assert_equal_states(before, unet_state(base))


def test_nan_loss_stops_with_a_clear_error_and_a_pristine_base_model(train_spec, base):
    before = unet_state(base)
    with pytest.raises(StageError, match=r"loss became nan at step .* smaller learning rate"):
        train_lora.run(train_spec(steps=20, learning_rate=1e30))
    assert_equal_states(before, unet_state(base))


@pytest.mark.slow
def test_a_chain_equals_one_run_to_the_byte(train_spec):
    folder, chain = "", {}
    for steps in (5, 10, 20):
        spec = train_spec(f"chain{steps}", steps=steps, resume=folder)
        folder = spec["out"]
        chain[steps] = train_lora.run(spec), contents(folder)
    for steps in (10, 20):
        spec = train_spec(f"whole{steps}", steps=steps)
        assert train_lora.run(spec) == chain[steps][0]
        assert contents(spec["out"]) == chain[steps][1]


def test_only_the_same_recipe_is_continued(train_spec, photos):
    first = train_spec("first", steps=2)
    train_lora.run(first)
    with pytest.raises(StageError, match="trained with another seed"):
        train_lora.run(train_spec("seed", resume=first["out"], seed=8))
    other = {"prompt": "cell", "images": photos[4:]}
    with pytest.raises(StageError, match="trained with another class"):
        train_lora.run(train_spec("class", resume=first["out"], **{"class": other}))
    with pytest.raises(StageError, match="2 steps already, more than 1"):
        train_lora.run(train_spec("fewer", resume=first["out"], steps=1))


def test_seed_decides_everything(train_spec):
    runs = [train_spec(str(i), seed=seed) for i, seed in enumerate((1, 1, 2))]
    for i, spec in enumerate(runs):
        torch.manual_seed(i)  # must not matter
        train_lora.run(spec)
    first, again, other = (contents(spec["out"]) for spec in runs)
    assert first == again
    weights = "pytorch_lora_weights.safetensors"
    assert first[weights] != other[weights]


def test_instance_samples_do_not_depend_on_regularization(train_spec):
    """The first step, before any update, has the same instance loss with and without a prior."""
    nothing = {"prompt": "cell", "images": []}
    without, with_prior = (
        train_spec(name, steps=1, precision="fp64") for name in ("without", "with")
    )
    rows = []
    for spec in (without | {"class": nothing}, with_prior):
        train_lora.run(spec)
        with open(Path(spec["out"], "losses.csv"), newline="") as file:
            rows += list(csv.DictReader(file))
    instance = float(rows[1]["instance_loss"])
    assert float(rows[0]["instance_loss"]) == pytest.approx(instance, rel=EXACT)
    assert rows[0]["prior_loss"] == ""
    total = instance + float(rows[1]["prior_loss"])
    assert float(rows[1]["loss"]) == pytest.approx(total, rel=EXACT)


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_half_precision_trains_float32_weights_and_resumes(train_spec, precision):
    spec = train_spec("half", precision=precision, steps=2)
    train_lora.run(spec)
    more = train_spec("more", precision=precision, steps=3, resume=spec["out"])
    assert np.isfinite(train_lora.run(more)["final_loss"])
    weights = load_file(Path(more["out"], "pytorch_lora_weights.safetensors"))
    assert all(tensor.dtype == torch.float32 for tensor in weights.values())


def test_bad_specs_are_refused(train_spec, photos, tmp_path):
    with pytest.raises(StageError, match="at least one instance image"):
        train_lora.run(train_spec("a", instance={"prompt": "shs", "images": []}))
    for target in ("everything", "attention+resnets.0", "query"):
        with pytest.raises(StageError, match="is no linear or convolution layer of this base"):
            train_lora.run(train_spec(f"target {target}", target=target))
    with pytest.raises(StageError, match="regularization 'even' is unknown; use one of exact, ko"):
        train_lora.run(train_spec("c", regularization="even"))
    with pytest.raises(StageError, match="schedule 'slow' is unknown; use constant, constant_wit"):
        train_lora.run(train_spec("f", schedule="slow"))
    with pytest.raises(StageError, match="optimizer 'sgd' is unknown; use adamw, adamw8bit, prod"):
        train_lora.run(train_spec("g", optimizer="sgd"))
    with pytest.raises(StageError, match="gradient_accumulation must be at least 1, not 0"):
        train_lora.run(train_spec("h", gradient_accumulation=0))
    with pytest.raises(StageError, match="precision 'int4' is unknown"):
        train_lora.run(train_spec("d", precision="int4"))
    broken = tmp_path / "broken.png"
    broken.write_bytes(Path(photos[0]).read_bytes()[:100])
    with pytest.raises(StageError, match=r"broken\.png cannot be read"):
        train_lora.run(train_spec("e", instance={"prompt": "shs", "images": [str(broken)]}))
