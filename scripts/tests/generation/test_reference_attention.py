"""Passes that look at a reference are those that hooks make by hand, and leave nothing behind."""

import math
from functools import partial

import pytest
import torch
from diffusers import UNet2DConditionModel

from diffusion import base_model
from generation import reference_layers
from generation.reference_attention import Reference, looking_at
from noise_floor import assert_rounding_alone

PICTURES = 3
FAMILIES = pytest.mark.parametrize("which", ["base", "xl_base"])


@pytest.fixture(scope="module")
def networks():
    """The tiny UNets that were loaded, by base model and precision."""
    return {}


@pytest.fixture
def network(which, networks, request):
    """Lends the tiny UNet of a family in a precision."""

    def load(dtype: torch.dtype) -> torch.nn.Module:
        if (which, dtype) not in networks:
            folder = str(request.getfixturevalue(which))
            with base_model.borrow(folder, torch.device("cpu"), dtype) as pipeline:
                networks[which, dtype] = base_model.denoiser(pipeline)
        return networks[which, dtype]

    return load


def numbers(*shape: int) -> torch.Tensor:
    """Normal ones that float32 holds exactly."""
    return torch.randn(shape, generator=torch.Generator().manual_seed(sum(shape)))


class Batch:
    """Inputs of passes of a network: pictures, references, and with guidance twice the rows."""

    def __init__(self, network, guided: bool = True):
        self.network, self.guided = network, guided
        rows = PICTURES * (1 + guided)
        self.pictures = numbers(rows, 4, 8, 8)
        self.references = numbers(2, PICTURES, 4, 8, 8)  # of two passes
        width = network.config.cross_attention_dim
        self.words = numbers(rows, 7, width)
        self.added = {"text_embeds": numbers(rows, 24), "time_ids": numbers(rows, 6) + 32}
        self.masks = torch.zeros(PICTURES, 1, 32, 32, dtype=torch.bool)
        self.masks[0, 0, 5, 9] = True
        self.masks[1, 0, 10:20, 4:30] = True
        self.masks[2] = True

    def run(self, sample: torch.Tensor, rows=slice(None)) -> torch.Tensor:
        """The network's answer in its own precision."""
        as_it_is = self.network.dtype
        added = {name: value[rows].to(as_it_is) for name, value in self.added.items()}
        with torch.no_grad():
            return self.network(
                sample.to(as_it_is),
                torch.tensor(500),
                encoder_hidden_states=self.words[rows].to(as_it_is),
                added_cond_kwargs=added,
                return_dict=False,
            )[0]

    def looking(self, pictures: list[int], masked: bool = False, **settings) -> torch.Tensor:
        """The answers of two passes for some of the pictures, (2, rows, C, h, w)."""
        rows = pictures + [PICTURES + i for i in pictures] * self.guided
        reference = Reference(
            lambda number, _: self.references[number, pictures].to(self.network.dtype),
            masks=self.masks[pictures] if masked else None,
            **settings,
        )
        with looking_at(self.network, reference):
            return torch.stack([self.run(self.pictures[rows], rows) for _ in range(2)])


class ByHand:
    """The same by hooks on named layers: some look, others take over statistics."""

    def __init__(self, batch: Batch, looking: list[str], fidelity: float, matched=(), masked=False):
        self.batch, self.fidelity, self.masked = batch, fidelity, masked
        self.looking, self.matched = looking, matched

    def answers(self) -> torch.Tensor:
        """Of two passes for all pictures."""
        return torch.stack([self.answer(references) for references in self.batch.references])

    def answer(self, references: torch.Tensor) -> torch.Tensor:
        """Of one."""
        self.kept = {}
        keeping = {name: partial(self.keep, name) for name in (*self.looking, *self.matched)}
        self.run(keeping, torch.cat([references] * (1 + self.batch.guided)))
        changing = {name: partial(self.attend, name) for name in self.looking}
        changing |= {name: partial(self.match, name) for name in self.matched}
        return self.run(changing, self.batch.pictures)

    def run(self, hooks: dict, sample: torch.Tensor) -> torch.Tensor:
        layers = {name: self.batch.network.get_submodule(name) for name in hooks}
        handles = [layers[name].register_forward_hook(hook) for name, hook in hooks.items()]
        answer = self.batch.run(sample)
        for handle in handles:
            handle.remove()
        return answer

    def keep(self, name: str, _, inputs: tuple, output) -> None:
        self.kept[name] = (inputs[0], first_of(output))

    def attend(self, name: str, layer, inputs: tuple, output: torch.Tensor) -> torch.Tensor:
        own, other = inputs[0], self.kept[name][0]
        seen = tokens_seen(self.batch, other)
        allowed = seen if self.masked else torch.ones_like(seen)
        return self.mixed(output, attention(layer, own, torch.cat([own, other], 1), allowed))

    def match(self, name: str, layer, inputs: tuple, output):
        own, other = first_of(output), self.kept[name][1]
        x, y = own.flatten(2), other.flatten(2)
        ours, theirs = (z - z.mean(2, True) for z in (x, y))
        variances = [z.square().mean(2, True).clip(1e-6) for z in (ours, theirs)]
        looking = ours * (variances[1] / variances[0]).sqrt() + y.mean(2, True)
        mixed = self.mixed(own, looking.view_as(own))
        return (mixed,) if isinstance(output, tuple) else mixed

    def mixed(self, plain: torch.Tensor, looking: torch.Tensor) -> torch.Tensor:
        if not self.batch.guided:
            return looking
        conditional = torch.cat([plain[:PICTURES], looking[PICTURES:]])
        return self.fidelity * conditional + (1 - self.fidelity) * looking


def by_hand(*args, **settings) -> torch.Tensor:
    return ByHand(*args, **settings).answers()


def first_of(output) -> torch.Tensor:
    return output[0] if isinstance(output, tuple) else output


def tokens_seen(batch: Batch, tokens: torch.Tensor) -> torch.Tensor:
    side = math.isqrt(tokens.shape[1])
    blocks = batch.masks.reshape(PICTURES, side, 32 // side, side, 32 // side)
    return blocks.sum((2, 4)).flatten(1).gt(0).repeat(1 + batch.guided, 1)


def attention(layer, queries, keys, allowed) -> torch.Tensor:
    """Softmax attention written out; all of the first keys are allowed."""
    heads = [x.unflatten(-1, (layer.heads, -1)) for x in (layer.to_q(queries), layer.to_k(keys))]
    values = layer.to_v(keys).unflatten(-1, (layer.heads, -1))
    scores = torch.einsum("bqhd,bkhd->bhqk", *heads) / math.sqrt(values.shape[-1])
    allowed = torch.cat([torch.ones_like(allowed), allowed], 1)
    weights = scores.masked_fill(~allowed[:, None, None], -math.inf).softmax(-1)
    return layer.to_out[0](torch.einsum("bhqk,bkhd->bqhd", weights, values).flatten(2))


def self_attentions(network) -> list[str]:
    return [name for name, _ in network.named_modules() if name.endswith("attn1")]


def assert_same(one: torch.Tensor, other: torch.Tensor) -> None:
    """In float64."""
    assert torch.allclose(one, other, rtol=0, atol=1e-9)


def apart(one: torch.Tensor, other: torch.Tensor) -> float:
    return ((one - other).norm() / other.norm()).item()


@FAMILIES
@pytest.mark.parametrize("guided", [True, False])
@pytest.mark.parametrize("masked", [False, True])
def test_a_pass_attends_to_its_reference(network, guided, masked):
    batch = Batch(network(torch.float64), guided)
    names = self_attentions(batch.network)
    everyone = list(range(PICTURES))
    found = batch.looking(everyone, masked, weight=1.0, fidelity=0.3)
    assert_same(found, by_hand(batch, names, 0.3, masked=masked))
    assert apart(found[0], batch.run(batch.pictures)) > 1e-3
    assert apart(found[0], found[1]) > 1e-3
    other = batch.looking(everyone, not masked, weight=1.0, fidelity=0.3)
    assert apart(found, other) > 1e-4


@FAMILIES
def test_less_weight_leaves_out_layers(network):
    batch = Batch(network(torch.float64))
    names = self_attentions(batch.network)
    first = [name for name in names if name.startswith(("down_blocks", "mid_block"))]
    assert len(first) == len(names) / 2
    found = batch.looking([0, 1, 2], weight=0.5, fidelity=0.5)
    assert_same(found, by_hand(batch, first, 0.5))
    assert apart(found, by_hand(batch, names, 0.5)) > 1e-4


@FAMILIES
@pytest.mark.parametrize("guided", [True, False])
def test_adain_takes_over_statistics(network, guided):
    batch = Batch(network(torch.float64), guided)
    matched = ["mid_block", "up_blocks.0.attentions.0"]
    found = batch.looking([0, 1, 2], weight=1.0, fidelity=0.3, adain=True)
    assert_same(found, by_hand(batch, self_attentions(batch.network), 0.3, matched))
    assert apart(found, batch.looking([0, 1, 2], weight=1.0, fidelity=0.3)) > 1e-3


@FAMILIES
def test_a_picture_is_the_same_in_any_batch(network):
    settings = {"masked": True, "weight": 1.0, "fidelity": 0.5, "adain": True}

    def batches(dtype: torch.dtype) -> tuple[torch.Tensor, torch.Tensor]:
        batch = Batch(network(dtype))
        ones = [batch.looking([i], **settings) for i in range(PICTURES)]
        # Of each the unconditional row, and then of each the other.
        alone = torch.stack(ones, 2).flatten(1, 2)
        return alone, batch.looking([0, 1, 2], **settings)

    exact_alone, exact = batches(torch.float64)
    assert_same(exact_alone, exact)
    alone, together = batches(torch.float32)
    assert_rounding_alone(alone, together, exact)


@FAMILIES
def test_nothing_is_left_behind(network):
    one = network(torch.float64)
    batch = Batch(one)
    before, plain = one.attn_processors, batch.run(batch.pictures)

    def assert_untouched() -> None:
        after = one.attn_processors
        assert all(after[name] is processor for name, processor in before.items())
        for module in one.modules():
            assert not (module._forward_pre_hooks or module._forward_hooks)
        assert torch.equal(batch.run(batch.pictures), plain)

    batch.looking([0, 1, 2], weight=1.0, fidelity=0.5, adain=True)
    assert_untouched()
    batch.references = batch.references[..., :0]
    with pytest.raises(RuntimeError):
        batch.looking([0, 1, 2], weight=1.0, fidelity=0.5, adain=True)
    assert_untouched()
    with looking_at(one, Reference(None, weight=0.0, fidelity=0.5, adain=True)):
        assert_untouched()


def test_layers_come_in_the_order_of_the_extension():
    """Of a narrow UNet with the blocks of Stable Diffusion 1."""
    network = UNet2DConditionModel(
        block_out_channels=(8, 16, 32, 32),
        attention_head_dim=2,
        norm_num_groups=4,
        cross_attention_dim=8,
    )
    names = {module: name for name, module in network.named_modules()}
    found = [names[layer] for layer in reference_layers.attentions(network, 1.0)]
    places = [name.split(".transformer_blocks.0.attn1")[0] for name in found]
    assert places == [
        *("down_blocks.2.attentions.0", "down_blocks.2.attentions.1", "mid_block.attentions.0"),
        *(f"up_blocks.1.attentions.{i}" for i in range(3)),
        *("down_blocks.1.attentions.0", "down_blocks.1.attentions.1"),
        *(f"up_blocks.2.attentions.{i}" for i in range(3)),
        *("down_blocks.0.attentions.0", "down_blocks.0.attentions.1"),
        *(f"up_blocks.3.attentions.{i}" for i in range(3)),
    ]
    assert len(reference_layers.attentions(network, 0.4)) == 7  # 0, 1/16, ..., 6/16
    normalized = reference_layers.normalized(network, 1.0)
    assert [names[layer] for layer in normalized] == [
        *("mid_block", "down_blocks.3.resnets.0", "down_blocks.3.resnets.1"),
        *("up_blocks.0.resnets.0", "up_blocks.0.resnets.1", "up_blocks.0.upsamplers.0"),
        "up_blocks.1.attentions.0",
    ]
    assert reference_layers.attentions(network, 0.0) == []
    assert reference_layers.normalized(network, 0.0) == []
