"""Stage classify: train EfficientNet-b0 on a list of images and predict another list.

A fixed number of epochs or steps, no validation set and no model selection: the test images are
looked at once, at the end. A photo may be tested on in tiles: its worst tile answers for it
(classifier/tiles.py). Alone: python scripts/classify.py spec.json
"""

import csv
import hashlib
import json
import math
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch

import host
from classifier import frozen, kept, tiles
from classifier import network as classifier
from classifier import threshold as classifier_threshold
from classifier import training as classifier_training
from classifier.ongoing import Ongoing
from classifier.predictions import TestImage, write_predictions
from classifier.settings import Settings
from classifier.training import Epoch
from common import images, memory, runtime, safetensors_file
from common.checkpoints import Checkpoints
from common.errors import StageError
from common.framing import Rendered
from common.regions import located
from common.specs import read_spec


@dataclass(frozen=True)
class TrainImage:
    """One training image; class_ is an index into the spec's classes, fold that of a photo from 1,
    where there are folds."""

    path: str
    class_: int
    fold: int = 0
    generated: bool = False


@dataclass(frozen=True)
class Spec(Rendered):
    """Keys of classify's spec; exactly one of `epochs` and `steps` is above 0.

    `steps` gives training sets of any size the same number of optimizer steps.
    """

    out: str
    device: str
    seed: int
    model: str
    weights: str
    resolution: int
    batch_size: int
    learning_rate: float
    weight_decay: float
    precision: str
    classes: list[str]
    train: list[TrainImage]
    test: list[TestImage]
    held_out: list[TestImage] = field(default_factory=list)  # generated, for features only
    autoencoded: list[TestImage] = field(default_factory=list)  # test photos, for features only
    epochs: int = 0
    steps: int = 0
    sampling: str = "plain"
    real_share: float = 0.0
    augment: str = "mild"
    trained: str = "all"  # layers
    keep: bool = False  # the trained network
    tiles: int = 0  # the side of those that photos are seen in, as kept.Card has it
    folds: int = 0  # that a threshold is chosen by; 0 for none
    recall: float = 0.0  # that it must have there
    checkpoint: str = ""  # a folder to keep checkpoints in
    checkpoint_seconds: float = 60.0
    threads: int = 0

    def optimizer_steps(self) -> int:
        """Optimizer steps: an epoch draws as many images as there are; the last step may reach into
        the next."""
        return self.steps or math.ceil(self.epochs * len(self.train) / self.batch_size)

    def settings(self, images: list[int]) -> Settings:
        """Those of a training on some of the images."""
        return Settings(
            steps=self.optimizer_steps(),
            sampling=self.sampling,
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            weight_decay=self.weight_decay,
            precision=self.precision,
            seed=self.seed,
            augment=self.augment,
            trained=self.trained,
            real_share=self.real_share,
            generated=tuple(self.train[i].generated for i in images),
        )


def run(spec: dict[str, Any]) -> dict[str, Any]:
    """Train, predict every test photo; returns accuracy, n_test, the last training loss and, with
    folds, the threshold."""
    spec = read_spec(Spec, spec)
    check(spec)
    device = runtime.prepare(spec.device, spec.threads)
    memory.make_room(device)  # a base model that is still loaded is of no use here
    host.log(f"reading {len(spec.train)} training and {len(spec.test)} test images")
    train_pixels, test_pixels = (
        images.read_images([e.path for e in entries], spec.resolution, spec.rendering).to(device)
        for entries in (spec.train, spec.test)
    )
    labels = torch.tensor([entry.class_ for entry in spec.train], device=device)
    settings = spec.settings(list(range(len(spec.train))))
    checkpoints = Checkpoints(spec.checkpoint, spec.checkpoint_seconds)
    ongoing = Ongoing(settings, spec.folds + 1, checkpoints)
    chosen = {}
    if spec.folds:
        chosen["threshold"] = choose_threshold(spec, train_pixels, labels, ongoing)

    model = untrained(spec, train_pixels)
    out = Path(spec.out)
    if spec.held_out:
        looked_at = pictures(spec, test_pixels)
        write_features(out / "features_before.safetensors", spec, model, looked_at)
    epochs = classifier_training.train(settings, model, train_pixels, labels, ongoing)
    predict = classifier_training.predict
    if spec.trained == "head":
        predict = classifier_training.predict_frozen
    probabilities = predict(model, test_pixels, spec.precision)

    if spec.held_out and spec.trained == "head":  # which sees what it saw before
        shutil.copyfile(out / "features_before.safetensors", out / "features.safetensors")
    elif spec.held_out:
        write_features(
            out / "features.safetensors", spec, model, looked_at, classifier.all_features
        )
    answers = tiles.worst([entry.name for entry in spec.test], probabilities)
    tested, probabilities = [spec.test[i] for i in answers], probabilities[answers]
    write_predictions(out / "predictions.csv", spec.classes, tested, probabilities)
    write_epochs(out / "training.csv", epochs)
    write_summary(out / "training.json", spec, model)
    if spec.keep:
        kept.write(out, model, card(spec, model, chosen.get("threshold")))
    predicted = probabilities.argmax(1).tolist()
    correct = sum(p == entry.class_ for p, entry in zip(predicted, tested, strict=True))
    return {
        "accuracy": correct / len(tested),
        "n_test": len(tested),
        "train_loss": epochs[-1].loss,
    } | chosen


def card(spec: Spec, model: classifier.Classifier, threshold: float | None) -> kept.Card:
    """What is kept of a classifier beside its weights."""
    photos = {located(entry.path)[0] for entry in spec.train if not entry.generated}
    return replace(
        kept.card_of(model, spec.model, spec.classes, spec.resolution),
        fit=spec.fit,
        levels=spec.levels,
        tiles=spec.tiles,
        precision=spec.precision,
        threshold=threshold,
        trained_on=sorted(hashlib.sha256(Path(p).read_bytes()).hexdigest() for p in photos),
    )


def untrained(spec: Spec, pixels: torch.Tensor) -> classifier.Classifier:
    """What a training on some pixels begins with."""
    return classifier.untrained(spec.model, spec.weights, len(spec.classes), spec.seed, pixels)


def choose_threshold(
    spec: Spec, pixels: torch.Tensor, labels: torch.Tensor, ongoing: Ongoing
) -> float:
    """The score from which on photos are to be sorted out, by folds of the training images."""

    def predict(rest: list[int], held: list[int]) -> torch.Tensor:
        model = untrained(spec, pixels[rest])
        settings = spec.settings(rest)
        classifier_training.train(settings, model, pixels[rest], labels[rest], ongoing)
        return classifier_training.predict(model, pixels[held], spec.precision)

    def once(rest: list[int], held: list[int]) -> torch.Tensor:
        return ongoing.once(lambda: predict(rest, held))

    folds = classifier_threshold.held_out(
        [entry.fold for entry in spec.train], labels.tolist(), spec.folds
    )
    scores, defective = classifier_threshold.out_of_fold(folds, labels, once)
    with open(Path(spec.out) / "out_of_fold.csv", "w", newline="", encoding="utf-8") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow(["score", "defective"])
        for score, is_defective in zip(scores.tolist(), defective.tolist(), strict=True):
            writer.writerow([f"{score:.6f}", int(is_defective)])
    return classifier_threshold.choose(scores, defective, spec.recall)


def check(spec: Spec) -> None:
    """StageError for a spec that cannot be trained."""
    if (spec.epochs > 0) == (spec.steps > 0):
        raise StageError("give exactly one of epochs and steps, above 0")
    for name, entries in (("train", spec.train), ("test", spec.test)):
        if not entries:
            raise StageError(f"the list of {name} images is empty")
        if not all(0 <= entry.class_ < len(spec.classes) for entry in entries):
            raise StageError(f"a {name} image has a class index beyond the list of classes")
    labels: dict[str, int] = {}
    for entry in spec.test:
        if labels.setdefault(entry.name, entry.class_) != entry.class_:
            raise StageError(f"the tiles of test image {entry.name} are of different classes")
    present = {entry.class_ for entry in spec.train}
    for index, name in enumerate(spec.classes):
        if index not in present:
            raise StageError(f"class {name!r} has no training image; add some or leave it out")


def pictures(spec: Spec, test_pixels: torch.Tensor) -> dict[str, torch.Tensor]:
    """What features are stored of, by the name of the tensor that holds them.

    That is one row a tile, as the lists have them: the host picks from rows by its own lists, and
    a training image is a tile as well.
    """
    lists = {"held_out": spec.held_out, "autoencoded": spec.autoencoded}
    looked_at = {"test": test_pixels}
    for name, entries in lists.items():
        if entries:
            pixels = images.read_images([e.path for e in entries], spec.resolution, spec.rendering)
            looked_at[name] = pixels.to(test_pixels.device)
    return looked_at


def write_features(
    file: Path,
    spec: Spec,
    model: classifier.Classifier,
    looked_at: dict[str, torch.Tensor],
    features_of: Callable[[classifier.Classifier, torch.Tensor], torch.Tensor] = frozen.features,
) -> None:
    """What the classification layer sees: for each tensor of pixels one of features, (N, 1280).

    They are kept for the next classifier, unless they are computed otherwise.
    """
    model.network.eval()
    # Copies: a file holds no tensor under two names.
    features = {name: features_of(model, part).clone() for name, part in looked_at.items()}
    safetensors_file.write(features, file, {"model": spec.model})


def write_epochs(file: Path, epochs: list[Epoch]) -> None:
    """training.csv: how the training images fared, pass by pass."""
    with open(file, "w", newline="", encoding="utf-8") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow(["epoch", "loss", "accuracy"])
        for epoch in epochs:
            writer.writerow([epoch.epoch, f"{epoch.loss:.6f}", f"{epoch.accuracy:.4f}"])


def write_summary(file: Path, spec: Spec, model: classifier.Classifier) -> None:
    """training.json: the model and what it was trained on, without paths."""
    counts = [sum(e.class_ == i for e in spec.train) for i in range(len(spec.classes))]
    summary = {
        "model": spec.model,
        "weights": Path(spec.weights).name,
        "parameters": sum(p.numel() for p in model.network.parameters()),
        "resolution": spec.resolution,
        "train_images": dict(zip(spec.classes, counts, strict=True)),
        "steps": spec.optimizer_steps(),
        "batch_size": spec.batch_size,
        "sampling": spec.sampling,
        "seed": spec.seed,
    }
    file.write_text(json.dumps(summary, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    runtime.run_alone(run)
