"""Which files of a base model are loaded: what the host decided, or, alone, what there is."""

import json
from dataclasses import dataclass, field
from pathlib import Path

from safetensors import SafetensorError, safe_open

from common.errors import StageError

CONFIGURATIONS = Path(__file__).resolve().parent / "configurations"


@dataclass(frozen=True)
class BaseFiles:
    """The key base_files of a spec (orchestrator/model, Files).

    `configuration` of a checkpoint: the name of a built-in one (sd1, sd2, sdxl), or a diffusers
    folder; "" is the folder beside the checkpoint with its name. `prediction` of a checkpoint with
    a built-in configuration: epsilon or v_prediction. `variants` of a folder's components, such as
    {"vae": "fp16"}, whose weights are not in plain files.
    """

    configuration: str = ""
    prediction: str = "epsilon"
    variants: dict = field(default_factory=dict)

    def configuration_of(self, checkpoint: Path) -> Path:
        """The diffusers folder that configures a checkpoint; StageError when there is none."""
        if self.configuration:
            folder = CONFIGURATIONS / self.configuration  # an absolute path stays itself
        else:
            folder = checkpoint.with_suffix("")
        if not (folder / "model_index.json").is_file():
            built_in = ", ".join(sorted(p.parent.name for p in CONFIGURATIONS.glob("*/unet")))
            raise StageError(
                f"base model {checkpoint} has no configuration at {folder}: put the model's"
                " diffusers folder there, without its weights, or name a built-in one in"
                f" base_files.configuration: {built_in}"
            )
        return folder

    @property
    def built_in(self) -> bool:
        """Whether the configuration is one of kizu's own."""
        return bool(self.configuration) and not Path(self.configuration).is_absolute()


def class_name_of(file: Path) -> str:
    """The class that a configuration such as model_index.json is of; StageError when that is
    damaged."""
    try:
        return json.loads(file.read_text(encoding="utf-8"))["_class_name"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StageError(f"{file} is damaged ({error}); copy the base model again") from error


def require_whole(file: Path) -> None:
    """StageError when a .safetensors file is shorter than its header says, which is all of it that
    is read."""
    try:
        with safe_open(file, framework="pt"):
            pass
    except (SafetensorError, OSError) as error:
        raise StageError(f"{file} is damaged ({error}); copy the base model again") from error
