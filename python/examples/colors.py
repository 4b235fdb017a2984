"""Colour compression: a photo in 16 colours."""

import sys

import matplotlib
import numpy as np
from covey import MiniBatchKMeans
from sklearn.datasets import load_sample_image

matplotlib.use("Agg")
import matplotlib.pyplot as plt

china = load_sample_image("china.jpg")
data = (china / 255.0).reshape(-1, 3)
km = MiniBatchKMeans(16, random_state=0).fit(data)
recolored = km.cluster_centers_[km.predict(data)].reshape(china.shape)
print("shape:", *data.shape)
print("colors:", len(np.unique(china.reshape(-1, 3), axis=0)), len(np.unique(recolored.reshape(-1, 3), axis=0)))
print("inertia:", km.inertia_)

figure, axes = plt.subplots(1, 2, figsize=(16, 6), subplot_kw=dict(xticks=[], yticks=[]))
axes[0].imshow(china)
axes[0].set_title("Original image", size=16)
axes[1].imshow(recolored)
axes[1].set_title("16-color image", size=16)
if len(sys.argv) > 1:
    plt.savefig(f"{sys.argv[1]}/colors.png")
