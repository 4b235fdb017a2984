"""Four blobs: fit, predict, the textbook loop, and the wrong number of clusters."""

import sys

import matplotlib
import numpy as np
from covey import KMeans
from sklearn.datasets import make_blobs
from sklearn.metrics import pairwise_distances_argmin, silhouette_score

matplotlib.use("Agg")
import matplotlib.pyplot as plt

X, _ = make_blobs(300, centers=4, cluster_std=0.60, random_state=0)
km = KMeans(4, random_state=0).fit(X)
labels = km.predict(X)
print("inertia:", km.inertia_)
print("iterations:", km.n_iter_)
print("sizes:", *np.bincount(labels))

plt.scatter(X[:, 0], X[:, 1], c=labels, s=50, cmap="viridis")
plt.scatter(*km.cluster_centers_.T, c="black", s=200, alpha=0.5)
if len(sys.argv) > 1:
    plt.savefig(f"{sys.argv[1]}/blobs.png")


def textbook(X, k, rseed):
    """Lloyd's loop in a few lines: stop when the centers repeat."""
    centers = X[np.random.RandomState(rseed).permutation(X.shape[0])[:k]]
    while True:
        labels = pairwise_distances_argmin(X, centers)
        moved = np.array([X[labels == j].mean(0) for j in range(k)])
        if np.all(centers == moved):
            return centers, labels
        centers = moved


for rseed in (2, 0):
    _, by_hand = textbook(X, 4, rseed)
    start = X[np.random.RandomState(rseed).permutation(X.shape[0])[:4]]
    same = KMeans(4, init=start, n_init=1, tol=0).fit(X)
    print(f"textbook {rseed}:", same.inertia_, int(np.array_equal(by_hand, same.labels_)))

six = KMeans(6, random_state=0).fit(X)
print("six clusters:", six.inertia_, silhouette_score(X, six.labels_), silhouette_score(X, labels))
