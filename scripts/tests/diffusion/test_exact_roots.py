"""Square roots are the nearest numbers, and no stage takes others."""

import inspect

import numpy as np
import pytest
import torch
from diffusers import DDPMScheduler, UniPCMultistepScheduler

import generate
import train_lora
from diffusion import exact_roots
from diffusion.exact_roots import ExactRoots
from diffusion.families import unet
from torch_roots import Roots


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_roots_are_the_nearest_numbers(dtype):
    values = torch.rand(10_000, generator=torch.Generator().manual_seed(0), dtype=dtype)
    wanted = np.sqrt(values.numpy())
    with ExactRoots():
        found = [values.sqrt(), torch.sqrt(values), values**0.5, torch.pow(values, 0.5)]
        single = values[7] ** 0.5
        cube = values**3
    assert all(np.array_equal(roots.numpy(), wanted) for roots in found)
    assert single.shape == () and single.dtype == dtype and single.item() == wanted[7]
    assert torch.equal(cube, values**3)


def test_noise_is_added_by_exact_roots():
    scheduler = exact_roots.scheduler(DDPMScheduler, DDPMScheduler().config)
    generator = torch.Generator().manual_seed(0)
    clean, noise = (torch.randn(1000, 4, generator=generator) for _ in range(2))
    steps = torch.arange(1000)
    share = scheduler.alphas_cumprod.numpy()[:, None]
    wanted = np.sqrt(share) * clean.numpy() + np.sqrt(1 - share) * noise.numpy()
    assert np.array_equal(scheduler.add_noise(clean, noise, steps).numpy(), wanted)
    wanted = np.sqrt(share) * noise.numpy() - np.sqrt(1 - share) * clean.numpy()
    assert np.array_equal(scheduler.get_velocity(clean, noise, steps).numpy(), wanted)


def test_roots_that_torch_takes_are_counted():
    with Roots() as roots:
        torch.rand(3).sqrt()
        torch.rand(3) ** 0.5
        with ExactRoots():
            torch.rand(3).sqrt()
    assert roots.taken == 2


@pytest.mark.parametrize("changes", [{}, {"min_snr_gamma": 5.0, "text_encoder": True}])
def test_no_training_of_a_lora_takes_others(train_spec, changes):
    with Roots() as roots:
        train_lora.run(train_spec(steps=2, **changes))
    assert roots.taken == 0


@pytest.mark.parametrize("sampler", ["base", *unet.SAMPLERS])
def test_no_sampler_takes_others(generate_spec, sampler):
    with Roots() as roots:
        generate.run(generate_spec(sampler=sampler))
    assert roots.taken == 0


def test_pipelines_see_what_a_scheduler_takes():
    plain = UniPCMultistepScheduler()
    built = exact_roots.scheduler(UniPCMultistepScheduler, plain.config)
    for name in ("step", "set_timesteps", "add_noise"):
        assert inspect.signature(getattr(built, name)) == inspect.signature(getattr(plain, name))
