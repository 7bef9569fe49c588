"""Run a stage on a list of specs in one process, together or one after another.

python scripts/bench/stage.py train_lora|generate|classify together|apart specs.json
"""

import importlib
import json
import sys
import time
from pathlib import Path
from typing import Any

SCRIPTS = Path(__file__).resolve().parents[1]


def main() -> None:
    """Print the seconds that the stage itself took, those of a step after the first, as far as the
    stage says when it has done one, and its peak memory."""
    sys.path[0] = str(SCRIPTS)  # not this folder: modules of both are imported by name
    import host
    from common import memory

    passed: dict[int, float] = {}  # by steps done, when the first task said so

    def progress_of(place: int, done: int, *_: Any) -> None:
        if place == 0:
            passed[done] = time.perf_counter()

    host.progress_of = progress_of
    host.progress = lambda done, *_: progress_of(0, done)

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
    result = {"seconds": time.perf_counter() - began, **memory.peak(specs[0])}
    if len(passed) > 1:
        result["seconds_a_step"] = (passed[max(passed)] - passed[min(passed)]) / (
            max(passed) - min(passed)
        )
    print(json.dumps(result))


if __name__ == "__main__":
    main()
