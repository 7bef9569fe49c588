"""Which images a training step sees, as a pure function of (seed, role, step).

The images of a role (say, the class images) are walked through one seeded permutation after
another: position p of the endless walk is entry p % count of permutation p // count. Step s takes
positions s*batch_size ... (s+1)*batch_size - 1. Hence after any number of steps no image has been
used more than once oftener than another, and the order of a short training is a prefix of the
order of a long one.
"""

import math
from collections import Counter

from common.randomness import permutation


def step_indices(seed: int, role: str, count: int, batch_size: int, step: int) -> list[int]:
    """Indices into the role's image list for one step (steps count from 0)."""
    first = step * batch_size
    return [
        permutation(seed, f"order/{role}", position // count, count)[position % count]
        for position in range(first, first + batch_size)
    ]


def balanced_step_indices(
    seed: int, role: str, labels: list[int], batch_size: int, step: int
) -> list[int]:
    """Indices for one step in which every class comes equally often, whatever its size.

    Round r of the endless walk takes one image of every class, the classes in an order of their
    own; the images of a class are walked through as step_indices does. Hence after any number of
    steps no class has been used more than once oftener than another, and so within a class.
    """
    members = {label: [i for i, own in enumerate(labels) if own == label] for label in set(labels)}
    classes = sorted(members)
    indices = []
    for position in range(step * batch_size, (step + 1) * batch_size):
        turn, place = divmod(position, len(classes))
        label = classes[permutation(seed, f"balance/{role}", turn, len(classes))[place]]
        again, member = divmod(turn, len(members[label]))
        order = permutation(seed, f"order/{role}/{label}", again, len(members[label]))
        indices.append(members[label][order[member]])
    return indices


def shared_step_indices(
    seed: int,
    role: str,
    labels: list[int],
    generated: list[bool],
    share: float,
    batch_size: int,
    step: int,
) -> list[int]:
    """Indices for one step in which classes come as step_indices has them, and `share` of those of
    a class are photos, if it has photos and generated images.

    Of the first k images of such a class floor(k * share) are photos, after any number of steps.
    Photos, and generated images, are walked through as step_indices does.
    """
    members: dict[tuple[int, bool], list[int]] = {}
    for index, kind in enumerate(zip(labels, generated, strict=True)):
        members.setdefault(kind, []).append(index)
    turn, place = divmod(step * batch_size, len(labels))
    walk = permutation(seed, f"order/{role}", turn, len(labels))
    before = Counter({label: turn * count for label, count in Counter(labels).items()})
    before.update(labels[index] for index in walk[:place])
    indices = []
    for index in step_indices(seed, role, len(labels), batch_size, step):
        label = labels[index]
        earlier = before[label]
        before[label] += 1
        if (label, False) not in members or (label, True) not in members:
            indices.append(index)
            continue
        photos = math.floor(earlier * share)
        is_generated = math.floor((earlier + 1) * share) == photos
        of_kind = members[label, is_generated]
        again, member = divmod(earlier - photos if is_generated else photos, len(of_kind))
        name = f"order/{role}/{label}/{'generated' if is_generated else 'photos'}"
        indices.append(of_kind[permutation(seed, name, again, len(of_kind))[member]])
    return indices


def exposures(seed: int, role: str, count: int, batch_size: int, steps: int) -> list[int]:
    """How often each of the `count` images is used in `steps` steps, in list order."""
    used = Counter(
        index
        for step in range(steps)
        for index in step_indices(seed, role, count, batch_size, step)
    )
    return [used[index] for index in range(count)]
