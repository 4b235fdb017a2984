"""Few labels: label 50 representatives by hand, then let their clusters follow."""

import numpy as np
from covey import KMeans
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.multiclass import OneVsRestClassifier

X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=42)


def accuracy(rows, labels):
    classifier = OneVsRestClassifier(LogisticRegression(solver="liblinear", random_state=42))
    return classifier.fit(rows, labels).score(X_test, y_test)


print("first 50:", accuracy(X_train[:50], y_train[:50]))

k = 50
km = KMeans(k, random_state=42)
dist = km.fit_transform(X_train)
nearest = np.argmin(dist, axis=0)
by_hand = y_train[nearest]
print("representatives:", accuracy(X_train[nearest], by_hand))

spread = by_hand[km.labels_]
print("spread:", accuracy(X_train, spread))

own = dist[np.arange(len(X_train)), km.labels_]
close = np.zeros(len(X_train), dtype=bool)
for j in range(k):
    inside = km.labels_ == j
    close |= inside & (own <= np.percentile(own[inside], 20))
print("close:", accuracy(X_train[close], spread[close]))
print("right:", np.mean(spread[close] == y_train[close]))
