"""What learns from the training sets: the default network, a deeper one, and two of pixels."""

from functools import partial

import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.svm import SVC

from .boundaries import RecordingClassifier

# What a network does to its batches.
AUGMENTATIONS = {
    "plain": {},
    "flips_shifts": {"augmentation": "flips_shifts"},
    "mixup": {"mixup": 0.2},
}
NETWORKS = {"compact": {}, "resnet": {"module": "resnet"}}
# Of rows of pixels from 0 to 1, with the parameters that scikit-learn gives them.
PIXEL_CLASSIFIERS = {
    "forest": RandomForestClassifier,
    "svc": partial(SVC, cache_size=1000),  # MB: the same machine, sooner
}
CLASSIFIERS = (*NETWORKS, *PIXEL_CLASSIFIERS)


def make_classifier(learner, augmentation, network=RecordingClassifier):
    """One of CLASSIFIERS; ``network`` is the class of those that are networks."""
    if learner in NETWORKS:
        return network(**NETWORKS[learner], **AUGMENTATIONS[augmentation])
    if AUGMENTATIONS[augmentation] or network is not RecordingClassifier:
        raise ValueError(
            f"The classifier {learner!r} makes no batches and no epochs: 'plain' is the "
            "augmentation it has, and what trains a network in another way is not for it."
        )
    return make_pipeline(FunctionTransformer(_as_rows), PIXEL_CLASSIFIERS[learner]())


def balance_classes(classifier):
    """Set its class weights, or those of what it is made of."""
    weights = [key for key in classifier.get_params() if key.endswith("class_weight")]
    return classifier.set_params(**dict.fromkeys(weights, "balanced"))


def _as_rows(X):
    return X.reshape(len(X), -1) / np.float32(255)
