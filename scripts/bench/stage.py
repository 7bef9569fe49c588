"""Run a stage on a list of specs in one process, together or one after another.

python scripts/bench/stage.py train_lora|generate|classify together|apart specs.json
"""

import importlib
import json
import sys
import time
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parents[1]


def main() -> None:
    """Print the seconds that the stage itself took, and its peak memory."""
    sys.path[0] = str(SCRIPTS)  # not this folder: modules of both are imported by name
    from common import memory

    name, how, file = sys.argv[1:]
    specs = json.loads(Path(file).read_text(encoding="utf-8"))
    stage = importlib.import_module(name)
    memory.reset(specs[0])
    began = time.perf_counter()
    if how == "together":
        stage.run_together(specs)
    else:
        for spec in specs:
            stage.run(spec)
    print(json.dumps({"seconds": time.perf_counter() - began, **memory.peak(specs[0])}))


if __name__ == "__main__":
    main()
