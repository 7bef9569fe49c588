"""The plain recipe for one LoRA: what diffusers documents for DreamBooth, one process a LoRA.

Written from docs/source/en/training/dreambooth.md and lora.md: images through the autoencoder and
prompts through the text encoder at every step, prior preservation by a batch of both, AdamW, the
gradient clipped, the loss read at every step. Without accelerate, checkpoints and logs, which
would make it slower. Alone: python scripts/bench/plain_dreambooth.py spec.json (a spec of the stage
train_lora)
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from diffusers import DDPMScheduler, StableDiffusionPipeline
from diffusers.utils import convert_state_dict_to_diffusers
from peft import LoraConfig
from peft.utils import get_peft_model_state_dict
from PIL import Image
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms

DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}
LAYERS = {
    "attention": ["to_k", "to_q", "to_v", "to_out.0"],
    "attention+conv": ["to_k", "to_q", "to_v", "to_out.0", "conv1", "conv2", "conv_shortcut"],
}


class Photos(Dataset):
    """Instance images with their prompt and, with prior preservation, class images with theirs."""

    def __init__(self, spec: dict[str, Any]):
        self.instance, self.class_ = spec["instance"]["images"], spec["class"]["images"]
        self.read = transforms.Compose(
            [
                transforms.Resize(spec["resolution"]),
                transforms.CenterCrop(spec["resolution"]),
                transforms.RandomHorizontalFlip(),
                transforms.ToTensor(),
                transforms.Normalize([0.5], [0.5]),
            ]
        )

    def __len__(self) -> int:
        return max(len(self.instance), len(self.class_))

    def __getitem__(self, index: int) -> list[torch.Tensor]:
        roles = [paths for paths in (self.instance, self.class_) if paths]
        return [self.read(Image.open(paths[index % len(paths)]).convert("RGB")) for paths in roles]


def endless(loader: DataLoader):
    """Batches, epoch after epoch."""
    while True:
        yield from loader


def train(spec: dict[str, Any]) -> dict[str, float]:
    """Train and save; returns seconds a step, the first ones left out."""
    device, dtype = torch.device(spec["device"]), DTYPES[spec["precision"]]
    pipeline = StableDiffusionPipeline.from_pretrained(
        spec["base"], safety_checker=None, torch_dtype=dtype
    ).to(device)
    unet, vae = pipeline.unet, pipeline.vae.to(torch.float32)
    for model in (unet, vae, pipeline.text_encoder):
        model.requires_grad_(False)
    unet.add_adapter(
        LoraConfig(
            r=spec["rank"],
            lora_alpha=spec["alpha"],
            init_lora_weights="gaussian",
            target_modules=LAYERS[spec["target"]],
        )
    )
    parameters = [p for p in unet.parameters() if p.requires_grad]
    for parameter in parameters:
        parameter.data = parameter.data.float()
    optimizer = torch.optim.AdamW(parameters, lr=spec["learning_rate"])
    scheduler = DDPMScheduler.from_config(pipeline.scheduler.config)
    torch.manual_seed(spec["seed"])
    loader = DataLoader(Photos(spec), batch_size=spec["batch_size"], shuffle=True, drop_last=True)
    prompts = [spec[role]["prompt"] for role in ("instance", "class") if spec[role]["images"]]
    unet.train()
    began = []
    for _, roles in zip(range(spec["steps"]), endless(loader), strict=False):
        began.append(time.perf_counter())
        pixels = torch.cat(roles).to(device)
        with torch.no_grad():
            latents = vae.encode(pixels).latent_dist.sample() * vae.config.scaling_factor
            texts = [prompt for prompt in prompts for _ in range(len(roles[0]))]
            condition, _ = pipeline.encode_prompt(texts, device, 1, False)
        noise = torch.randn_like(latents)
        count = scheduler.config.num_train_timesteps
        timesteps = torch.randint(count, (len(latents),), device=device)
        noisy = scheduler.add_noise(latents, noise, timesteps).to(dtype)
        with torch.autocast(device.type, dtype, enabled=dtype != torch.float32):
            predicted = unet(noisy, timesteps, condition).sample.float()
        losses = [
            F.mse_loss(p, n)
            for p, n in zip(predicted.chunk(len(roles)), noise.chunk(len(roles)), strict=True)
        ]
        loss = sum(losses)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        optimizer.zero_grad()
        loss.item()
    state = convert_state_dict_to_diffusers(get_peft_model_state_dict(unet))
    StableDiffusionPipeline.save_lora_weights(spec["out"], unet_lora_layers=state)
    timed = began[min(5, len(began) // 2) :]
    return {"seconds_a_step": (time.perf_counter() - timed[0]) / len(timed)}


if __name__ == "__main__":
    print(json.dumps(train(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))))
