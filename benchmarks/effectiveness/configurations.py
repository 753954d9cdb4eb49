"""What is compared: over-samplers, each with the classifier that learns from its rows."""

from functools import partial

from imblearn.over_sampling import SMOTE
from sklearn.base import clone

from skgan_aug import CycleGANOverSampler
from skgan_aug.comparison import SAMPLERS, make_samplers

from .again import AgainClassifier
from .classifiers import balance_classes, make_classifier
from .cmo import CMOOverSampler
from .feature_discriminator import FeatureDiscriminatorOverSampler
from .judged import ConfidentlyJudgedOverSampler, JudgedOverSampler
from .lecam import LeCamOverSampler
from .logit_adjustment import LogitAdjustedClassifier
from .m2m import PUBLISHED, M2mOverSampler
from .moved_additions import MovedAdditionsOverSampler, MovedSMOTEOverSampler
from .moved_sources import MovedSourcesOverSampler
from .multi_domain import MultiDomainOverSampler
from .networks import (
    narrow_discriminator,
    narrow_resnet,
    near_discriminator,
    spectral_discriminator,
    warping_generator,
    wide_generator,
)
from .pasted_copies import PastedCopiesOverSampler
from .real_images import RealImagesOverSampler
from .real_last import MaskRecordingSampler, RealLastClassifier
from .taught_by_all import TaughtByAllOverSampler
from .towards_source import TowardsSourceOverSampler
from .two_cyclegans import TwoSourcesOverSampler, TwoTrainingsOverSampler
from .untranslated import UntranslatedOverSampler

# Seconds of training and scores are the same for all: one classifier, one number of steps.
CLASSIFIER_STEPS = 1000

# Default first; every other one changes what its name says, and nothing else.
LEVERS = {
    "cyclegan": {},
    "fraction_0.2": {"synthetic_fraction": 0.2},
    "fraction_0.5": {"synthetic_fraction": 0.5},
    "fraction_0.5_strength_0.3": {"synthetic_fraction": 0.5, "min_strength": 0.3},
    "fraction_0.8": {"synthetic_fraction": 0.8},
    "fraction_0.2_whole_way": {"synthetic_fraction": 0.2, "min_strength": 1.0},
    "fraction_0.8_whole_way": {"synthetic_fraction": 0.8, "min_strength": 1.0},
    "moved_copies": {"synthetic_fraction": 0.0, "copy_augmentation": "flips_shifts"},
    "moved_beside_translations": {"copy_augmentation": "flips_shifts"},
    "fraction_0.8_moved_beside": {
        "synthetic_fraction": 0.8,
        "copy_augmentation": "flips_shifts",
    },
    "shifted_copies": {"synthetic_fraction": 0.0, "copy_augmentation": "shifts"},
    "shifted_beside_translations": {"copy_augmentation": "shifts"},
    "narrow_resnet": {"generator": narrow_resnet},
    "source_majority": {"source": "majority"},
    "source_rest": {"source": "rest"},
    "no_augment": {"augment": None},
    "no_snapshots_no_ema": {"n_snapshots": 0, "ema_decay": 0.0},
    "cycle_10": {"cycle_weight": 10.0},
    "no_classifier_loss": {"classifier_weight": 0.0},
    "classifier_weight_0.3": {"classifier_weight": 0.3},
    "strength_0": {"min_strength": 0.0},
    "strength_0.3": {"min_strength": 0.3},
    "whole_way": {"min_strength": 1.0},
    "whole_way_no_classifier_loss": {"min_strength": 1.0, "classifier_weight": 0.0},
    "whole_way_no_classifier_loss_cycle_10_identity_2": {
        "min_strength": 1.0,
        "classifier_weight": 0.0,
        "cycle_weight": 10.0,
        "identity_weight": 2.0,
    },
    "max_size_24": {"max_size": 24},
    "half_the_steps": {"max_iter": 650},
    "half_the_steps_selection_classifier": {"max_iter": 650, "selection": "classifier"},
    "half_the_steps_selection_discriminator": {"max_iter": 650, "selection": "discriminator"},
    "twice_the_steps_half_the_rate": {"max_iter": 2600, "learning_rate": 2.5e-4},
    "batch_32": {"batch_size": 32},
    "narrow_discriminator": {"discriminator": narrow_discriminator},
    "near_discriminator": {"discriminator": near_discriminator},
    "spectral_discriminator": {"discriminator": spectral_discriminator},
    "warped": {"generator": warping_generator},
    "half_the_steps_wide": {"max_iter": 650, "generator": wide_generator},
}

# Over-samplers of other classes, that train in their own ways.
VARIANTS = {
    "two_sources": partial(TwoSourcesOverSampler, max_iter=650),
    "two_trainings": partial(TwoTrainingsOverSampler, max_iter=650),
    "moved_sources": MovedSourcesOverSampler,
    "moved_additions": partial(MovedAdditionsOverSampler, copy_augmentation="flips_shifts"),
    "towards_source": TowardsSourceOverSampler,
    "multi_domain": MultiDomainOverSampler,
    "feature_discriminator": FeatureDiscriminatorOverSampler,
    "lecam": LeCamOverSampler,
    "half_the_steps_pasted_copies": partial(PastedCopiesOverSampler, max_iter=650),
    "half_the_steps_selection_features": partial(JudgedOverSampler, max_iter=650),
    "half_the_steps_selection_features_and_confidence": partial(
        ConfidentlyJudgedOverSampler, max_iter=650
    ),
}

# Rare classes raised to a part of the largest; the classifier's loss adjusts for the rest.
LOGIT_ADJUSTED_RATIO = 0.25
LOGIT_ADJUSTED = {
    f"{name}_{LOGIT_ADJUSTED_RATIO}_logit_adjusted": name for name in ("random", "cyclegan")
}

CONFIGURATIONS = (
    *[name for name in SAMPLERS if name not in ("cyclegan", "logit_adjustment")],
    "random_again",
    "smote_4_neighbors",
    "moved_smote",
    "class_weights",
    "logit_adjusted",
    "logit_adjusted_loss",
    *LOGIT_ADJUSTED,
    "cmo",
    "m2m",
    "m2m_published",
    "real_images",
    "real_images_half",
    "taught_by_all",
    "untranslated",
    "untranslated_fraction_0.5",
    "real_last",
    *VARIANTS,
    *LEVERS,
)


def make_configuration(name, augmentation, memory, *, whole, learner):
    """The over-sampler (None: no resampling) and the classifier behind a name.

    ``memory`` is a folder for trained CycleGANs: what a configuration does not train
    differently, it shares. ``whole`` is the (X, y) that the rare classes are cut from,
    ``learner`` one of CLASSIFIERS.
    """
    if name == "random_again":
        again = make_classifier(learner, augmentation, AgainClassifier)
        return make_samplers(["random"])["random"], again
    if name == "real_last":
        classifier = make_classifier(learner, augmentation, RealLastClassifier)
        return MaskRecordingSampler(memory=memory), classifier.set_params(real_last=0.2)
    if name == "logit_adjusted":
        return None, make_classifier(learner, augmentation, LogitAdjustedClassifier)
    classifier = make_classifier(learner, augmentation)
    if name == "class_weights":
        return None, balance_classes(classifier)
    if name == "logit_adjusted_loss":
        return None, classifier.set_params(logit_adjustment=1.0)
    if name in LOGIT_ADJUSTED:
        name = LOGIT_ADJUSTED[name]
        classifier.set_params(logit_adjustment=1.0)
    return _make_sampler(name, classifier, memory, *whole), classifier


def _make_sampler(name, classifier, memory, X_whole, y_whole):
    if name in LEVERS:
        return CycleGANOverSampler(memory=memory, **LEVERS[name])
    if name in VARIANTS:
        return VARIANTS[name](memory=memory)
    if name in ("m2m", "m2m_published"):
        values = {} if name == "m2m" else PUBLISHED
        return M2mOverSampler(classifier=clone(classifier), steps=CLASSIFIER_STEPS, **values)
    if name == "cmo":
        return CMOOverSampler()
    if name == "smote_4_neighbors":  # all that there are where a class has 5 images
        return SMOTE(k_neighbors=4)
    if name == "moved_smote":
        return MovedSMOTEOverSampler()
    if name == "taught_by_all":
        return TaughtByAllOverSampler.of_whole(X_whole, y_whole, memory=memory)
    if name == "real_images":
        return RealImagesOverSampler(X_whole=X_whole, y_whole=y_whole)
    if name == "real_images_half":
        return RealImagesOverSampler(X_whole=X_whole, y_whole=y_whole, share=0.5)
    if name == "untranslated":
        return UntranslatedOverSampler()
    if name == "untranslated_fraction_0.5":
        return UntranslatedOverSampler(synthetic_fraction=0.5)
    return make_samplers([name])[name]
