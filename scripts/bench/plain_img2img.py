"""The plain recipe for images: diffusers' img2img pipeline as documented, one image at a time.

Alone: python scripts/bench/plain_img2img.py spec.json (a spec of the stage generate)
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

import torch
from diffusers import StableDiffusionImg2ImgPipeline
from PIL import Image

DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}


def generate(spec: dict[str, Any]) -> dict[str, float]:
    """Make every image; returns seconds an image, the first left out."""
    pipeline = StableDiffusionImg2ImgPipeline.from_pretrained(
        spec["base"], safety_checker=None, torch_dtype=DTYPES[spec["precision"]]
    ).to(spec["device"])
    pipeline.set_progress_bar_config(disable=True)
    if spec["lora"]:
        pipeline.load_lora_weights(spec["lora"])
    side = spec["resolution"]
    began = []
    for picture in spec["images"]:
        began.append(time.perf_counter())
        made = pipeline(
            spec["prompt"],
            Image.open(picture["source"]).convert("RGB").resize((side, side)),
            strength=spec["strength"],
            num_inference_steps=spec["steps"],
            guidance_scale=spec["guidance"],
            generator=torch.Generator("cpu").manual_seed(picture["seed"]),
        )
        made.images[0].save(Path(spec["out"], picture["name"]))
    return {"seconds_an_image": (time.perf_counter() - began[1]) / (len(began) - 1)}


if __name__ == "__main__":
    print(json.dumps(generate(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))))
