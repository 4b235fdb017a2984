"""The jobs that users have, as they call them: data recipes (never data), the call, and the ratios that are asked for."""
from __future__ import annotations

import pathlib
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "fits"))
import cells  # noqa: E402

# ---- calls: each takes the package's modules (clusterers, metrics) and the data; a dictionary of facts comes back


def kmeans(k: int, **options: Any) -> Callable[..., dict]:
    def call(cluster, metrics, x):
        km = cluster.KMeans(k, random_state=0, **options).fit(x)
        return {"centers": km.cluster_centers_, "n_iter": int(km.n_iter_)}

    return call


def minibatch(k: int) -> Callable[..., dict]:
    def call(cluster, metrics, x):
        km = cluster.MiniBatchKMeans(k, random_state=0).fit(x)
        return {"centers": km.cluster_centers_, "n_iter": int(km.n_iter_)}

    return call


def plusplus(k: int) -> Callable[..., dict]:
    def call(cluster, metrics, x):
        return {"centers": cluster.kmeans_plusplus(x, k, random_state=0)[0]}

    return call


def silhouette(k: int) -> Callable[..., dict]:
    """Labels are the rows' numbers mod k: the time does not depend on them."""

    def call(cluster, metrics, x):
        return {"value": float(metrics.silhouette_score(x, np.arange(x.shape[0]) % k))}

    return call


# ---- data


def few() -> np.ndarray:
    from sklearn.datasets import make_blobs

    return make_blobs(300, centers=4, cluster_std=0.6, random_state=0)[0]


def digits() -> np.ndarray:
    from sklearn.datasets import load_digits

    return load_digits().data


def sparse() -> sp.csr_array:
    return sp.random_array((20_000, 5_000), density=0.01, format="csr", rng=np.random.default_rng(0))


def of_grid(name: str, n: int, d: int, dtype: str) -> Callable[[], np.ndarray]:
    """A recipe of the grid in bench/fits."""
    return lambda: np.ascontiguousarray(cells.RECIPES[name](n, d), dtype=dtype)


@dataclass(frozen=True)
class Job:
    name: str
    data: str                     # key of DATA
    call: Callable[..., dict]
    least: float | None           # times scikit-learn's speed asked of the Python package, and of the engine
    aim: float | None
    calls: int = 1                # in one turn
    warm_rows: int = 2000         # rows of the call before the clock starts
    memory: float | None = None   # least ratio of scikit-learn's extra memory to ours
    one_thread: bool = False      # scikit-learn may be faster with one thread: time that too
    slow: bool = False            # not with --quick


DATA: dict[str, Callable[[], Any]] = {
    "few": few,
    "digits": digits,
    "china": of_grid("pixels", 273_280, 3, "float64"),
    "blobs-784": of_grid("blobs", 60_000, 784, "float32"),
    "patches-768": of_grid("patches", 60_000, 768, "float32"),
    "blobs-128": of_grid("blobs", 100_000, 128, "float32"),
    "uniform-128": of_grid("uniform", 100_000, 128, "float32"),
    "blobs-8": of_grid("blobs", 1_000_000, 8, "float64"),
    "sparse": sparse,
    "blobs-64": of_grid("blobs", 20_000, 64, "float64"),
}

JOBS = [
    Job("300 x 2, k=4, n_init=10", "few", kmeans(4, n_init=10), 5, 10, calls=50),
    Job("digits 1797 x 64, k=10, n_init=10", "digits", kmeans(10, n_init=10), 4, 8, calls=20),
    Job("china.jpg 273280 x 3, k=16", "china", kmeans(16), 4, 10, calls=5),
    Job("china.jpg 273280 x 3, k=64", "china", kmeans(64), 4, 10, calls=5),
    Job("china.jpg 273280 x 3, MiniBatchKMeans(16)", "china", minibatch(16), 4, 10, calls=3),
    Job("blobs 60000 x 784 float32, k=10", "blobs-784", kmeans(10), 1.5, 3),
    Job("patches 60000 x 768 float32, k=10", "patches-768", kmeans(10), 1.5, 3, slow=True),
    Job("blobs 100000 x 128 float32, k=1000, kmeans_plusplus", "blobs-128", plusplus(1000), 8, 15, one_thread=True, slow=True),
    Job("uniform 100000 x 128 float32, k=1000, kmeans_plusplus", "uniform-128", plusplus(1000), 8, 15, one_thread=True,
        slow=True),
    Job("sparse 20000 x 5000, 1 % filled, k=50", "sparse", kmeans(50), 3, None),
    Job("silhouette_score 20000 x 64, k=10", "blobs-64", silhouette(10), 5, None, memory=10),
    Job("blobs 1000000 x 8, k=50", "blobs-8", kmeans(50), None, 6, slow=True),
    Job("blobs 100000 x 128 float32, k=256", "blobs-128", kmeans(256), None, 6, slow=True),
]


def load(key: str, folder: pathlib.Path) -> Any:
    """The data, made at the first call and kept in a folder."""
    path = folder / f"users-{key}.{'npz' if key == 'sparse' else 'npy'}"
    if not path.exists():
        made = DATA[key]()
        (sp.save_npz if sp.issparse(made) else np.save)(path, made)
    return sp.load_npz(path) if path.suffix == ".npz" else np.load(path)
