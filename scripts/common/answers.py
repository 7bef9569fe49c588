"""Answering the host's requests about photos, a JSON object on a line of its own each:

python -c "from common import MODULE; MODULE.answer()"  < requests  > answers
"""

import json
import sys
import warnings
from collections.abc import Callable
from typing import Any

from common.errors import StageError


def answer(said: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Answer each request with what is said to it, or with {"error"}, until there are no more.

    The first line that is written is empty: the process has started.
    """
    warnings.simplefilter("ignore")
    print(flush=True)
    for line in sys.stdin:
        try:
            told = said(json.loads(line))
        except StageError as error:
            told = {"error": str(error)}
        print(json.dumps(told), flush=True)
