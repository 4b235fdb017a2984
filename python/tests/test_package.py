"""The package as such: wheel, import, types, examples in docstrings, memory."""

import doctest
import importlib
import inspect
import operator
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import covey

PACKAGE = Path(covey.__file__).parent
MODULES = ["covey", "covey._base", "covey._bisecting", "covey._callbacks", "covey._engine", "covey._kmeans",
           "covey._minibatch", "covey._threads", "covey.metrics"]


def test_module_is_abi3():
    modules = [f.name for f in PACKAGE.iterdir() if f.suffix == ".so"]
    assert modules == ["_covey.abi3.so"]
    from importlib.metadata import distribution

    tags = [line for line in distribution("covey").read_text("WHEEL").splitlines() if line.startswith("Tag:")]
    assert all("cp311-abi3-" in tag for tag in tags)
    assert not (PACKAGE / "_build.py").exists()


def test_module_exports_only_its_entry_point():
    symbols = subprocess.run(["nm", "-D", "--defined-only", str(PACKAGE / "_covey.abi3.so")], capture_output=True,
                             text=True)
    if symbols.returncode != 0:
        pytest.skip("nm is not installed")
    assert not [line for line in symbols.stdout.splitlines() if " covey_" in line or " cvi_" in line]


def test_version_is_the_librarys():
    from importlib.metadata import version

    assert covey.__version__ == version("covey")


@pytest.mark.parametrize("name", MODULES)
def test_doctests(name):
    module = importlib.import_module(name)
    results = doctest.testmod(module)
    assert results.failed == 0
    if name in ("covey._kmeans", "covey._minibatch", "covey._bisecting", "covey.metrics"):
        assert results.attempted > 4


def test_every_public_name_has_an_example():
    for name in covey.__all__:
        if name != "metrics":
            assert ">>>" in (getattr(covey, name).__doc__ or ""), name


def test_import_is_light(run_python):
    """Importing covey loads nothing heavy that scikit-learn's own import has not loaded."""
    code = """
import sys
from sklearn.cluster import KMeans
theirs = set(sys.modules)
import covey
print(sorted({"matplotlib", "pandas", "polars", "dask", "tqdm", "PIL", "sklearn.metrics"} & (set(sys.modules) - theirs)))
"""
    assert run_python(code).strip() == "[]"


def test_import_takes_no_time(run_python):
    """Under 0.15 s beyond scikit-learn's own import; the least of five, as others may be at work too."""
    code = """
import time
import sklearn.cluster
begin = time.perf_counter()
import covey
print(time.perf_counter() - begin)
"""
    assert min(float(run_python(code)) for _ in range(5)) < 0.15


SECTIONS = ["Parameters", "Attributes", "Returns", "Yields", "See Also", "Examples"]


def documented(thing):
    """Names in the sections of a numpydoc docstring, by section."""
    found, section = {}, None
    lines = inspect.cleandoc(thing.__doc__).splitlines()
    for line, below in zip(lines, [*lines[1:], ""]):
        if below and set(below) == {"-"}:
            assert line in SECTIONS, line
            section = found.setdefault(line, [])
        elif section is not None and line and not line.startswith((" ", "-", ">")):
            section += [name.strip(" *") for name in line.split(" :")[0].split(",")]
    return found


@pytest.mark.parametrize("name", [*covey.__all__[:-1], *(f"metrics.{n}" for n in (
    "silhouette_score", "silhouette_samples", "calinski_harabasz_score", "davies_bouldin_score"))])
def test_docstrings_name_every_parameter(name):
    things = [operator.attrgetter(name)(covey)]
    if inspect.isclass(things[0]) and issubclass(things[0], covey._base.BaseKMeans):
        things += [getattr(things[0], method) for method in ("fit", "fit_predict", "fit_transform", "predict", "transform",
                                                             "score", "partial_fit") if hasattr(things[0], method)]
        fitted = things[0](2).fit([[0.0], [1.0], [9.0]])
        public = {a for a in vars(fitted) if a.endswith("_") and not a.startswith("_")}
        assert public <= set(documented(things[0])["Attributes"])
    for thing in things:
        parameters = [p for p in inspect.signature(thing).parameters if p != "self"]
        listed = documented(thing).get("Parameters", [])
        assert [p for p in parameters if p not in listed] == [], thing


def test_types(tmp_path):
    pytest.importorskip("mypy")
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--config-file", str(root / "pyproject.toml"), "--cache-dir", str(tmp_path), "-p",
         "covey"], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    user = tmp_path / "user.py"
    user.write_text("from covey import KMeans, metrics\nkm = KMeans(3).fit([[1.0]])\nreveal_type(km)\n"
                    "reveal_type(km.predict([[1.0]]))\nKMeans(n_cluster=3)\n", encoding="utf-8")
    done = subprocess.run([sys.executable, "-m", "mypy", "--cache-dir", str(tmp_path), str(user)], capture_output=True,
                          text=True, cwd=tmp_path)
    assert "covey._kmeans.KMeans" in done.stdout
    assert "ndarray" in done.stdout
    assert 'Unexpected keyword argument "n_cluster"' in done.stdout
    assert "untyped" not in done.stdout


def test_large_strides_are_not_multiplied_in_32_bits():
    """Row 15: a view of the same eight bytes with more than 2^31 of them in it."""
    tiny = np.lib.stride_tricks.as_strided(np.array([3.0]), shape=(3, 2**30), strides=(0, 0))
    assert tiny.size > 2**31
    from covey import _engine

    view, _ = _engine.matrix(tiny)
    assert (view.n, view.d) == (3, 2**30)
