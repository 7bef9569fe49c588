"""From which score on an inspection sorts a photo out, chosen without a test photo.

Each training photo is scored by a classifier that was trained without it and its fold, in the same
way as the one that is tested (Stone, Journal of the Royal Statistical Society B 36, 1974). A score
is 1 less the probability of the good class, which is class 0.
"""

from collections.abc import Callable, Sequence

import torch


def held_out(folds: Sequence[int], labels: Sequence[int], count: int) -> list[list[int]]:
    """The images that each of `count` folds holds out, as indices.

    `folds` has the fold of each image, from 1, or 0 for generated ones, which train in every fold:
    a line sees photos. Where all good images are generated, or all defective ones, they are dealt
    to the folds in their order instead.
    """
    folds = list(folds)
    for defective in (False, True):
        side = [i for i, label in enumerate(labels) if (label != 0) == defective]
        if not any(folds[i] for i in side):
            for place, i in enumerate(side):
                folds[i] = place % count + 1
    return [[i for i, fold in enumerate(folds) if fold == number + 1] for number in range(count)]


def out_of_fold(
    folds: list[list[int]],
    labels: torch.Tensor,
    predict: Callable[[list[int], list[int]], torch.Tensor],
) -> tuple[torch.Tensor, torch.Tensor]:
    """Scores (N,) float64 of all images that a fold holds out, and which are defective (N,) bool.

    `predict(rest, held)` trains on the images `rest` and gives the probabilities of the images
    `held`, (len(held), classes).
    """
    scores, defective = [], []
    for held in folds:
        if not held:
            continue
        without = set(held)
        rest = [i for i in range(len(labels)) if i not in without]
        scores.append(1 - predict(rest, held)[:, 0])
        defective.append(labels[held].cpu() != 0)
    return torch.cat(scores), torch.cat(defective)


def choose(scores: torch.Tensor, defective: torch.Tensor, recall: float) -> float:
    """The threshold, halfway between two scores, at which fewest good images are sorted out of
    those at which at least the share `recall` of the defective ones are.

    With a recall of 0 it is where the share of defective images that are found is farthest above
    that of good ones that are sorted out (Youden, Cancer 3, 1950); the highest of several.
    """
    levels = scores.unique()  # ascending
    candidates = torch.cat([(levels[1:] + levels[:-1]) / 2, levels[:1]]).sort(descending=True)[0]
    out = scores[None] >= candidates[:, None]
    found = out[:, defective].double().mean(1)
    alarms = out[:, ~defective].double().mean(1)
    gains = torch.where(found >= recall, -alarms, -torch.inf) if recall else found - alarms
    return float(candidates[int(gains.argmax())])
