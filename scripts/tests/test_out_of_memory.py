"""Memory that runs out in a stage is said as such, and what the host does about it helps.

Memory is a count of what tensors take, which refuses more than so much, as a GPU's allocator does.
The host starts a fresh worker, and divides batches where their parts can be computed one by one
(stage.Spec.InPieces); what cannot be divided has at least nothing beside it that is not used.
"""

from collections.abc import Callable

import pytest
import torch

import autoencode
import choose
import classify
import detect
import generate
import judge
import measure
import train_lora
from classifier import frozen
from common import allocations, memory
from diffusion import base_model

pytestmark = pytest.mark.slow

CPU = torch.device("cpu")
DIVIDED = (train_lora, generate, measure, choose, detect, judge)
STAGES = {module.__name__: module for module in (*DIVIDED, classify, autoencode)}


class Refusing(allocations._Counting):
    """Raises what torch raises where more than `limit` bytes are asked for."""

    def __init__(self, limit: int):
        super().__init__(CPU)
        self.limit = limit

    def _add(self, count: int) -> None:
        if count > 0 and self._now + count > self.limit:
            raise torch.OutOfMemoryError(f"CUDA out of memory. Tried to allocate {count} bytes")
        super()._add(count)


@pytest.fixture
def fresh(base) -> Callable[[], None]:
    """As in a worker whose base model is loaded, and nothing else."""

    def begin() -> None:
        base_model.forget()
        frozen._known.clear()
        with base_model.borrow(str(base), CPU, torch.float32):
            pass

    yield begin
    base_model.forget()


@pytest.fixture
def specs(train_spec, generate_spec, stage_specs, classify_spec, photos):
    """Builds a spec of each stage, by its module's name."""

    def build(stage: str, name: str, **changes) -> dict:
        match stage:
            case "train_lora":
                small = {"steps": 1, "batch_size": 4, "reproducible": True, "target": "attention"}
                return train_spec(name, **small | changes)
            case "generate":
                return generate_spec(name, **{"steps": 1, "strength": 1.0} | changes)
            case "classify":
                return classify_spec(name, **{"steps": 1, "resolution": 64} | changes)
            case "choose":
                made = generate_spec(f"of {name}", resolution=16, steps=2)
                generate.run(made)
                images = [{key: p[key] for key in ("name", "source")} for p in made["images"]]
                lists = {"images": images, "candidates": [made["out"]], "photos": photos}
                return stage_specs(stage, **lists | changes)
            case "autoencode":
                return stage_specs(stage, precision="fp32", **changes)
        return stage_specs(stage, **changes)

    return build


def in_pieces(stage: str, pieces: int) -> dict:
    """What the host changes of a spec, as the stages' InPieces."""
    match stage:
        case "train_lora":
            return {"gradient_accumulation": pieces}
        case "generate":
            return {"batch_size": max(1, 8 // pieces)}
    return {"parts": pieces}


@pytest.mark.parametrize("stage", [module.__name__ for module in DIVIDED])
def test_in_pieces_it_fits(specs, fresh, stage):
    run, taken = STAGES[stage].run, {}
    for pieces in (1, 16):
        spec = specs(stage, f"in {pieces}", **in_pieces(stage, pieces))
        fresh()
        taken[pieces] = max(allocations.trace_of(lambda spec=spec: run(spec), CPU))
    limit = (taken[1] + taken[16]) // 2
    whole, parts = (specs(stage, f"again {n}", **in_pieces(stage, n)) for n in (1, 16))
    fresh()
    with pytest.raises(torch.OutOfMemoryError), Refusing(limit):
        run(whole)
    fresh()
    with Refusing(limit):
        assert run(parts)


@pytest.mark.parametrize("stage", ["classify", "measure", "choose", "detect", "judge"])
@pytest.mark.parametrize(("free", "stays"), [(6, True), (4, False)])
def test_a_base_model_makes_room_where_half_of_memory_is_taken(
    specs, fresh, monkeypatch, stage, free, stays
):
    spec = specs(stage, "beside it")
    memory.reset(spec)
    fresh()
    monkeypatch.setattr(memory, "total_bytes", lambda _: 10)
    monkeypatch.setattr(memory, "free_bytes", lambda _: free)
    assert not memory.make_room(CPU)  # the task at hand uses it
    memory.reset(spec)
    STAGES[stage].run(spec)
    assert (base_model._cached is not None) == stays


@pytest.mark.parametrize("stage", ["classify", "autoencode"])
def test_what_cannot_be_divided_says_that_memory_ran_out(specs, fresh, stage):
    """In torch's words, by which the host knows it, and not as a mistake of the user's."""
    run, enough, little = STAGES[stage].run, specs(stage, "enough"), specs(stage, "little")
    fresh()
    limit = max(allocations.trace_of(lambda: run(enough), CPU))
    fresh()
    with pytest.raises(torch.OutOfMemoryError), Refusing(limit * 3 // 4):
        run(little)
