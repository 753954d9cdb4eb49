"""How good synthetic images are: functions of features, real and synthetic."""

from ._class_space import class_margins, tsne_map
from ._diversity import diversity
from ._features import extract_features
from ._gan_scores import gan_test_score, gan_train_score
from ._manifolds import density_coverage, precision_recall
from ._moments import frechet_distance, kernel_distance
from ._neighbors import memorization, two_sample_test

__all__ = [
    "class_margins",
    "density_coverage",
    "diversity",
    "extract_features",
    "frechet_distance",
    "gan_test_score",
    "gan_train_score",
    "kernel_distance",
    "memorization",
    "precision_recall",
    "tsne_map",
    "two_sample_test",
]
