"""The plain recipe for a classifier: torchvision's EfficientNet-b0 and a DataLoader, one training
after another, augmentation image by image on the CPU. A head is trained alone as PyTorch's tutorial
on transfer learning does: below it nothing has gradients.

python scripts/bench/plain_classifier.py specs.json (a list of specs of the stage classify)
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from PIL import Image
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms
from torchvision.models import efficientnet_b0


class Photos(Dataset):
    """Labelled images, augmented when they are for training."""

    def __init__(self, entries: list[dict[str, Any]], resolution: int, augment: bool):
        changes = [
            transforms.RandomHorizontalFlip(),
            transforms.RandomAffine(10, translate=(0.05, 0.05), scale=(0.9, 1.1)),
            transforms.ColorJitter(0.2, 0.2),
        ]
        self.entries = entries
        self.read = transforms.Compose(
            [
                transforms.Resize(resolution),
                transforms.CenterCrop(resolution),
                *(changes if augment else []),
                transforms.ToTensor(),
                transforms.Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
            ]
        )

    def __len__(self) -> int:
        return len(self.entries)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        entry = self.entries[index]
        return self.read(Image.open(entry["path"]).convert("RGB")), entry["class"]


def train(spec: dict[str, Any], workers: int) -> float:
    """Train and test; returns the accuracy."""
    device = torch.device(spec["device"])
    dtype = torch.bfloat16 if spec["precision"] == "bf16" else torch.float32
    torch.manual_seed(spec["seed"])
    network = efficientnet_b0(num_classes=len(spec["classes"])).to(device)
    head = spec.get("trained") == "head"
    if head:
        network.requires_grad_(False)
        network.classifier.requires_grad_(True)
    parameters = [p for p in network.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(parameters, lr=spec["learning_rate"])
    size, side = spec["batch_size"], spec["resolution"]
    options = {"batch_size": size, "num_workers": workers, "persistent_workers": workers > 0}
    loader = DataLoader(Photos(spec["train"], side, augment=not head), shuffle=True, **options)
    left = spec["steps"]
    while left > 0:
        for images, labels in loader:
            with torch.autocast(device.type, dtype, enabled=dtype != torch.float32):
                scores = network(images.to(device))
            loss = F.cross_entropy(scores.float(), labels.to(device), label_smoothing=0.1)
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
            loss.item()
            left -= 1
            if left == 0:
                break
    network.eval()
    hits = 0
    with torch.inference_mode():
        for images, labels in DataLoader(Photos(spec["test"], side, augment=False), **options):
            hits += (network(images.to(device)).argmax(1).cpu() == labels).sum().item()
    return hits / len(spec["test"])


def main() -> None:
    """Train on every spec."""
    specs = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    workers = 8 if specs[0]["device"].startswith("cuda") else 0
    began = time.perf_counter()
    accuracies = [train(spec, workers) for spec in specs]
    print(json.dumps({"seconds": time.perf_counter() - began, "accuracies": accuracies}))


if __name__ == "__main__":
    main()
