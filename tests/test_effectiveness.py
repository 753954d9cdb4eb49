"""The effectiveness benchmark: what its own measures say of known answers."""

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))
pytest.importorskip("benchmarks", reason="benchmarks are not part of the source distribution")
from benchmarks.effectiveness.again import AgainClassifier
from benchmarks.effectiveness.boundaries import score_with_best_boundaries
from benchmarks.effectiveness.classifiers import (
    CLASSIFIERS,
    PIXEL_CLASSIFIERS,
    balance_classes,
    make_classifier,
)
from benchmarks.effectiveness.cmo import CMOOverSampler
from benchmarks.effectiveness.judged import ConfidentlyJudgedOverSampler, JudgedOverSampler
from benchmarks.effectiveness.moved_additions import (
    MovedAdditionsOverSampler,
    MovedSMOTEOverSampler,
)
from benchmarks.effectiveness.multi_domain import MultiDomainOverSampler
from benchmarks.effectiveness.real_images import RealImagesOverSampler
from benchmarks.effectiveness.render import (
    difference_text,
    mean_and_intervals,
    paired_gains,
    shared_draws,
    table,
)
from benchmarks.effectiveness.untranslated import UntranslatedOverSampler
from skgan_aug import CycleGANOverSampler


def noisy_logits(n=3000, n_classes=3, seed=0):
    rng = np.random.default_rng(seed)
    labels = rng.integers(n_classes, size=n)
    return 2.0 * np.eye(n_classes)[labels] + rng.standard_normal((n, n_classes)), labels


def softmax(logits):
    exponentials = np.exp(logits)
    return exponentials / exponentials.sum(axis=1, keepdims=True)


def balanced_accuracy(logits, labels):
    right = logits.argmax(axis=1) == labels
    return np.mean([right[labels == label].mean() for label in np.unique(labels)])


def test_a_boundary_that_was_moved_is_moved_back():
    logits, labels = noisy_logits()
    moved = logits + np.array([0.0, 2.5, 0.0])
    assert balanced_accuracy(moved, labels) < balanced_accuracy(logits, labels) - 0.1
    score = score_with_best_boundaries(softmax(moved), labels)
    assert score == pytest.approx(balanced_accuracy(logits, labels), abs=0.02)


def test_boundaries_do_not_make_up_for_knowledge():
    _, labels = noisy_logits()
    uninformed = np.random.default_rng(1).standard_normal((len(labels), 3))
    assert score_with_best_boundaries(softmax(uninformed), labels) < 0.4


def test_a_class_without_test_images_is_left_out():
    logits, labels = noisy_logits()
    probabilities = softmax(np.column_stack([logits, np.full(len(logits), -9.0)]))
    with np.errstate(all="raise"):
        assert score_with_best_boundaries(probabilities, labels) > 0.7


def test_the_control_mislabels_half_of_what_it_adds():
    rng = np.random.default_rng(0)
    X = rng.integers(0, 256, size=(40, 8, 8), dtype=np.uint8)
    y = np.repeat([0, 1], [30, 10])
    X_resampled, y_resampled = UntranslatedOverSampler(random_state=0).fit_resample(X, y)
    assert np.array_equal(X_resampled[:40], X)
    added = {row.tobytes() for row in X_resampled[40:50]}
    assert added <= {row.tobytes() for row in X[y == 0]}
    assert {row.tobytes() for row in X_resampled[50:]} <= {row.tobytes() for row in X[y == 1]}
    assert (y_resampled[40:] == 1).all()
    assert len(y_resampled) == 60


def test_cmo_pastes_half_a_rare_image_or_more_on_any_other():
    X = np.zeros((60, 9, 7, 3), dtype=np.uint8)
    X[50:] = np.arange(101, 111).reshape(10, 1, 1, 1)
    y = np.repeat([0, 1], [50, 10])
    X_resampled, y_resampled = CMOOverSampler(random_state=0).fit_resample(X, y)
    assert np.array_equal(X_resampled[:60], X)
    assert (y_resampled[60:] == 1).all()
    pasted, copies = np.split(X_resampled[60:], 2)
    assert {row.tobytes() for row in copies} <= {row.tobytes() for row in X[y == 1]}
    is_rare = (pasted > 0).all(axis=-1)
    assert (is_rare.mean(axis=(1, 2)) >= 0.5).all()
    assert 0.6 < is_rare.mean() < 0.9
    for mask in is_rare[~is_rare.all(axis=(1, 2))]:
        assert np.array_equal(mask, np.outer(mask.any(axis=1), mask.any(axis=0)))


def test_one_generator_translates_into_each_rare_class():
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1, 2], [30, 6, 6])
    X = rng.integers(0, 60, size=(42, 8, 8)).astype(np.uint8)
    X[y == 1, :, :4] += 190
    X[y == 2, :4] += 190
    sampler = MultiDomainOverSampler(
        max_iter=60, source={1: 0, 2: 0}, min_strength=1.0, random_state=0
    )
    X_resampled, y_resampled = sampler.fit_resample(X, y)
    assert np.array_equal(X_resampled[:42], X)
    assert np.bincount(y_resampled).tolist() == [30, 30, 30]
    left, above = (
        X_resampled[sampler.synthetic_mask_ & (y_resampled == label)].mean(axis=0)
        for label in (1, 2)
    )
    assert left[:, :4].mean() > left[:, 4:].mean() + 60
    assert above[:4].mean() > above[4:].mean() + 60


@pytest.mark.parametrize("kind", [JudgedOverSampler, ConfidentlyJudgedOverSampler])
def test_a_judge_keeps_translations_that_look_like_the_class(kind):
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], [40, 20])
    X = rng.integers(0, 60, size=(60, 8, 8)).astype(np.uint8)
    X[20:, :, :4] += 190  # the second half of the source class, and the whole other one
    sampler = kind(max_iter=1, n_snapshots=0, random_state=0)
    sampler.fit_resample(X, y)
    origins = sampler.source_indices_[sampler.synthetic_mask_]
    assert len(origins) == 9  # of 20 that are added to 20
    assert ((origins >= 20) & (origins < 40)).all()


def test_only_pairs_that_both_have_are_compared():
    scores = {
        "random": {("a", 0): 80.0, ("a", 1): 82.0, ("b", 0): 50.0},
        "cyclegan": {("a", 0): 84.0, ("a", 1): 84.0, ("c", 0): 1.0},
        "none": {("c", 0): 2.0},
    }
    gains = paired_gains(scores, "random")
    assert gains == {"cyclegan": {("a", 0): 4.0, ("a", 1): 2.0}, "none": {}}


def test_draws_that_one_has_not_run_are_left_out_of_all():
    scores = {"random": {("a", 0): 80.0, ("a", 1): 90.0}, "cyclegan": {("a", 0): 84.0}}
    assert shared_draws(scores, "cyclegan") == {
        "random": {("a", 0): 80.0},
        "cyclegan": {("a", 0): 84.0},
    }


def test_intervals_are_students_over_draws_and_over_problems():
    gains = {("a", 0): 0.0, ("a", 1): 2.0, ("b", 0): 3.0, ("b", 1): 3.0, ("c", 0): 4.0}
    mean, over_draws, over_problems = mean_and_intervals(gains)
    assert mean == pytest.approx(2.4)
    # Around their problems' means -1, 1, 0, 0 and 0: variance 2 / 2, t of 2 degrees.
    assert over_draws == pytest.approx(4.3027 / np.sqrt(5), abs=1e-4)
    # Means 1, 3 and 4: variance 7 / 3.
    assert over_problems == pytest.approx(4.3027 * np.sqrt(7 / 3 / 3), abs=1e-4)


def test_problems_that_differ_widen_the_interval_over_problems_alone():
    alike = {(problem, seed): seed for problem in "abc" for seed in range(5)}
    unlike = {pair: gain + 10 * "abc".index(pair[0]) for pair, gain in alike.items()}
    assert mean_and_intervals(unlike)[1] == pytest.approx(mean_and_intervals(alike)[1])
    assert mean_and_intervals(alike)[2] == 0
    assert mean_and_intervals(unlike)[2] > 20


def test_too_few_have_no_interval():
    gains = {("a", 0): 1.0, ("b", 0): 2.0, ("b", 1): 4.0}
    mean, *half_widths = mean_and_intervals(gains)
    assert np.isnan(half_widths).all()
    assert difference_text(mean, *half_widths) == "+2.3"
    assert difference_text(0.04, 0.5, np.nan) == "0.0 ± 0.5"
    assert difference_text(-1.26, 0.5, 1.6) == "-1.3 ± 0.5 (1.6)"


def test_the_table_leaves_out_what_there_is_not():
    scores = {"random": {("blood_cells_15", 0): 80.0}, "none": {("fashion_mnist_15", 0): 70.0}}
    pairs = paired_gains(scores, "random")
    differences = {name: mean_and_intervals(own) for name, own in pairs.items() if own}
    lines = table(scores, "random", pairs, differences).splitlines()
    assert lines[2:] == ["| random | 80.0 |  |  |  |", "| none |  | 70.0 |  |  |"]


def test_the_ceiling_adds_images_that_were_cut_and_no_copies():
    rng = np.random.default_rng(0)
    whole = rng.integers(0, 256, size=(40, 8, 8), dtype=np.uint8)
    labels = np.repeat([0, 1], 20)
    kept = np.r_[:20, 30:33]
    sampler = RealImagesOverSampler(X_whole=whole, y_whole=labels, random_state=0)
    X, y = sampler.fit_resample(whole[kept], labels[kept])
    np.testing.assert_array_equal(X[:23], whole[kept])
    np.testing.assert_array_equal(np.bincount(y), [20, 20])
    added = [row.tobytes() for row in X[23:]]
    cut = {row.tobytes() for row in np.delete(whole, kept, axis=0)}
    assert len(set(added)) == 17
    assert set(added) == cut


@pytest.mark.parametrize("learner", CLASSIFIERS)
def test_every_classifier_learns_from_images(learner):
    rng = np.random.default_rng(0)
    y = np.repeat(["dark", "light"], 40)
    X = rng.integers(0, 128, size=(80, 8, 8, 3), dtype=np.uint8)
    X[y == "light"] += 128
    classifier = make_classifier(learner, "plain").fit(X[::2], y[::2])
    np.testing.assert_array_equal(classifier.predict(X[1::2]), y[1::2])


@pytest.mark.parametrize("learner", CLASSIFIERS)
def test_balanced_classes_reach_what_a_classifier_is_made_of(learner):
    parameters = balance_classes(make_classifier(learner, "plain")).get_params()
    weights = [value for key, value in parameters.items() if key.endswith("class_weight")]
    assert weights == ["balanced"]


@pytest.mark.parametrize("learner", PIXEL_CLASSIFIERS)
def test_what_only_networks_can_do_is_refused(learner):
    with pytest.raises(ValueError, match="no batches"):
        make_classifier(learner, "flips_shifts")
    with pytest.raises(ValueError, match="no batches"):
        make_classifier(learner, "plain", AgainClassifier)


def test_smote_moved_is_what_smote_makes_in_other_places():
    X = np.zeros((30, 12, 12), dtype=np.uint8)
    y = np.repeat([0, 1], [22, 8])
    X[22:, 5:7, 5:7] = np.arange(100, 132).reshape(8, 2, 2)
    X_resampled, y_resampled = MovedSMOTEOverSampler(random_state=0).fit_resample(X, y)
    np.testing.assert_array_equal(X_resampled[:30], X)
    assert (y_resampled[30:] == 1).all()
    added = X_resampled[30:]
    assert X_resampled.shape == (44, 12, 12)
    np.testing.assert_array_equal((added > 0).sum(axis=(1, 2)), 4)
    places = {tuple(np.argwhere(image).min(axis=0)) for image in added}
    assert len(places) > 5
    assert all(abs(row - 5) <= 1 and abs(column - 5) <= 1 for row, column in places)


def test_all_additions_move():
    options = {"max_iter": 2, "synthetic_fraction": 0.5, "random_state": 0}
    X = np.random.default_rng(0).integers(256, size=(30, 8, 8), dtype=np.uint8)
    y = np.repeat([0, 1], [20, 10])
    plain = CycleGANOverSampler(**options)
    X_plain, _ = plain.fit_resample(X, y)
    X_moved, _ = MovedAdditionsOverSampler(
        **options, copy_augmentation="flips_shifts"
    ).fit_resample(X, y)
    is_moved = (X_moved != X_plain).any(axis=(1, 2))
    is_synthetic = plain.synthetic_mask_
    assert is_moved[30:][~is_synthetic[30:]].any()
    assert is_moved[is_synthetic].any()
    assert not is_moved[:30].any()
