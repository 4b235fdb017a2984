"""Five blobs: inertia, new points, ways to start, data on disk, and the number of clusters."""

import tempfile
from pathlib import Path

import numpy as np
from covey import KMeans, MiniBatchKMeans
from sklearn.datasets import make_blobs
from sklearn.metrics import silhouette_score

centers = np.array([[0.2, 2.3], [-1.5, 2.3], [-2.8, 1.8], [-2.8, 2.8], [-2.8, 1.3]])
X, y = make_blobs(2000, centers=centers, cluster_std=[0.4, 0.3, 0.1, 0.1, 0.1], random_state=7)

km = KMeans(5, n_init=10, random_state=42).fit(X)
print("inertia 42:", km.inertia_, km.score(X))
print("inertia:", *(KMeans(5, n_init=10, random_state=seed).fit(X).inertia_ for seed in range(5)))

X_new = np.array([[0, 2], [3, 2], [-3, 3], [-3, 2.5]])
best = KMeans(5, n_init=10, random_state=0).fit(X)
print("new points:", *best.predict(X_new))
print("distances:", *best.transform(X_new).ravel())

good = np.array([[-3, 3], [-3, 2], [-3, 1], [-1, 2], [0, 2]])
print("given:", KMeans(5, init=good, n_init=1).fit(X).inertia_)
print("random:", KMeans(5, init="random", n_init=10, random_state=0).fit(X).inertia_)
print("elkan:", KMeans(5, n_init=10, random_state=0, algorithm="elkan").fit(X).inertia_)

with tempfile.TemporaryDirectory() as folder:
    name = Path(folder) / "blobs.mmap"
    on_disk = np.memmap(name, dtype="float32", mode="write", shape=X.shape)
    on_disk[:] = X
    on_disk.flush()
    mapped = np.memmap(name, dtype="float32", mode="readonly", shape=X.shape)
    whole = MiniBatchKMeans(5, batch_size=10, random_state=42).fit(mapped)
    print("rough memmap:", whole.inertia_)
    starts = []
    for seed in range(10):
        batches = MiniBatchKMeans(5, random_state=seed)
        for low in range(0, len(mapped), 200):
            batches.partial_fit(mapped[low : low + 200])
        starts.append(-batches.score(mapped))
    print("rough partial_fit:", min(starts))

print("silhouette:", silhouette_score(X, best.labels_))
scores = [silhouette_score(X, KMeans(k, n_init=10, random_state=42).fit(X).labels_) for k in range(2, 9)]
print("silhouettes:", *scores)
