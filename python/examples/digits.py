"""Handwritten digits: ten clusters without having seen one label; then after t-SNE."""

import sys

import matplotlib
import numpy as np
from covey import KMeans
from scipy.stats import mode
from sklearn.datasets import load_digits
from sklearn.manifold import TSNE
from sklearn.metrics import accuracy_score, confusion_matrix

matplotlib.use("Agg")
import matplotlib.pyplot as plt

digits = load_digits()


def named(clusters):
    """The most frequent true class of each cluster, for every row."""
    labels = np.zeros_like(clusters)
    for j in range(10):
        mask = clusters == j
        labels[mask] = mode(digits.target[mask]).mode
    return labels


km = KMeans(10, random_state=0, n_init=10)
clusters = km.fit_predict(digits.data)
labels = named(clusters)
print("inertia:", km.inertia_)
print("accuracy:", accuracy_score(digits.target, labels))
print("diagonal:", *np.diag(confusion_matrix(digits.target, labels)))

figure, axes = plt.subplots(2, 5, figsize=(8, 3))
for axis, center in zip(axes.flat, km.cluster_centers_.reshape(10, 8, 8)):
    axis.set(xticks=[], yticks=[])
    axis.imshow(center, interpolation="nearest", cmap="binary")
if len(sys.argv) > 1:
    plt.savefig(f"{sys.argv[1]}/digits.png")

plane = TSNE(n_components=2, init="pca", random_state=0).fit_transform(digits.data)
print("accuracy after t-SNE:", accuracy_score(digits.target, named(KMeans(10, random_state=0).fit_predict(plane))))
