"""How a program with types uses the package: for mypy alone, nothing here is run."""
# mypy: disallow-untyped-calls

from pathlib import Path

import numpy as np
from torch import nn

from skgan_aug import CycleGANOverSampler, TorchCNNClassifier
from skgan_aug.comparison import LogitAdjustment, compare_samplers, summarize_comparison
from skgan_aug.datasets import load_image_folder, make_imbalanced_images
from skgan_aug.images import ImageSpec
from skgan_aug.inspection import SamplerComparisonDisplay, TranslationsDisplay
from skgan_aug.metrics import extract_features, frechet_distance
from skgan_aug.persistence import load, save
from skgan_aug.reporting import augmentation_report, write_report


def make_generator(spec: ImageSpec) -> nn.Module:
    return nn.Conv2d(spec.n_channels, spec.n_channels, 1)


def use(folder: Path) -> None:
    data = load_image_folder(folder, size=32, unreadable="list")
    X, y = make_imbalanced_images(
        data.images, data.target, rare=np.array([0, 1]), rare_count=15
    )
    sampler = CycleGANOverSampler(
        sampling_strategy={0: 100},
        source={0: 2},
        selection=lambda rows: rows.mean(axis=(1, 2)),
        generator=make_generator,
        memory=folder / "cache",
        random_state=np.random.RandomState(0),
    )
    X_resampled, y_resampled = sampler.fit_resample(X.tolist(), y)
    classifier = TorchCNNClassifier(class_weight={0: 2.0}, max_epochs=1.5)
    predicted: np.ndarray = classifier.fit(X_resampled, y_resampled).predict(X)
    score: float = classifier.score(X, predicted)

    samplers = {"none": None, "cyclegan": sampler, "adjusted": LogitAdjustment(score)}
    result = compare_samplers(
        X, y, samplers=samplers, classifier=classifier, ratios=0.5, test=(X, y)
    )
    print(summarize_comparison(result)[0]["sampler"])
    SamplerComparisonDisplay.from_comparison(result).figure_.savefig(folder / "scores.png")
    TranslationsDisplay.from_estimator(sampler, X, y, pairs=[(2, 0)])
    page: Path = write_report(
        result, folder / "report.html", class_names=np.array(["a", "b", "c"])
    )
    augmentation_report(sampler, X, y).to_frame().to_csv(page.with_suffix(".csv"))
    features = extract_features(classifier, X)
    distance: float = frechet_distance(features, features.tolist())
    save(classifier, folder / f"{distance}.skgan")
    again: TorchCNNClassifier = load(folder / f"{distance}.skgan", device=None)
    again.partial_fit(X, y)


def misuse() -> None:
    CycleGANOverSampler(precision="float16")  # type: ignore[arg-type]
    CycleGANOverSampler(max_steps=100)  # type: ignore[call-arg]
    TorchCNNClassifier(max_epochs=None)  # type: ignore[arg-type]
