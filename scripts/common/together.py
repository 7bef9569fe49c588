"""Tasks of one stage that are computed together, each of which ends on its own.

A stage that can do so has `run(spec)` and `run_together(specs)`, both over one function that takes
tasks. Of a group the host is told by number which task gets on, is done (its artifact is then
committed, while others go on) or cannot be done. Any other exception than a StageError is about the
group: the host then tries what is left of it one by one.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import host
from common import memory
from common.errors import StageError


class ApartError(Exception):
    """What is left of a group must be computed one by one: a member spoils the others."""


class Task(ABC):
    """One task of a stage."""

    def __init__(self, spec: dict[str, Any]):
        self.spec = spec

    @abstractmethod
    def progress(self, done: int, total: int, fields: dict[str, float]) -> None:
        """Say that `done` of `total` units are finished."""

    @abstractmethod
    def done(self, result: dict[str, Any]) -> None:
        """Say that everything is written."""

    @abstractmethod
    def failed(self, error: StageError) -> None:
        """Say that this task cannot be done."""

    @contextmanager
    def failing(self) -> Iterator[None]:
        """Take a StageError in the body for the end of this task, not of the others."""
        try:
            yield
        except StageError as error:
            self.failed(error)


class Alone(Task):
    """The only task of a call: it ends with the call's result or exception."""

    def progress(self, done: int, total: int, fields: dict[str, float]) -> None:
        host.progress(done, total, fields)

    def done(self, result: dict[str, Any]) -> None:
        self.result = result

    def failed(self, error: StageError) -> None:
        raise error


class Member(Task):
    """A task of a group, known to the host by its place in it."""

    def __init__(self, spec: dict[str, Any], place: int):
        super().__init__(spec)
        self.place = place

    def progress(self, done: int, total: int, fields: dict[str, float]) -> None:
        host.progress_of(self.place, done, total, fields)

    def done(self, result: dict[str, Any]) -> None:
        host.done(self.place, result, memory.peak(self.spec))

    def failed(self, error: StageError) -> None:
        host.failed(self.place, str(error))


def members(specs: list[dict[str, Any]]) -> list[Task]:
    """The tasks of a group."""
    return [Member(spec, place) for place, spec in enumerate(specs)]


class Work(ABC):
    """A task on its way: read from its spec when it is made, then begun on a pipeline.

    Either may raise a StageError, which ends the task.
    """

    task: Task
    spec: Any  # as the stage reads it

    @abstractmethod
    def begin(self, pipeline: Any) -> None:
        """Make everything ready that the pipeline is needed for."""


W = TypeVar("W", bound=Work)


def read(tasks: list[Task], kind: Callable[[Task], W], shared: tuple[str, ...]) -> list[W]:
    """The works of the tasks that can be read.

    `shared` names the settings that a stage takes from the first for all: ValueError if the specs
    differ in one, since an artifact would be committed under the key of another.
    """
    works: list[W] = []
    for task in tasks:
        with task.failing():
            works.append(kind(task))
    for name in shared:
        values = [getattr(work.spec, name) for work in works]
        if any(value != values[0] for value in values):
            raise ValueError(f"the tasks of a group differ in {name}")
    return works


def begun(works: list[W], pipeline: Any) -> list[W]:
    """Begin works; those that could."""
    able = []
    for work in works:
        with work.task.failing():
            work.begin(pipeline)
            able.append(work)
    return able
