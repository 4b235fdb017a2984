"""Two moons: straight borders cut both."""

import numpy as np
from covey import KMeans
from sklearn.datasets import make_moons

X, y = make_moons(200, noise=0.05, random_state=0)
km = KMeans(2, random_state=0).fit(X)
labels = km.predict(X)
wrong = min(np.sum(labels != y), np.sum(labels == y))
print("inertia:", km.inertia_)
print("wrong:", wrong)
