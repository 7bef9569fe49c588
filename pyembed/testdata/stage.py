"""What the tests of pyembed call."""

import ctypes
import gc
import os
import platform
import signal
import sys
import threading
import time

import host


class StageError(Exception):
    """An exception with a class of its own."""


class Unprintable(Exception):
    def __str__(self):
        raise ValueError("no text")


class Scalar:
    """Has what NumPy's scalars have, without NumPy."""

    def __init__(self, value):
        self.value = value

    def __float__(self):
        return float(self.value)


class Whole(Scalar):
    def __index__(self):
        if not isinstance(self.value, int):
            raise TypeError("not an integer")
        return self.value


def echo(value):
    return value


def spread(*args, **kwargs):
    return {"args": args, "kwargs": kwargs}


def evaluate(expression):
    return eval(expression)


def kind(value):
    return type(value).__name__


def fail(name):
    raise eval(name)("on purpose")


def fail_with_cause():
    try:
        {}["missing"]
    except KeyError as error:
        raise StageError("the study has no such image") from error


def recurse(depth=0):
    return recurse(depth + 1)


# Bytes.

kept = None


def keep(view):
    global kept
    kept = view


def read_kept():
    return bytes(kept)


def address(view):
    return ctypes.addressof((ctypes.c_char * len(view)).from_buffer(view))


def write(view):
    view[:] = bytes(range(len(view)))


# Module host.


def report(total):
    for done in range(total):
        host.progress(done, total, {"loss": 1 / (done + 1), "stage": "test"})


def call_host(name, *args, **kwargs):
    return getattr(host, name)(*args, **kwargs)


def catch_host(name, *args):
    try:
        getattr(host, name)(*args)
    except Exception as error:
        return [type(error).__module__ + "." + type(error).__qualname__, str(error)]


def wait_for_cancel(ending):
    host.log("waiting")
    while not host.cancelled():
        time.sleep(0.001)
    if ending == "raise":
        raise StageError("cancelled")
    return ending


def call_host_from_threads(count):
    failures = []

    def work():
        try:
            for _ in range(50):
                host.add(1)
        except BaseException as error:
            failures.append(repr(error))

    threads = [threading.Thread(target=work) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return failures


def call_host_often(times):
    for _ in range(times):
        host.add(1)


def report_often(times):
    for done in range(times):
        host.report(done, times, {"loss": 0.5, "rate": 1e-4})


ticks = 0


def start_ticking():
    """Count in the background, also while no call is in progress."""

    def tick():
        global ticks
        while not stop.wait(0.001):
            ticks += 1

    stop = threading.Event()
    sys.modules[__name__].stop_ticking = stop.set
    threading.Thread(target=tick).start()


def count_ticks():
    return ticks


def call_host_in_background(name, times):
    """Leave a thread behind that Python does not wait for."""

    def work():
        for _ in range(times):
            getattr(host, name)()

    threading.Thread(target=work, daemon=True).start()


# The interpreter.


def environment():
    return {
        "prefix": sys.prefix,
        "base_prefix": sys.base_prefix,
        "executable": sys.executable,
        "version": platform.python_version(),
        "signals": [str(s) for s in signal.valid_signals() if callable(signal.getsignal(s))],
    }


def measure(objects):
    """Count what a leak would make grow."""
    gc.collect()
    return {
        "blocks": sys.getallocatedblocks(),
        "objects": len(gc.get_objects()),
        "references": sum(sys.getrefcount(eval(name)) for name in objects),
    }


def read_file(path):
    with open(path) as file:
        return [os.path.basename(path), file.read()]
