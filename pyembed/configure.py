"""Writes what it takes to build pyembed against the Python that runs this.

    python3 configure.py FOLDER

FOLDER/pkgconfig/python3.pc says how to compile and link; FOLDER/env, sourced by a shell, makes the
go command use it. Prints the interpreter and its version, a line each. What is missing is one
sentence on standard error, and exit code 2. It also runs on Pythons that are too old, to say so.
"""

import os
import sys
import sysconfig
import zlib

OLDEST, NEWEST = (3, 10), (3, 13)
COMPAT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "compat")

PKG_CONFIG = """\
Name: python3
Description: Python {version} of {executable}, with go-python3's missing declarations
Version: {version}
Cflags: -I"{compat}" -I"{include}"
Libs: -L"{folder}" -Wl,-rpath,"{folder}" -l{library}
"""

# Go's build cache does not see what pkg-config prints, nor headers in other folders: a define that
# differs keeps objects compiled for one Python from being taken for another.
ENVIRONMENT = """\
export PKG_CONFIG_PATH="{output}/pkgconfig${{PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}}"
export CGO_CFLAGS="-O2 -g -DPYEMBED_PYTHON={tag}"
export CGO_ENABLED=1
"""


def fail(message):
    sys.stderr.write(message + "\n")
    sys.exit(2)


def shared_library():
    """Return libpython's folder and linker name; distributions keep it in several places."""
    name = sysconfig.get_config_var("LDLIBRARY") or ""
    folders = [sysconfig.get_config_var("LIBDIR") or "", os.path.join(sys.base_prefix, "lib")]
    multiarch = sysconfig.get_config_var("MULTIARCH")
    if multiarch:
        folders += [os.path.join(folder, multiarch) for folder in folders]
    stem, extension = os.path.splitext(name)
    for folder in folders:
        if extension in (".so", ".dylib") and os.path.exists(os.path.join(folder, name)):
            return folder, stem[len("lib") :]
    return None


def describe():
    """Return the facts that the templates need, or end with what is missing."""
    version = ".".join(map(str, sys.version_info[:3]))
    # A virtual environment and a pyenv shim lead to the interpreter that they stand for.
    executable = os.path.realpath(getattr(sys, "_base_executable", None) or sys.executable)
    python = "Python " + version + " (" + executable + ")"
    if not OLDEST <= sys.version_info[:2] <= NEWEST:
        fail(python + " is not supported: choose a Python 3.10 to 3.13 with PYTHON=...")
    library = shared_library()
    if library is None:
        fail(
            python + " has no shared library: install it (Debian: apt install libpython3-dev), "
            "or build Python with --enable-shared (pyenv: PYTHON_CONFIGURE_OPTS=--enable-shared)."
        )
    include = sysconfig.get_path("include")
    if not os.path.exists(os.path.join(include, "Python.h")):
        fail(python + " has no headers: install them (Debian: apt install libpython3-dev).")
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        fail(python + " cannot make virtual environments: install python3-venv.")
    return {
        "version": version,
        "executable": executable,
        "folder": library[0],
        "library": library[1],
        "include": include,
    }


def write(path, text):
    """Write a file whose old text, if another process reads it now, is never seen cut short."""
    temporary = path + "." + str(os.getpid())
    with open(temporary, "w") as file:
        file.write(text)
    os.replace(temporary, path)


def main():
    if len(sys.argv) != 2:
        fail("usage: python3 configure.py FOLDER")
    output = os.path.abspath(sys.argv[1])
    facts = describe()
    with open(os.path.join(COMPAT, "Python.h"), "rb") as header:
        tag = zlib.crc32(repr(sorted(facts.items())).encode() + header.read())
    facts["compat"] = COMPAT
    os.makedirs(os.path.join(output, "pkgconfig"), exist_ok=True)
    write(os.path.join(output, "pkgconfig", "python3.pc"), PKG_CONFIG.format(**facts))
    write(os.path.join(output, "env"), ENVIRONMENT.format(output=output, tag=tag))
    print(facts["executable"])
    print(facts["version"])


if __name__ == "__main__":
    main()
