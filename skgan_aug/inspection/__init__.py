"""Displays: what a comparison or a trained over-sampler shows, drawn with matplotlib."""

from ._class_recall import ClassRecallDisplay
from ._feature_map import FeatureMapDisplay
from ._ratio_curve import RatioCurveDisplay
from ._sampler_comparison import SamplerComparisonDisplay
from ._training_curves import TrainingCurvesDisplay
from ._translations import TranslationsDisplay

__all__ = [
    "ClassRecallDisplay",
    "FeatureMapDisplay",
    "RatioCurveDisplay",
    "SamplerComparisonDisplay",
    "TrainingCurvesDisplay",
    "TranslationsDisplay",
]
