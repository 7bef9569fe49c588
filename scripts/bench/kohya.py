"""One LoRA by kohya-ss/sd-scripts, from a checkout that is at hand, for a spec of train_lora.

python scripts/bench/kohya.py CHECKOUT PYTHON spec.json

PYTHON has the packages that the checkout asks for. Latents are cached, attention is torch's
scaled_dot_product_attention, the text encoder is not trained, and the LoRA is on the attention's
projections alone, all as in the spec.
"""

import json
import re
import resource
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer

# What sd-scripts imports as --network_module: its LoRA, on the same layers as `target: attention`.
ON_ATTENTION = """
from networks.lora import *
LoRANetwork.UNET_TARGET_REPLACE_MODULE = ["CrossAttention"]
"""
PRECISION = {"fp32": "no", "bf16": "bf16", "fp16": "fp16"}
TOKENIZER = "openai_clip-vit-large-patch14"  # a folder in its --tokenizer_cache_dir


def linked(folder: Path, spec: dict[str, Any]) -> Path:
    """Folders of images as its dataset's configuration names them; returns that file."""
    subsets = []
    for role in ("instance", "class"):
        place = folder / role
        place.mkdir()
        for index, path in enumerate(spec[role]["images"]):
            (place / f"{index:04}{Path(path).suffix}").symlink_to(path)
        subsets.append(
            f'[[datasets.subsets]]\nimage_dir = "{place}"\n'
            f'class_tokens = "{spec[role]["prompt"]}"\nnum_repeats = 1\n'
            f"flip_aug = {str(spec['flip']).lower()}\n"
            f"is_reg = {str(role == 'class').lower()}\n"
        )
    file = folder / "dataset.toml"
    size, batch = spec["resolution"], 2 * spec["batch_size"]
    head = f"[[datasets]]\nresolution = {size}\nbatch_size = {batch}\n"
    file.write_text("\n".join([head, *subsets]), encoding="utf-8")
    return file


def command(folder: Path, python: str, spec: dict[str, Any]) -> list[str]:
    """Its command line."""
    values = {
        "pretrained_model_name_or_path": spec["base"],
        "tokenizer_cache_dir": folder,
        "dataset_config": linked(folder, spec),
        "output_dir": folder / "out",
        "network_module": "on_attention",
        "network_dim": spec["rank"],
        "network_alpha": spec["alpha"],
        "learning_rate": spec["learning_rate"],
        "optimizer_type": "AdamW",
        "max_train_steps": spec["steps"],
        "mixed_precision": PRECISION[spec["precision"]],
        "prior_loss_weight": spec["prior_weight"],
        "max_data_loader_n_workers": 0,
        "save_model_as": "safetensors",
        "seed": spec["seed"],
    }
    switches = ["--network_train_unet_only", "--cache_latents", "--sdpa"]
    words = [str(word) for name, value in values.items() for word in (f"--{name}", value)]
    return [python, "train_network.py", *words, *switches]


def main() -> None:
    """Train; print the seconds a step that its progress bar says last."""
    checkout, python, file = sys.argv[1:]
    spec = json.loads(Path(file).read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        tokenizer = Path(spec["base"]) / "tokenizer"
        shutil.copytree(tokenizer, folder / TOKENIZER)
        # Its transformers reads the vocabulary from files that ours no longer writes.
        Tokenizer.from_file(str(tokenizer / "tokenizer.json")).model.save(str(folder / TOKENIZER))
        (folder / "on_attention.py").write_text(ON_ATTENTION, encoding="utf-8")
        words = command(folder, python, spec)
        environment = {"PYTHONPATH": f"{folder}:{checkout}", "PATH": "/usr/bin:/bin", "HOME": name}
        done = subprocess.run(
            words, cwd=checkout, env=environment, capture_output=True, text=True, check=False
        )
        if done.returncode != 0 or not list((folder / "out").glob("*.safetensors")):
            sys.exit(done.stdout[-2000:] + done.stderr[-3000:])
    most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
    print(json.dumps({"seconds_a_step": seconds_a_step(done.stderr), "host_bytes": most}))


def seconds_a_step(progress: str) -> float:
    """What its progress bar says, the first step left out."""
    shown = re.findall(r"steps:.*? (\d+)/\d+ \[(?:(\d+):)?(\d+):(\d+)<", progress)
    passed = {int(step): 3600 * int(h or 0) + 60 * int(m) + int(s) for step, h, m, s in shown}
    last = max(passed)
    return (passed[last] - passed[1]) / (last - 1)


if __name__ == "__main__":
    main()
