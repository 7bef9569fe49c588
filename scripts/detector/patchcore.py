"""PatchCore: how far a photo's patches lie from those of good parts.

K. Roth et al., Towards Total Recall in Industrial Anomaly Detection, CVPR 2022.
"""

import torch

from common import randomness, runtime

PROJECTED = 128  # dimensions in which the coreset is chosen
NEIGHBOURS = 9  # of a remembered patch, that a score is weighted by


def coreset(features: torch.Tensor, share: float, seed: int) -> torch.Tensor:
    """Which rows of features (N, D) to remember: indices of the share of them, one at least.

    Greedy k-centre: from a drawn row on, each next one is that which lies farthest from all that
    were taken (Sener and Savarese, ICLR 2018), in a drawn projection to PROJECTED dimensions, which
    keeps distances well enough (Johnson and Lindenstrauss).
    """
    count, width = features.shape
    if width > PROJECTED:
        draw = randomness.generator(seed, "coreset/projection")
        onto = torch.randn(width, PROJECTED, generator=draw) / PROJECTED**0.5
        features = features @ onto.to(features.device)
    features = features - features.mean(0)  # differences of large numbers are inexact
    squares = features.square().sum(1)
    first = torch.randint(count, (), generator=randomness.generator(seed, "coreset/first"))
    taken = torch.empty(max(1, int(share * count)), dtype=torch.long, device=features.device)
    nearest = torch.full_like(squares, torch.inf)
    for place in range(len(taken)):
        if place % 100 == 0:
            runtime.stop_if_cancelled()
        taken[place] = nearest.argmax() if place else first
        at = taken[place]
        apart = squares + squares[at] - 2 * (features @ features[at])
        nearest = torch.minimum(nearest, apart)
        nearest[at] = -torch.inf  # whatever rounding made of 0
    return taken


def scores(memory: torch.Tensor, patches: torch.Tensor) -> torch.Tensor:
    """How unlike good parts images are, (N,) float64 on the CPU, from their patches (N, P, D).

    `memory` (M, D) are remembered patches. Images are taken one by one, so that none depends on
    another.
    """
    return torch.stack([score(memory, image) for image in patches]).cpu()


def score(memory: torch.Tensor, patches: torch.Tensor) -> torch.Tensor:
    """That of one image with patches (P, D): equations 6 and 7 of the paper.

    The distance of the patch that lies farthest from its nearest remembered one, the more the
    farther from that one's own neighbours as well: what is rare in memory counts as less unusual.
    """
    nearest = torch.cdist(patches, memory).argmin(1)
    distances = (patches.double() - memory[nearest].double()).norm(dim=1)  # cdist is inexact
    worst = distances.argmax()
    if len(memory) == 1:
        return distances[worst]
    known = memory[nearest[worst]]
    about = torch.cdist(known[None], memory)[0].topk(min(NEIGHBOURS, len(memory)), largest=False)
    beside = (patches[worst].double() - memory[about.indices].double()).norm(dim=1)
    share = (distances[worst] - beside.logsumexp(0)).exp()
    return (1 - share) * distances[worst]
