"""What a run needs of the network, looked at and fetched before its first task.

The host calls these in a worker of their own, and decides what is fetched; no stage downloads. That
worker is there soon, since torch is loaded for torchvision's weights only.
Whatever goes wrong is one sentence that says where, and what to do.
"""

import json
import os
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import huggingface_hub
from huggingface_hub import constants
from huggingface_hub.errors import (
    DisabledRepoError,
    GatedRepoError,
    HfHubHTTPError,
    HTTPError,
    RepositoryNotFoundError,
)
from huggingface_hub.utils import disable_progress_bars

import host
from common.errors import StageError

SECONDS = 30.0  # to wait for an answer
ELSEWHERE = (
    "; or download it on another machine (hf download), copy its cache here (HF_HOME), and set"
    " HF_HUB_OFFLINE=1; or give a folder"
)

disable_progress_bars()


def look(spec: dict[str, Any]) -> dict[str, Any]:
    """The revision and the files, with their bytes, of spec["model"], which may be downloaded.

    spec["what"] names it and its use in messages.
    """
    model = spec["model"]
    with worded(spec["what"], model):
        huggingface_hub.auth_check(model)  # gated models show their files to everybody
        info = huggingface_hub.HfApi().model_info(model, files_metadata=True, timeout=SECONDS)
    files = {file.rfilename: file.size or 0 for file in info.siblings or []}
    return {"revision": info.sha, "files": files}


def fetch(spec: dict[str, Any]) -> dict[str, Any]:
    """Download spec["files"] of spec["model"], revision spec["revision"], into the cache."""
    model, files = spec["model"], spec["files"]
    for done, name in enumerate(files):
        host.progress(done, len(files), {})
        with worded(spec["what"], model):
            path = Path(huggingface_hub.hf_hub_download(model, name, revision=spec["revision"]))
    folder = path.parents[len(Path(name).parts) - 1]
    remember(folder, spec["revision"])
    return {"folder": str(folder)}


def remember(snapshot: Path, revision: str) -> None:
    """Let the cache's main be the revision that was fetched, as a download of main would."""
    main = snapshot.parents[1] / "refs" / "main"
    main.parent.mkdir(parents=True, exist_ok=True)
    part = main.with_name(f"main.{os.getpid()}")
    part.write_text(revision, encoding="utf-8")
    part.replace(main)


def look_imagenet(spec: dict[str, Any]) -> dict[str, Any]:
    """The bytes of torchvision's ImageNet weights of spec["model"], which may be downloaded."""
    from classifier import network as classifier

    url = classifier.imagenet_of(spec["model"]).url
    request = urllib.request.Request(url, method="HEAD")
    try:
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:
            return {"bytes": int(answer.headers.get("Content-Length", 0))}
    except (urllib.error.URLError, OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        raise StageError(
            f"torchvision's ImageNet weights cannot be downloaded: {unanswered(url)}"
            f" ({reason}); put {Path(url).name} into"
            f" {classifier.hub_folder()}, or use classifier.weights lite0 or none"
        ) from error


def fetch_imagenet(spec: dict[str, Any]) -> dict[str, Any]:
    """Download torchvision's ImageNet weights of spec["model"] to where torch looks for them."""
    from classifier import network as classifier

    look_imagenet(spec)
    classifier.imagenet_state(spec["model"])
    return {}


@contextmanager
def worded(what: str, model: str) -> Iterator[None]:
    """Turn what the hub's client raises into one sentence about a model."""
    address = constants.ENDPOINT
    try:
        yield
    except GatedRepoError as error:
        raise StageError(
            f"{what} is gated: accept its terms at {address}/{model}, and give a token of"
            " that account in HF_TOKEN, or by the command hf auth login"
        ) from error
    except DisabledRepoError as error:
        raise StageError(f"{what} was disabled at {address}; use another") from error
    except RepositoryNotFoundError as error:
        raise StageError(
            f"{what} is neither a folder here nor a model at {address}, unless it is private: check"
            " the name, and for a private one give a token in HF_TOKEN, or by the command hf auth"
            " login"
        ) from error
    except HfHubHTTPError as error:
        status = error.response.status_code
        raise StageError(
            f"{what} cannot be downloaded: {address} answered with HTTP {status};"
            f" try again later{ELSEWHERE}"
        ) from error
    except (HTTPError, OSError, json.JSONDecodeError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise StageError(
            f"{what} cannot be downloaded: {unanswered(address)} ({reason}){ELSEWHERE}"
        ) from error


def unanswered(url: str) -> str:
    """That a server gives no answer, and by way of which proxy it was asked."""
    kind, name = urlsplit(url).scheme, urlsplit(url).hostname
    proxy = urllib.request.getproxies().get(kind)
    if not proxy or urllib.request.proxy_bypass(name or ""):
        return f"there is no connection to {name}"
    through = urlsplit(proxy if "//" in proxy else f"//{proxy}")  # it may hold a password
    where = f"{through.hostname}:{through.port}" if through.port else through.hostname
    return f"the proxy {where} ({kind}_proxy) gives no connection to {name}"
