"""The trainings of one classifier in progress, with its checkpoints: one a fold, then one on all.

A checkpoint has what the training at hand has changed so far, and the predictions of the folds
before it; whatever else a task needs follows from its spec.
"""

import json
import math
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file

import host
from classifier.settings import Settings
from common import optimizer_state, runtime, safetensors_file
from common.checkpoints import Checkpoints
from common.errors import StageError
from common.readout import Readout

RECIPE_FILE = "recipe.json"
TENSORS_FILE = "tensors.safetensors"  # the network's buffers, rows of the curve, predictions


@dataclass
class State:
    """What a training changes. Rows are loss and share of hits of each step."""

    network: torch.nn.Module
    optimizer: torch.optim.Optimizer
    scaler: torch.amp.GradScaler
    rows: list[list[float]] = field(default_factory=list)
    readout: Readout = field(default_factory=Readout)

    def parameters(self) -> dict[str, torch.nn.Parameter]:
        """Those that are trained, by name."""
        named = self.network.named_parameters()
        return {name: parameter for name, parameter in named if parameter.requires_grad}

    def save(self, folder: Path) -> dict[str, torch.Tensor]:
        """Write what is trained and the optimizer's state, and return the rest."""
        optimizer_state.save(folder, self.parameters(), self.optimizer, self.scaler)
        buffers = {f"buffer/{name}": buffer for name, buffer in self.network.named_buffers()}
        return {"rows": torch.tensor(self.rows, dtype=torch.float64)} | buffers

    def load(self, folder: Path, tensors: dict[str, torch.Tensor]) -> None:
        """Put back what was saved, and the rest."""
        optimizer_state.load(folder, self.parameters(), self.optimizer, self.scaler)
        self.rows = tensors["rows"].tolist()
        for name, buffer in self.network.named_buffers():
            buffer.copy_(tensors[f"buffer/{name}"])


class Ongoing:
    """`count` trainings with these settings, apart from which images they see, one after the other;
    without checkpoints, unless some are given."""

    def __init__(self, settings: Settings, count: int, checkpoints: Checkpoints | None = None):
        self.settings = settings
        self.count = count
        self.number = 0  # of the training at hand
        self.predicted: list[torch.Tensor] = []  # by the trainings that are done
        self.checkpoints = checkpoints or Checkpoints("", 0)
        self.start = self.checkpoints.latest(self._check)
        if self.start:
            tensors = load_file(self.start / TENSORS_FILE)
            done = sum(name.startswith("predicted/") for name in tensors)
            self.predicted = [tensors[f"predicted/{i}"] for i in range(done)]

    def once(self, compute: Callable[[], torch.Tensor]) -> torch.Tensor:
        """What a training leads to, computed unless that was done before the last checkpoint."""
        if self.number == len(self.predicted):
            self.predicted.append(compute().cpu())
        self.number += 1
        return self.predicted[self.number - 1]

    def begin(self, state: State) -> None:
        """Put the training at hand where a checkpoint left it, if one did."""
        start, self.start = self.start, None
        if start:
            state.load(start, load_file(start / TENSORS_FILE))

    def stop_if_cancelled(self, state: State) -> None:
        """Raise Cancelled when the host asks for it, and leave a checkpoint."""
        if host.cancelled():
            self._read(state)
            self._keep(state)
            runtime.stop_if_cancelled()

    def keep_up(self, state: State) -> None:
        """Read and report losses, and write a checkpoint, where it is time for either."""
        due = self.checkpoints.due()
        done = len(state.rows) + len(state.readout) == self.settings.steps
        if due or done or state.readout.due():
            self._read(state)
            total = self.count * self.settings.steps
            host.progress(self._steps(state), total, {"loss": state.rows[-1][0]})
        if due and not done:
            self._keep(state)

    def _steps(self, state: State) -> int:
        return self.number * self.settings.steps + len(state.rows)

    def _read(self, state: State) -> None:
        """Bring the rows up to date; StageError when a loss is no number."""
        for loss, hits in state.readout.read():
            if not math.isfinite(loss):
                raise StageError(
                    f"the classifier's loss became {loss} at step {len(state.rows) + 1}; use a"
                    f" smaller learning rate than {self.settings.learning_rate:g} or precision fp32"
                    " or bf16"
                )
            state.rows.append([loss, hits])

    def _keep(self, state: State) -> None:
        self.checkpoints.save(self._steps(state), lambda folder: self._save(folder, state))

    def _save(self, folder: Path, state: State) -> None:
        predicted = {f"predicted/{i}": rows for i, rows in enumerate(self.predicted)}
        tensors = state.save(folder) | predicted
        safetensors_file.write(tensors, folder / TENSORS_FILE, {})
        (folder / RECIPE_FILE).write_text(json.dumps(self._recipe()), encoding="utf-8")

    def _recipe(self) -> dict[str, Any]:
        return {"trainings": self.count} | asdict(replace(self.settings, generated=()))

    def _check(self, checkpoint: Path) -> None:
        """StageError for the checkpoint of something else."""
        try:
            recipe = json.loads((checkpoint / RECIPE_FILE).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise StageError(f"{checkpoint} is of no classifier ({error})") from error
        if recipe != json.loads(json.dumps(self._recipe())):
            raise StageError(f"{checkpoint} is of another classifier")
