"""No operation depends on where in memory its inputs begin, in the environment of workers."""

import json
import os
import subprocess
import sys
from pathlib import Path

TABLE = Path(__file__).resolve().parents[3] / "orchestrator/execute/environment.json"
WORKER = json.loads(TABLE.read_text(encoding="utf-8"))["kernels"]  # what kizu starts workers with

PROGRAM = """
import torch
import torch.nn.functional as F

def at(tensor, offset):
    # The same values, beginning `offset` floats behind a multiple of 64 bytes.
    room = torch.empty(tensor.numel() + 32)
    first = (-room.data_ptr() // 4) % 16 + offset
    placed = room[first : first + tensor.numel()].view(tensor.shape).copy_(tensor)
    assert placed.data_ptr() % 64 == 4 * offset % 64
    return placed

torch.manual_seed(0)
shapes = {
    "linear": [(576, 320), (1280, 320)],
    "down": [(576, 320), (8, 320)],
    "up": [(576, 8), (320, 8)],
    "head": [(32, 1280), (5, 1280)],
    "conv": [(2, 32, 24, 24), (64, 32, 3, 3)],
    "depthwise": [(2, 32, 24, 24), (32, 1, 3, 3)],
    "group_norm": [(2, 32, 24, 24)],
    "layer_norm": [(64, 320)],
    "softmax": [(64, 77)],
    "sum": [(64, 1000)],
    "attention": [(2, 4, 64, 16)] * 3,
}
kinds = {
    "linear": F.linear, "down": F.linear, "up": F.linear, "head": F.linear,
    "conv": lambda x, w: F.conv2d(x, w, padding=1),
    "depthwise": lambda x, w: F.conv2d(x, w, padding=1, groups=32),
    "group_norm": lambda x: F.group_norm(x, 8),
    "layer_norm": lambda x: F.layer_norm(x, (320,)),
    "softmax": lambda x: x.softmax(-1),
    "sum": lambda x: x.square().sum(-1),
    "attention": F.scaled_dot_product_attention,
}
for name, kind in kinds.items():
    inputs = [torch.randn(shape) for shape in shapes[name]]
    wanted = kind(*(at(t, 0) for t in inputs))
    for offset in (1, 2, 3, 4, 7, 8, 15):
        for moved in range(len(inputs)):
            placed = [at(t, offset if i == moved else 0) for i, t in enumerate(inputs)]
            if not torch.equal(kind(*placed), wanted):
                print(name, "input", moved, "at", 4 * offset)
"""


def test_results_do_not_depend_on_alignment():
    environment = os.environ | WORKER
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
