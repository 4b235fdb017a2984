"""The benchmark grid: data recipes (never data) and cells.

A cell is (name, recipe, k, iterations). Recipes are deterministic and cached as .npy files in a scratch folder.
"""
from __future__ import annotations

import pathlib
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Cell:
    data: str
    n: int
    d: int
    k: int
    dtype: str = "float32"
    iterations: int = 20

    @property
    def name(self) -> str:
        return f"{self.data}-{self.n}x{self.d}-k{self.k}-{self.dtype}"


def _blobs(n: int, d: int, seed: int = 3) -> np.ndarray:
    """Overlapping Gaussian blobs, 3 sqrt(n) / 100 of them."""
    rng = np.random.default_rng(seed)
    count = max(8, int(3 * np.sqrt(n) / 100))
    centers = rng.uniform(-10, 10, size=(count, d))
    spread = rng.uniform(0.5, 2.5, size=count)
    owner = rng.integers(count, size=n)
    x = rng.normal(size=(n, d))
    x *= spread[owner, None]
    x += centers[owner]
    return x


def _uniform(n: int, d: int, seed: int = 4) -> np.ndarray:
    return np.random.default_rng(seed).uniform(size=(n, d))


def _image(name: str) -> np.ndarray:
    from sklearn.datasets import load_sample_image

    return load_sample_image(name) / 255.0


def _pixels(n: int) -> np.ndarray:
    """The pixels of china.jpg; for 426,400 rows those of flower.jpg follow, with a little noise to part equal values."""
    x = _image("china.jpg").reshape(-1, 3)
    if n <= len(x):
        return x[:n]
    more = np.concatenate([x, _image("flower.jpg").reshape(-1, 3)])[:n]
    return more + np.random.default_rng(5).normal(scale=1e-3, size=more.shape)


def _patches(n: int, d: int) -> np.ndarray:
    """Square colour patches of the two photos, drawn at random: d = 3 side^2."""
    side = int(round((d / 3) ** 0.5))
    if 3 * side * side != d:
        raise ValueError(f"{d} values are no square colour patch")
    rng = np.random.default_rng(6)
    out = np.empty((n, d))
    images = [_image("china.jpg"), _image("flower.jpg")]
    for i in range(n):
        image = images[i % 2]
        r, c = rng.integers(image.shape[0] - side), rng.integers(image.shape[1] - side)
        out[i] = image[r : r + side, c : c + side].ravel()
    return out


RECIPES = {
    "blobs": _blobs,
    "uniform": _uniform,
    "pixels": lambda n, d: _pixels(n),
    "patches": _patches,
}


def load(cell: Cell, folder: pathlib.Path) -> pathlib.Path:
    """Make the cell's data unless it is there; return the path of the .npy file."""
    path = folder / f"{cell.data}-{cell.n}x{cell.d}-{cell.dtype}.npy"
    if not path.exists():
        x = RECIPES[cell.data](cell.n, cell.d)
        np.save(path, np.ascontiguousarray(x, dtype=cell.dtype))
    return path


def start(x: np.ndarray, k: int) -> np.ndarray:
    """k distinct rows, the same for every peer."""
    rows = np.random.default_rng(7).permutation(len(x))[: 2 * k]
    centers = np.unique(x[rows], axis=0)
    return np.ascontiguousarray(np.random.default_rng(8).permutation(centers)[:k])


QUICK = [
    Cell("pixels", 273280, 3, 16, "float64"),
    Cell("blobs", 1000000, 8, 50, "float64"),
    Cell("uniform", 200000, 32, 256),
    Cell("patches", 20000, 768, 100, iterations=10),
]

GRID = [
    Cell("pixels", 273280, 3, 16),
    Cell("pixels", 273280, 3, 16, "float64"),
    Cell("pixels", 426400, 3, 256),
    Cell("pixels", 426400, 3, 256, "float64"),
    Cell("blobs", 1000000, 2, 8),
    Cell("blobs", 500000, 2, 1000),
    Cell("uniform", 500000, 2, 1000),
    Cell("blobs", 1000000, 8, 50),
    Cell("blobs", 1000000, 8, 50, "float64"),
    Cell("uniform", 1000000, 8, 50),
    Cell("blobs", 1000000, 16, 64, "float64"),
    Cell("uniform", 1000000, 16, 64),
    Cell("blobs", 200000, 32, 256),
    Cell("uniform", 200000, 32, 256),
    Cell("blobs", 200000, 64, 10),
    Cell("blobs", 200000, 64, 100),
    Cell("uniform", 200000, 64, 100),
    Cell("blobs", 100000, 128, 1000, iterations=10),
    Cell("uniform", 100000, 128, 1000, iterations=10),
    Cell("patches", 60000, 768, 10, iterations=10),
    Cell("patches", 60000, 768, 100, iterations=10),
    Cell("patches", 60000, 768, 1000, iterations=10),
    Cell("blobs", 60000, 784, 10, iterations=10),
    Cell("blobs", 60000, 784, 100, iterations=10),
    Cell("blobs", 60000, 784, 1000, iterations=10),
    Cell("blobs", 30000, 1536, 4000, iterations=10),
    Cell("patches", 100000, 108, 100, iterations=20),
    Cell("patches", 30000, 1200, 1000, iterations=10),
]

# How time grows with one of n, d, k while the others stand still; threads are curves.py's own.
CURVES = {
    "n": [Cell("blobs", n, 16, 64) for n in (2000, 10000, 50000, 200000, 1000000)],
    "d": [Cell("blobs", 50000, d, 64) for d in (1, 2, 4, 8, 16, 33, 64, 129, 256, 512)],
    "k": [Cell("blobs", 50000, 32, k) for k in (2, 9, 16, 49, 128, 400, 1001, 2500)],
}
