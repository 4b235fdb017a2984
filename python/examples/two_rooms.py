"""Two rooms: save, load, cluster, draw."""

import sys
import tempfile
from pathlib import Path

import matplotlib
import numpy as np
from covey import KMeans
from sklearn.datasets import make_blobs

matplotlib.use("Agg")
import matplotlib.pyplot as plt

X, _ = make_blobs(1000, centers=[(20, 20), (4, 4)], cluster_std=2, random_state=0)
with tempfile.TemporaryDirectory() as folder:
    np.save(Path(folder) / "rooms.npy", X)
    X = np.load(Path(folder) / "rooms.npy")
km = KMeans(2, init="k-means++", n_init=10, random_state=0)
km.fit(X)
labels = km.predict(X)
print("inertia:", km.inertia_)
print("sizes:", *np.bincount(labels))

for j, color in enumerate(("tab:red", "tab:blue")):
    plt.scatter(X[labels == j, 0], X[labels == j, 1], c=color, s=8)
plt.title("Two rooms")
plt.xlabel("Temperature yesterday")
plt.ylabel("Temperature today")
if len(sys.argv) > 1:
    plt.savefig(f"{sys.argv[1]}/two_rooms.png")
