"""pytest plugin: scikit-learn's own test files with its clusterers replaced by covey's, before the files are imported.

COVEY_SUITE_REPORT names the file that gets the outcome. COVEY_SUITE_WRONG=1 puts a wrong KMeans in the place of ours, to
show that these tests see it. Which items call private functions of scikit-learn is listed here, and nothing else is left out.
"""

import json
import os

import pytest
import sklearn.cluster

import covey

NAMES = ("KMeans", "MiniBatchKMeans", "BisectingKMeans", "k_means", "kmeans_plusplus")

# Tests of private functions of scikit-learn: they do not touch the package under test.
PRIVATE = (
    "test_relocate_empty_clusters",
    "test_minibatch_update_consistency",
    "test_minibatch_reassign",
    "test_euclidean_distance",
    "test_inertia",
    "test_is_same_clustering",
)
KEY = pytest.StashKey()


class KMeans(covey.KMeans):
    """Deliberately wrong: the last row goes to another cluster and the centers are a little off."""

    def fit(self, X, y=None, sample_weight=None):
        super().fit(X, sample_weight=sample_weight)
        self.labels_[-1] = (self.labels_[-1] + 1) % self.n_clusters
        self.cluster_centers_ = self.cluster_centers_ * 1.001
        self.inertia_ *= 1.001
        return self


for _name in NAMES:
    setattr(sklearn.cluster, _name, getattr(covey, _name))
if os.environ.get("COVEY_SUITE_WRONG"):
    sklearn.cluster.KMeans = KMeans


def pytest_collection_modifyitems(config, items):
    outcome = config.stash[KEY]
    kept, left_out = [], []
    for item in items:
        (left_out if item.originalname in PRIVATE else kept).append(item)
        for value in getattr(getattr(item, "callspec", None), "params", {}).values():
            if isinstance(value, type) and value.__name__ in NAMES:
                outcome["classes"].add(value.__module__.split(".")[0])
        for name in NAMES:
            thing = getattr(item.module, name, None)
            if thing is not None:
                outcome["classes"].add(thing.__module__.split(".")[0])
    for item in left_out:
        outcome["private"][item.originalname] = outcome["private"].get(item.originalname, 0) + 1
    items[:] = kept


def pytest_configure(config):
    config.stash[KEY] = {"classes": set(), "private": {}, "passed": 0, "skipped": 0, "failed": []}
    config.pluginmanager.register(Recorder(config.stash[KEY]))


class Recorder:
    def __init__(self, outcome):
        self.outcome = outcome

    def pytest_runtest_logreport(self, report):
        if report.failed:
            self.outcome["failed"].append(report.nodeid)
        elif report.skipped:
            self.outcome["skipped"] += 1
        elif report.when == "call":
            self.outcome["passed"] += 1

    def pytest_sessionfinish(self):
        with open(os.environ["COVEY_SUITE_REPORT"], "w", encoding="utf-8") as file:
            json.dump({**self.outcome, "classes": sorted(self.outcome["classes"])}, file)
