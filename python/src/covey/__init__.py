"""Exact, reproducible k-means: scikit-learn's clusterers on a C engine.

Change one import: ``from covey import KMeans`` in place of ``from sklearn.cluster import KMeans``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from covey import _threads as _threads
from covey._bisecting import BisectingKMeans
from covey._callbacks import ProgressBar
from covey._engine import build_info, engine_options
from covey._kmeans import KMeans, k_means, kmeans_plusplus
from covey._minibatch import MiniBatchKMeans

if TYPE_CHECKING:
    from covey import metrics as metrics

__all__ = [
    "BisectingKMeans",
    "KMeans",
    "MiniBatchKMeans",
    "ProgressBar",
    "build_info",
    "engine_options",
    "k_means",
    "kmeans_plusplus",
    "metrics",
]
__version__: str = build_info()["version"]


def __getattr__(name: str) -> Any:
    # sklearn.metrics takes longer to import than everything above: only who asks for scores waits for it.
    if name == "metrics":
        import importlib

        return importlib.import_module("covey.metrics")
    raise AttributeError(f"module 'covey' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
