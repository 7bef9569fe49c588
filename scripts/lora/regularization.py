"""Which instance and class images a training step sees: the modes of regularization.

Three modes say how regularization (class) images accompany instance images:

exact      Each role is walked through on its own, as data_order does, and a step takes
           `batch_size` of each: all class images are used, evenly, and the instance images as if
           there were none.
kohya      The loader of kohya-ss/sd-scripts (library/train_util.py, DreamBoothDataset): an epoch
           has every instance image `repeats` times and as many class samples or a few more: class
           images in list order, `class_repeats` of each, until there are enough, and where they
           are too few one more of each from the first on, until there are. The samples are
           shuffled, cut into batches of `batch_size` samples of either role, and the batches
           shuffled; the short one may come anywhere.
diffusers  The loader of examples/dreambooth/train_dreambooth_lora.py: an epoch has
           max(instance, class) pairs, pair i being instance image i % instance and class image
           i % class. The pairs are shuffled and cut into batches; the last may be short.

The host counts the same in orchestrator/stage/exposures.go; one table of counts tests both.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from common import data_order
from common.randomness import permutation


class Samples(NamedTuple):
    """One list of numbers for each role; `class_` is empty without class images."""

    instance: list[int]
    class_: list[int]


@dataclass(frozen=True)
class Order:
    """How `instance` and `class_` images (counts) are walked through; steps count from 0."""

    mode: str
    seed: int
    instance: int
    class_: int
    batch_size: int
    repeats: int = 1
    class_repeats: int = 1

    def step(self, step: int) -> Samples:
        """Indices into the image lists of one optimizer step's samples."""
        return MODES[self.mode](self, step)

    def exposures(self, steps: int) -> Samples:
        """How often each instance image, and each class image, is used in `steps` steps."""
        instance: Counter[int] = Counter()
        class_: Counter[int] = Counter()
        for step in range(steps):
            samples = self.step(step)
            instance.update(samples.instance)
            class_.update(samples.class_)
        return Samples(
            [instance[i] for i in range(self.instance)], [class_[i] for i in range(self.class_)]
        )


def _exact(order: Order, step: int) -> Samples:
    def walk(role: str, count: int) -> list[int]:
        return data_order.step_indices(order.seed, role, count, order.batch_size, step)

    return Samples(
        walk("instance", order.instance), walk("class", order.class_) if order.class_ else []
    )


def _kohya(order: Order, step: int) -> Samples:
    of_instance = order.instance * order.repeats
    of_class = _registered(of_instance, order.class_, order.class_repeats)
    length = of_instance + len(of_class)
    batches = -(-length // order.batch_size)
    epoch, number = divmod(step, batches)
    batch = permutation(order.seed, "order/batches", epoch, batches)[number]
    first = batch * order.batch_size
    shuffled = permutation(order.seed, "order/samples", epoch, length)
    samples = shuffled[first : first + order.batch_size]
    return Samples(
        [s % order.instance for s in samples if s < of_instance],
        [of_class[s - of_instance] for s in samples if s >= of_instance],
    )


@lru_cache(maxsize=16)
def _registered(wanted: int, count: int, repeats: int) -> tuple[int, ...]:
    """The class image of each class sample of an epoch, at least as many as `wanted`."""
    first = range(min(count, -(-wanted // repeats)))
    samples = [i for i in first for _ in range(repeats)]
    return (*samples, *(i % count for i in range(wanted - len(samples) if count else 0)))


def _diffusers(order: Order, step: int) -> Samples:
    length = max(order.instance, order.class_)
    epoch, batch = divmod(step, -(-length // order.batch_size))
    first = batch * order.batch_size
    shuffled = permutation(order.seed, "order/pairs", epoch, length)
    pairs = shuffled[first : first + order.batch_size]
    return Samples(
        [p % order.instance for p in pairs],
        [p % order.class_ for p in pairs] if order.class_ else [],
    )


MODES: dict[str, Callable[[Order, int], Samples]] = {
    "exact": _exact,
    "kohya": _kohya,
    "diffusers": _diffusers,
}
