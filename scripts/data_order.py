"""Which images a training step sees, as a pure function of (seed, role, step).

The images of a role (say, the class images) are walked through one seeded permutation after
another: position p of the endless walk is entry p % count of permutation p // count. Step s takes
positions s*batch_size ... (s+1)*batch_size - 1. Hence after any number of steps no image has been
used more than once oftener than another, and the order of a short training is a prefix of the
order of a long one.
"""

from collections import Counter

from randomness import permutation


def step_indices(seed: int, role: str, count: int, batch_size: int, step: int) -> list[int]:
    """Indices into the role's image list for one step (steps count from 0)."""
    first = step * batch_size
    return [
        permutation(seed, f"order/{role}", position // count, count)[position % count]
        for position in range(first, first + batch_size)
    ]


def exposures(seed: int, role: str, count: int, batch_size: int, steps: int) -> list[int]:
    """How often each of the `count` images is used in `steps` steps, in list order."""
    used = Counter(
        index
        for step in range(steps)
        for index in step_indices(seed, role, count, batch_size, step)
    )
    return [used[index] for index in range(count)]
