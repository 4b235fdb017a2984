"""Shared by all tests. They run against the installed wheel, never against the source tree."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import covey

SOURCE = Path(__file__).resolve().parents[1] / "src"
assert SOURCE not in Path(covey.__file__).resolve().parents, "install the wheel: these tests must not see python/src"


@pytest.fixture(scope="session")
def blobs():
    from sklearn.datasets import make_blobs

    return make_blobs(300, centers=4, cluster_std=0.6, random_state=0)[0]


@pytest.fixture(scope="session")
def digits():
    from sklearn.datasets import load_digits

    return load_digits().data


@pytest.fixture(scope="session")
def big():
    """Data whose fit takes seconds: for interrupts and limits."""
    return np.random.RandomState(0).normal(size=(200_000, 24))


@pytest.fixture(scope="session")
def reference():
    """Environment in which scikit-learn's results are the reference: one thread, BLAS kernels with fused multiply-add."""
    return {"OMP_NUM_THREADS": "1", "OPENBLAS_CORETYPE": "Haswell"}


@pytest.fixture
def run_python(tmp_path):
    """Run a script in a fresh interpreter outside the source tree; returns its standard output."""

    def run(code, *, env=(), timeout=300, check=True):
        done = subprocess.run(
            [sys.executable, "-c", code],
            cwd=tmp_path,
            env={**os.environ, **dict(env)},
            timeout=timeout,
            capture_output=True,
            text=True,
        )
        if check:
            assert done.returncode == 0, done.stderr[-4000:]
            return done.stdout
        return done

    return run
