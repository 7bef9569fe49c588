"""The device that tests have in place of a GPU refuses and notes what a GPU would."""

from collections.abc import Callable

import pytest
import torch

from common import runtime
from fake_cuda import CPU, CUDA, READ, SIZE, TO_DEVICE, TO_HOST, FakeCuda, fake_cuda


@pytest.fixture
def device():
    with fake_cuda() as device:
        yield device


def there(*shape: int) -> torch.Tensor:
    return torch.arange(6.0, device=CUDA).reshape(*shape) if shape else torch.ones((), device=CUDA)


@pytest.mark.parametrize(
    "compute",
    [
        lambda x: x * 2 + x.mean(),
        lambda x: x * torch.tensor(2.0),  # a number
        lambda x: x[1:].T.contiguous(),
        lambda x: torch.zeros_like(x),
        lambda x: x.new_ones(3),
        lambda x: torch.nn.functional.pad(x, (1, 1)),
        lambda x: torch.full((3,), 7, device=CUDA),
        lambda x: x.to(torch.float16),
        lambda x: x.to("cuda", torch.float64),
        lambda x: x[torch.ones(2, dtype=torch.int64, device=CUDA)],
        lambda x: runtime.to_device(torch.ones(2), CUDA),
    ],
)
def test_what_is_computed_there_stays_there(device, compute):
    made = compute(there(2, 3))
    assert made.device == CUDA
    assert made.is_cuda
    assert not device.waits


@pytest.mark.parametrize(
    ("compute", "kind"),
    [
        (lambda x: x[0, 0].item(), READ),
        (lambda x: float(x.sum()), READ),
        (lambda x: bool(x.isfinite().all()), READ),
        (lambda x: [0, 1, 2][x[0, 1].long()], READ),
        (lambda x: x.tolist(), READ),
        (lambda x: torch.equal(x, x), READ),
        (lambda x: x.cpu(), TO_HOST),
        (lambda x: x.to(CPU), TO_HOST),
        (lambda x: torch.empty(2, 3).copy_(x), TO_HOST),
        (lambda x: x.nonzero(), SIZE),
        (lambda x: x[x > 1], SIZE),
        (lambda x: torch.tensor([1.0, 2.0], device=CUDA), TO_DEVICE),
        (lambda x: torch.ones(3).to(CUDA, non_blocking=True), TO_DEVICE),  # not pinned
        (lambda x: torch.ones(3).pin_memory().to(CUDA), TO_DEVICE),  # asked to be waited for
        (lambda x: x[[0, 1]], TO_DEVICE),
        (lambda x: x[torch.tensor([0, 1])], TO_DEVICE),
    ],
)
def test_waits_are_noted(device, compute: Callable, kind: str):
    compute(there(2, 3))
    assert list(device.waits.values()) == [1]
    assert next(iter(device.waits)).endswith(kind)


@pytest.mark.parametrize(
    "compute",
    [
        lambda x: x + torch.ones(2, 3),
        lambda x: torch.ones(2, 3) * x[0, 0],
        lambda x: torch.cat([x, torch.ones(2, 3)]),
        lambda x: torch.nn.functional.linear(x, torch.ones(3, 3)),
        lambda x: torch.ones(2, 3)[torch.zeros(1, dtype=torch.int64, device=CUDA)],
        lambda x: torch.randn(2, device=CUDA, generator=torch.Generator("cpu")),
    ],
)
def test_what_a_gpu_refuses_is_refused(device, compute):
    with pytest.raises(RuntimeError, match=r"same device|'cuda' device type for generator"):
        compute(there(2, 3))


def test_a_tensor_that_came_back_is_the_hosts(device):
    back = there(2, 3).cpu()
    assert back.device == CPU
    assert (back + torch.ones(2, 3)).device == CPU
    with pytest.raises(TypeError, match="cuda:0 device type tensor to numpy"):
        there(2, 3).numpy()


@pytest.mark.parametrize("enabled", [True, False])
def test_a_training_step_waits_for_nothing_and_is_that_of_the_cpu(enabled):
    """With the scaler of half precision too."""

    def trained(on: torch.device) -> torch.Tensor:
        torch.manual_seed(0)
        layer = torch.nn.Linear(3, 4).to(on)
        inputs = torch.randn(2, 3).to(on)
        optimizer = torch.optim.AdamW(layer.parameters(), fused=True)
        scaler = torch.amp.GradScaler(on.type, enabled=enabled)
        before = noted()
        for _ in range(3):
            scaler.scale(layer(inputs).square().sum()).backward()
            scaler.unscale_(optimizer)
            torch.nn.utils.clip_grad_norm_(layer.parameters(), 1.0)
            scaler.step(optimizer)
            scaler.update()
            optimizer.zero_grad()
        assert noted() == before
        return layer.weight.detach()

    noted: Callable[[], int] = int
    here = trained(CPU)
    with fake_cuda() as device:
        noted = device.waits.total
        assert torch.equal(trained(CUDA).cpu(), here)
    assert isinstance(device, FakeCuda)
    assert torch.ones(1).device == CPU
