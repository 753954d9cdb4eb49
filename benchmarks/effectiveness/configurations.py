"""What is compared: over-samplers, and what the classifier does to its batches."""

from sklearn.base import clone

from skgan_aug import CycleGANOverSampler
from skgan_aug.comparison import SAMPLERS, make_samplers
from skgan_aug.networks import MaskedGenerator, ResnetGenerator

from .boundaries import RecordingClassifier
from .judged import ConfidentlyJudgedOverSampler, JudgedOverSampler
from .m2m import M2mOverSampler
from .moved_sources import MovedSourcesOverSampler
from .multi_domain import MultiDomainOverSampler
from .real_images import RealImagesOverSampler
from .real_last import MaskRecordingSampler, RealLastClassifier
from .two_sources import TwoSourcesOverSampler
from .untranslated import UntranslatedOverSampler

# Seconds of training and scores are the same for all: one classifier, one number of steps.
CLASSIFIER_STEPS = 1000

CLASSIFIERS = {
    "plain": {},
    "flips_shifts": {"augmentation": "flips_shifts"},
    "mixup": {"mixup": 0.2},
}


def wide_generator(spec):
    """The default generator with half as many filters again, so over twice the operations."""
    return MaskedGenerator(spec.n_channels, n_filters=48)


def narrow_resnet(spec):
    """The paper's generator with a quarter of its filters: a third slower than the default."""
    return ResnetGenerator(spec.n_channels, n_filters=16)


# Default first; every other one changes what its name says, and nothing else.
LEVERS = {
    "cyclegan": {},
    "fraction_0.2": {"synthetic_fraction": 0.2},
    "fraction_0.5": {"synthetic_fraction": 0.5},
    "fraction_0.5_strength_0.3": {"synthetic_fraction": 0.5, "min_strength": 0.3},
    "fraction_0.8": {"synthetic_fraction": 0.8},
    "fraction_1": {"synthetic_fraction": 1.0},
    "fraction_0.2_whole_way": {"synthetic_fraction": 0.2, "min_strength": 1.0},
    "fraction_0.8_whole_way": {"synthetic_fraction": 0.8, "min_strength": 1.0},
    "narrow_resnet": {"generator": narrow_resnet},
    "source_majority": {"source": "majority"},
    "source_rest": {"source": "rest"},
    "no_augment": {"augment": None},
    "no_snapshots": {"n_snapshots": 0},
    "no_snapshots_no_ema": {"n_snapshots": 0, "ema_decay": 0.0},
    "identity_2": {"identity_weight": 2.0},
    "cycle_10": {"cycle_weight": 10.0},
    "no_classifier_loss": {"classifier_weight": 0.0},
    "strength_0.3": {"min_strength": 0.3},
    "whole_way": {"min_strength": 1.0},
    "whole_way_no_classifier_loss": {"min_strength": 1.0, "classifier_weight": 0.0},
    "whole_way_no_classifier_loss_cycle_10_identity_2": {
        "min_strength": 1.0,
        "classifier_weight": 0.0,
        "cycle_weight": 10.0,
        "identity_weight": 2.0,
    },
    "selection_classifier": {"selection": "classifier"},
    "selection_discriminator": {"selection": "discriminator"},
    "half_the_steps": {"max_iter": 650},
    "twice_the_steps": {"max_iter": 2600},
    "half_the_steps_wide": {"max_iter": 650, "generator": wide_generator},
}

CONFIGURATIONS = (
    *[name for name in SAMPLERS if name != "cyclegan"],
    "class_weights",
    "m2m",
    "real_images",
    "untranslated",
    "untranslated_fraction_0.5",
    "real_last",
    "two_sources",
    "moved_sources",
    "multi_domain",
    "selection_features",
    "selection_features_and_confidence",
)
CONFIGURATIONS += tuple(LEVERS)


def make_configuration(name, augmentation, memory, *, whole):
    """The over-sampler (None: no resampling) and the classifier behind a name.

    ``memory`` is a folder for trained CycleGANs: what a configuration does not train
    differently, it shares. ``whole`` is the (X, y) that the rare classes are cut from.
    """
    classifier = RecordingClassifier(**CLASSIFIERS[augmentation])
    if name in LEVERS:
        return CycleGANOverSampler(memory=memory, **LEVERS[name]), classifier
    if name == "class_weights":
        return None, classifier.set_params(class_weight="balanced")
    if name == "m2m":
        return M2mOverSampler(classifier=clone(classifier), steps=CLASSIFIER_STEPS), classifier
    if name == "real_images":
        X, y = whole
        return RealImagesOverSampler(X_whole=X, y_whole=y), classifier
    if name == "real_last":
        classifier = RealLastClassifier(**CLASSIFIERS[augmentation], real_last=0.2)
        return MaskRecordingSampler(memory=memory), classifier
    if name == "moved_sources":
        return MovedSourcesOverSampler(memory=memory), classifier
    if name == "multi_domain":
        return MultiDomainOverSampler(), classifier
    if name == "selection_features":
        return JudgedOverSampler(memory=memory), classifier
    if name == "selection_features_and_confidence":
        return ConfidentlyJudgedOverSampler(memory=memory), classifier
    if name == "two_sources":
        return TwoSourcesOverSampler(memory=memory, max_iter=650), classifier
    if name == "untranslated":
        return UntranslatedOverSampler(), classifier
    if name == "untranslated_fraction_0.5":
        return UntranslatedOverSampler(synthetic_fraction=0.5), classifier
    return make_samplers([name])[name], classifier
