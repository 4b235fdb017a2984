"""Distances to 50 clusters as features for a classifier. ``--full`` searches all of 2..99 clusters."""

import sys

from covey import KMeans
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import Pipeline


def classifier():
    """One border for each digit against all others."""
    return OneVsRestClassifier(LogisticRegression(solver="liblinear", random_state=42))


if __name__ == "__main__":
    X, y = load_digits(return_X_y=True)
    X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=42)

    plain = classifier().fit(X_train, y_train)
    print("plain:", plain.score(X_test, y_test))

    pipeline = Pipeline([
        ("kmeans", KMeans(50, random_state=42)),
        ("classify", classifier()),
    ]).fit(X_train, y_train)
    print("clusters:", pipeline.score(X_test, y_test))

    counts = range(2, 100) if "--full" in sys.argv else (10, 50, 90)
    search = GridSearchCV(pipeline, {"kmeans__n_clusters": counts}, cv=3, n_jobs=2).fit(X_train, y_train)
    print("best:", search.best_params_["kmeans__n_clusters"], search.score(X_test, y_test))
