"""measure takes the class token of DINOv2 and the embedding of CLIP, from folders and the cache;
classifiers are trained on either."""

import dataclasses
import json
import shutil
from pathlib import Path

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file
from transformers import (
    BitImageProcessor,
    CLIPConfig,
    CLIPImageProcessor,
    CLIPModel,
    CLIPVisionConfig,
    CLIPVisionModelWithProjection,
    Dinov2Config,
    Dinov2Model,
    ResNetConfig,
    ResNetModel,
)

import classify
import measure
import predict
import to_onnx
from classifier import kept, network, training, vision
from common import framing, images
from common.errors import StageError
from common.framing import Rendering
from noise_floor import assert_rounding_alone

SMALL = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "image_size": 28,
    "patch_size": 14,
}
SHAPES = {"size": {"shortest_edge": 32}, "crop_size": {"height": 28, "width": 28}}


def clip_vision() -> CLIPVisionConfig:
    return CLIPVisionConfig(**SMALL, intermediate_size=64, projection_dim=24)


@pytest.fixture
def dinov2(tmp_path) -> Path:
    torch.manual_seed(0)
    Dinov2Model(Dinov2Config(**SMALL)).save_pretrained(tmp_path / "dinov2")
    BitImageProcessor(**SHAPES).save_pretrained(tmp_path / "dinov2")
    return tmp_path / "dinov2"


@pytest.fixture
def clip(tmp_path) -> Path:
    """With its text encoder, as the hub has it."""
    torch.manual_seed(0)
    text = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 1, "vocab_size": 99}
    text |= {"num_attention_heads": 2, "projection_dim": 24}
    config = CLIPConfig(text_config=text, vision_config=clip_vision().to_dict(), projection_dim=24)
    CLIPModel(config).save_pretrained(tmp_path / "clip")
    CLIPImageProcessor(**SHAPES).save_pretrained(tmp_path / "clip")
    return tmp_path / "clip"


@pytest.fixture
def run(photos, tmp_path):
    """Features of twelve photos by a model."""

    def features(model: str | Path, name: str = "features", **changes) -> torch.Tensor:
        out = tmp_path / name
        out.mkdir()
        spec = {"out": str(out), "device": "cpu", "model": "transformers", "weights": str(model)}
        measure.run(spec | {"resolution": 0, "calibration": [], "images": photos} | changes)
        return load_file(out / "features.safetensors")["features"]

    return features


def test_dinov2_is_pooled_by_its_class_token(dinov2, run, photos):
    assert_rounding_alone(run(dinov2), *class_tokens(dinov2, photos))


def class_tokens(dinov2: Path, photos: list[str]) -> list[torch.Tensor]:
    """What transformers' own model makes of photos, in float32 and in float64."""
    pictures = [Image.open(path).convert("RGB") for path in photos]
    inputs = BitImageProcessor.from_pretrained(dinov2)(pictures, return_tensors="pt")
    model, pixels = Dinov2Model.from_pretrained(dinov2).eval(), inputs["pixel_values"]
    with torch.no_grad():
        single = model(pixel_values=pixels).pooler_output
        return [single, model.double()(pixel_values=pixels.double()).pooler_output]


def test_clip_is_what_it_compares_with_texts(clip, run, photos):
    inputs = CLIPImageProcessor.from_pretrained(clip)(
        [Image.open(path).convert("RGB") for path in photos], return_tensors="pt"
    )
    model, embeddings = CLIPModel.from_pretrained(clip).eval(), []
    for dtype in (torch.float32, torch.float64):
        model.to(dtype)
        with torch.no_grad():
            seen = model.vision_model(pixel_values=inputs["pixel_values"].to(dtype)).pooler_output
            embeddings.append(model.visual_projection(seen))
    found = run(clip)
    assert found.shape == (12, 24)
    assert_rounding_alone(found, *embeddings)


def test_clips_image_half_will_do(tmp_path, run):
    torch.manual_seed(0)
    CLIPVisionModelWithProjection(clip_vision()).save_pretrained(tmp_path / "half")
    CLIPImageProcessor(**SHAPES).save_pretrained(tmp_path / "half")
    assert run(tmp_path / "half").shape == (12, 24)


def test_it_repeats_itself_to_the_byte_and_alone(dinov2, run, photos, tmp_path):
    together = run(dinov2, "one")
    torch.manual_seed(1)  # must not matter
    run(dinov2, "two")
    files = [(tmp_path / name / "features.safetensors").read_bytes() for name in ("one", "two")]
    assert files[0] == files[1]
    alone = run(dinov2, "alone", images=photos[3:4])
    exact = class_tokens(dinov2, photos)[1]
    assert_rounding_alone(alone[0], together[3], exact[3])


def test_mirror_images(dinov2, run, photos, tmp_path):
    flipped = tmp_path / "flipped.png"
    with Image.open(photos[0]) as photo:
        photo.transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(flipped)
    found = run(dinov2, images=[photos[0], str(flipped)], mirrored=photos[:1])
    torch.testing.assert_close(found[2], found[1], rtol=1e-4, atol=1e-4)
    assert not torch.allclose(found[2], found[0], rtol=1e-2, atol=1e-2)


@pytest.mark.parametrize("fit", ["stretch", "pad"])
def test_a_photo_that_is_not_cropped_is_seen_to_its_edges(dinov2, run, photos, tmp_path, fit):
    """The network's own processing would cut off an eighth of it."""
    square, framed = tmp_path / "square.png", Rendering(fit=fit)
    framing.square(images.photos.read(photos[0]), 28, framed)[0].save(square)
    pixels = BitImageProcessor(do_resize=False, do_center_crop=False)(
        [Image.open(square)], return_tensors="pt"
    )["pixel_values"]
    with torch.no_grad():
        expected = Dinov2Model.from_pretrained(dinov2).eval()(pixel_values=pixels).pooler_output
    found = run(dinov2, images=photos[:1], fit=fit)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)
    assert not torch.allclose(found, run(dinov2, "cropped", images=photos[:1]), rtol=1e-2)


def test_a_model_of_the_hub_comes_from_the_cache(dinov2, run, tmp_path, monkeypatch):
    repo = tmp_path / "cache" / "models--owner--model"
    (repo / "refs").mkdir(parents=True)
    (repo / "refs" / "main").write_text("0123abcd")
    (repo / "snapshots").mkdir()
    dinov2.rename(repo / "snapshots" / "0123abcd")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("transformers.utils.hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    assert run("owner/model").shape == (12, 32)
    with pytest.raises(StageError, match="vision transformer owner/other cannot be loaded"):
        run("owner/other", "other")


def test_errors(dinov2, run, tmp_path):
    def fails(message: str, name: str) -> None:
        with pytest.raises(StageError, match=message):
            run(tmp_path / name if name != "dinov2" else dinov2, f"out of {message[:9]}")

    fails("vision transformer .*nowhere cannot be loaded", "nowhere")
    other = ResNetConfig(embedding_size=8, hidden_sizes=[8], depths=[1], num_channels=3)
    ResNetModel(other).save_pretrained(tmp_path / "resnet")
    fails("is a resnet; supported are dinov2", "resnet")
    broken = shutil.copytree(dinov2, tmp_path / "broken")
    config = json.loads((broken / "config.json").read_text())
    for patch in (0, "x"):  # each fails in another way inside transformers
        (broken / "config.json").write_text(json.dumps(config | {"patch_size": patch}))
        with pytest.raises(StageError, match=r"vision transformer .*broken cannot be loaded"):
            run(broken, f"patches of {patch}")
    weights = dinov2 / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    fails("cannot be loaded", "dinov2")
    weights.unlink()
    (dinov2 / "pytorch_model.bin").write_bytes(b"a pickle")
    fails("safetensors", "dinov2")


def test_weights_that_are_missing_are_not_made_up(dinov2, run):
    config = json.loads((dinov2 / "config.json").read_text())
    (dinov2 / "config.json").write_text(json.dumps(config | {"num_hidden_layers": 3}))
    with pytest.raises(StageError, match=r"has no weights for encoder\.layer\.2"):
        run(dinov2)


def test_in_parts_photos_have_the_features_that_they_have_alone(dinov2, run, photos):
    """To the bit, one photo at a time."""
    parts = run(dinov2, "parts", parts=64)
    assert torch.equal(parts[3:4], run(dinov2, "alone", images=photos[3:4]))
    assert_rounding_alone(parts, run(dinov2), class_tokens(dinov2, photos)[1])


def test_features_name_the_model_wherever_it_lies():
    """A folder of the hub's cache is called after a revision."""
    snapshot = "/cache/models--facebook--dinov2-small/snapshots/0123abcd"
    for place in (snapshot, "facebook/dinov2-small", "/models/dinov2-small"):
        assert vision.name_of(place) == "dinov2-small"


# Linear heads on what the transformer sees, and all of it trained; 42 pixels are 3 x 3 patches,
# where the small ones have learnt 2 x 2.
HEAD = {"model": network.TRANSFORMERS, "resolution": 42, "trained": "head", "augment": "none"}


@pytest.mark.parametrize("kind", ["dinov2", "clip"])
@pytest.mark.parametrize("changes", [{}, {"trained": "all", "augment": "mild", "steps": 120}])
def test_a_classifier_on_it_is_kept_and_answers_as_it_did(kind, changes, request, classify_spec):
    weights = request.getfixturevalue(kind)
    rate = 1e-3 if changes else 0.1
    changes = HEAD | {"steps": 60, "learning_rate": rate} | changes
    spec = classify_spec(weights=str(weights), keep=True, **changes)
    told = classify.run(spec)
    model, card = kept.read(Path(spec["out"]))
    assert card.config["hidden_size"] == SMALL["hidden_size"]
    started = network.build(network.TRANSFORMERS, str(weights), 3, spec["seed"])
    begun, ended = (m.network.transformer.state_dict() for m in (started, model))
    frozen = all(torch.equal(begun[name], ended[name]) for name in begun)
    assert frozen == (changes["trained"] == "head")
    assert told["accuracy"] >= 0.9  # plain colours
    answers = predict.run(
        {
            "device": "cpu",
            "classifier": spec["out"],
            "photos": [e["path"] for e in spec["test"]],
        }
    )["answers"]
    lines = (Path(spec["out"]) / "predictions.csv").read_text().splitlines()[1:]
    assert all(
        ",".join(f"{p:.6f}" for p in answer["probabilities"]) in line
        for answer, line in zip(answers, lines, strict=True)
    )


@pytest.mark.parametrize("precision", ["fp32", "bf16", "fp16"])
def test_a_head_learns_what_is_learnt_on_its_features(dinov2, classify_spec, photos, precision):
    """As a linear layer does on class tokens that transformers' own model gives, by AdamW."""
    spec = classify.read_spec(classify.Spec, classify_spec(weights=str(dinov2), **HEAD))
    settings = spec.settings(list(range(len(spec.train))))
    model = network.build(network.TRANSFORMERS, str(dinov2), 3, 3)
    pixels = images.read_images([e.path for e in spec.train], 42)
    own = Dinov2Model.from_pretrained(dinov2).eval()
    with torch.no_grad():
        tokens = own(pixel_values=model.normalize(pixels)).pooler_output
        model.network.eval()
        torch.testing.assert_close(network.features(model, pixels), tokens, rtol=1e-4, atol=1e-4)
    labels = torch.tensor([entry.class_ for entry in spec.train])
    settings = dataclasses.replace(settings, precision=precision, steps=200)
    losses = [epoch.loss for epoch in training.train(settings, model, pixels, labels)]
    assert losses[-1] < losses[0]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["dinov2", "clip"])
def test_onnxruntime_answers_like_torch(kind, request, tmp_path):
    model = network.build(network.TRANSFORMERS, str(request.getfixturevalue(kind)), 3, 1)
    kept.write(tmp_path, model, kept.card_of(model, network.TRANSFORMERS, ["a", "b", "c"], 42))
    spec = {"classifier": str(tmp_path), "file": str(tmp_path / "model.onnx")}
    assert to_onnx.run(spec)["difference"] <= to_onnx.WITHIN


def test_a_resolution_of_no_whole_patches(dinov2, classify_spec):
    with pytest.raises(StageError, match="resolution 48 is no multiple of 14 pixels"):
        classify.run(classify_spec(weights=str(dinov2), **HEAD | {"resolution": 48}))
