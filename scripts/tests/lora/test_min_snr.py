"""Min-SNR weights of samples."""

import pytest
import torch
from diffusers import DDPMScheduler

import train_lora
from diffusion.noising import Diffusion
from lora import dreambooth
from lora_artifact import losses
from noise_floor import SUMS


@pytest.mark.parametrize("prediction", ["epsilon", "v_prediction"])
def test_min_snr_weights_by_the_papers_formula(prediction):
    scheduler = DDPMScheduler(beta_schedule="scaled_linear", prediction_type=prediction)
    timesteps = torch.tensor([0, 100, 400, 999])
    snr = scheduler.alphas_cumprod[timesteps] / (1 - scheduler.alphas_cumprod[timesteps])
    least = torch.minimum(snr, torch.tensor(5.0))
    expected = least / (snr + 1) if prediction == "v_prediction" else least / snr
    noising = Diffusion(scheduler.config)
    got = noising.weights(timesteps, 5.0)
    torch.testing.assert_close(got, expected, rtol=SUMS, atol=0)
    assert got[0] < 0.01  # hardly any noise
    assert noising.weights(timesteps, 0.0).tolist() == [1, 1, 1, 1]


@pytest.mark.parametrize("which", ["base", "v_base"])
def test_min_snr_weighs_each_samples_error(train_spec, request, which):
    base = str(request.getfixturevalue(which))
    plain, weighed = (
        train_spec(name, base=base, steps=1, batch_size=1, min_snr_gamma=gamma)
        for name, gamma in (("plain", 0.0), ("weighed", 0.01))
    )
    for spec in (plain, weighed):
        train_lora.run(spec)
    one, other = losses(plain)[0], losses(weighed)[0]
    assert one["instance_loss"] == other["instance_loss"]  # the mean is not weighed
    noising = Diffusion(DDPMScheduler.from_pretrained(base, subfolder="scheduler").config)
    total = 0.0
    for role in ("instance", "class"):
        drawn = dreambooth.draw(7, role, 1, 0, (4, 8, 8), noising, True)
        weight = noising.weights(drawn.timesteps, 0.01).item()
        name = {"instance": "instance_loss", "class": "prior_loss"}[role]
        total += weight * float(one[name])
    assert float(other["loss"]) == pytest.approx(total, rel=SUMS)
    assert float(other["loss"]) != pytest.approx(float(one["loss"]), rel=1e-2)
