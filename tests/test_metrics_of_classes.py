"""GAN-train and GAN-test, margins between classes and the map of them."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from pandas import DataFrame
from sklearn.compose import make_column_transformer
from sklearn.dummy import DummyClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVC

from skgan_aug import TorchCNNClassifier
from skgan_aug.metrics import (
    _class_space,
    class_margins,
    gan_test_score,
    gan_train_score,
    tsne_map,
)
from skgan_aug.metrics._class_space import lay_out, margins_of_parts


def draw(n, d=4, *, seed=0, mean=0.0, scale=1.0):
    return np.random.RandomState(seed).normal(mean, scale, size=(n, d))


class TestGanScores:
    @pytest.fixture
    def two_classes(self):
        y = np.repeat(["a", "b"], 50)
        return draw(100) + 8 * (y == "b")[:, None], y

    def test_are_those_of_the_classifier(self, two_classes):
        X, y = two_classes
        # The synthetic "b" are twice "a": what is trained on them recognises no real "b".
        synthetic = np.concatenate([X[:50], X[:25], X[50:75]])
        classifier = KNeighborsClassifier(1)
        train = gan_train_score(classifier, X, y, synthetic, y)
        test = gan_test_score(classifier, X, y, synthetic, y)
        assert test.recall == {"a": 1.0, "b": 0.5}
        assert test.score == 0.75
        # By the rule of succession 51 of 52 and 26 of 52 are expected to be recognised.
        variances = np.array([51 / 52 * 1 / 52, 0.25]) / 50
        assert_allclose(test.standard_error, np.sqrt(variances.sum()) / 2)
        assert train.recall["b"] == 1.0
        assert not hasattr(classifier, "classes_")

    def test_shuffled_labels_are_exposed_by_both(self, two_classes):
        X, y = two_classes
        shuffled = np.random.RandomState(1).permutation(y)
        classifier = KNeighborsClassifier(5)
        assert gan_train_score(classifier, X, y, X, y).score == 1.0
        assert gan_train_score(classifier, X, y, X, shuffled).score < 0.7
        assert gan_test_score(classifier, X, y, X, shuffled).score < 0.7

    def test_are_balanced(self):
        X, y = np.zeros((10, 1)), np.repeat([0, 1], [9, 1])
        always = DummyClassifier(strategy="constant", constant=0)
        result = gan_train_score(always, X, y, X, y)
        assert result.recall == {0: 1.0, 1: 0.0}
        assert result.score == 0.5

    def test_few_rows_that_are_all_recognised_leave_doubt(self):
        X, y = np.array([[0.0], [0], [1], [1]]), np.array([0, 0, 1, 1])
        result = gan_train_score(KNeighborsClassifier(1), X, y, X, y)
        assert result.score == 1.0
        # 3 of 4 are expected, in two classes of 2 rows each.
        assert_allclose(result.standard_error, np.sqrt(2 * 3 / 4 * 1 / 4 / 2) / 2)

    def test_standard_error_is_the_spread_over_test_sets(self):
        scores = []
        rng = np.random.RandomState(0)
        X, y = np.array([[0.0], [1.0]]), np.array([0, 1])
        for _ in range(500):  # 20 % of class 0 look like 1, 40 % of class 1 like 0
            n = np.repeat([0, 1], [40, 20])
            x = np.where(rng.uniform(size=60) < np.where(n == 0, 0.2, 0.4), 1 - n, n)
            scores.append(gan_train_score(KNeighborsClassifier(1), x[:, None], n, X, y))
        spread = np.std([result.score for result in scores])
        assert_allclose(np.mean([r.standard_error for r in scores]), spread, rtol=0.1)

    def test_frames_reach_the_classifier(self, two_classes):
        X, y = two_classes
        frame = DataFrame(X, columns=list("abcd"))
        by_name = make_pipeline(
            make_column_transformer(("passthrough", ["a", "b"])), KNeighborsClassifier(1)
        )
        assert gan_train_score(by_name, frame, y, frame, y).score == 1.0
        assert gan_test_score(by_name, frame, y, frame, y).score == 1.0

    def test_take_images(self):
        X = np.random.RandomState(0).randint(256, size=(40, 8, 8)).astype(np.uint8)
        y = np.repeat([0, 1], 20)
        X[y == 1] //= 8
        classifier = TorchCNNClassifier(max_epochs=20, random_state=0)
        assert gan_train_score(classifier, X, y, X, y).score > 0.9

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"y_synthetic": ["a"] * 100}, r"y_synthetic lacks the classes \['b'\] of y_real"),
            ({"y_real": ["a"] * 99}, r"y_real has shape \(99,\), but there are 100 rows"),
            ({"X_synthetic": np.zeros((100, 5))}, "X_synthetic has rows of shape"),
            (
                {"X_synthetic": np.zeros((0, 4)), "y_synthetic": []},
                "X_synthetic has no rows",
            ),
        ],
    )
    def test_refuse_what_cannot_be_learnt(self, two_classes, change, message):
        X, y = two_classes
        arguments = {"X_real": X, "y_real": y, "X_synthetic": X, "y_synthetic": y, **change}
        with pytest.raises(ValueError, match=message):
            gan_train_score(KNeighborsClassifier(), **arguments)

    def test_refuse_what_is_masked(self, two_classes):
        X, y = two_classes
        rows, labels = np.ma.masked_greater(X, 1), np.ma.masked_equal(y, "a")
        with pytest.raises(ValueError, match="X_synthetic has masked values"):
            gan_test_score(KNeighborsClassifier(), X, y, rows, y)
        with pytest.raises(ValueError, match="y_real has masked values"):
            gan_train_score(KNeighborsClassifier(), X, labels, X, y)

    def test_gan_test_refuses_synthetic_classes_without_real_rows(self, two_classes):
        X, y = two_classes
        with pytest.raises(ValueError, match=r"y_real lacks the classes \['c'\]"):
            gan_test_score(KNeighborsClassifier(), X, y, X[:2], ["a", "c"])


class TestClassMargins:
    def test_is_the_gap_between_separable_classes(self):
        real = np.array([[0.0, 0], [0, 1], [3, 0], [3, 1], [50, 0], [50, 1]])
        y_real = np.repeat(["a", "b", "c"], 2)
        scale = real.std(axis=0)[0]
        result = class_margins(real, y_real, [[2.0, 0.5]], ["b"], C=1e8)
        assert (result.label, result.neighbor) == (["b"], ["a"])
        assert_allclose(result.before, 3 / scale, rtol=1e-3)
        assert_allclose(result.after, 2 / scale, rtol=1e-3)

    @pytest.mark.usefixtures("global_rng_is_left_alone")
    def test_copies_change_nothing(self):
        real = np.concatenate([draw(30), draw(10, mean=1), draw(20, mean=-4)])
        y_real = np.repeat([0, 1, 2], [30, 10, 20])
        is_rare = y_real == 1
        copies = np.repeat(real[is_rare], 3, axis=0)
        result = class_margins(real, y_real, copies, np.ones(30, dtype=int))
        assert_allclose(result.after, result.before, rtol=1e-2)

    def test_synthetic_rows_of_the_neighbour_count_too(self):
        real, y_real = [[0.0], [0.0], [4.0], [4.0]], [0, 0, 1, 1]
        result = class_margins(real, y_real, [[1.0], [2.0]], [0, 1], C=1e8)
        assert (result.label, result.neighbor) == ([0, 1], [1, 0])
        assert_allclose(result.before, 2.0, rtol=1e-3)
        assert_allclose(result.after, 0.5, rtol=1e-3)

    def test_cost_is_shared_out_among_the_rows_of_both_classes(self):
        real = np.concatenate([draw(30), draw(10, mean=1), draw(20, mean=-4)])
        y_real = np.repeat([0, 1, 2], [30, 10, 20])
        rows, own = real / real.std(axis=0), y_real < 2
        svm = SVC(kernel="linear", class_weight="balanced").fit(rows[own], y_real[own])
        result = class_margins(real, y_real, real[35:36], [1])
        assert_allclose(result.before, 2 / np.linalg.norm(svm.coef_), rtol=1e-3)

    def test_is_the_same_of_rows_too_many_to_hold_their_products(self, monkeypatch):
        real, y_real = (
            np.concatenate([draw(30), draw(10, mean=1)]),
            np.repeat([0, 1], [30, 10]),
        )
        result = class_margins(real, y_real, draw(20, seed=1, mean=1), np.ones(20))
        monkeypatch.setattr(_class_space, "_MOST_PRODUCTS", 0)
        again = class_margins(real, y_real, draw(20, seed=1, mean=1), np.ones(20))
        assert_allclose(again.before, result.before)
        assert_allclose(again.after, result.after)

    def test_classes_without_anything_between_them_have_no_margin_to_measure(self):
        result = class_margins(np.zeros((4, 2)), [0, 0, 1, 1], np.zeros((1, 2)), [1])
        assert_array_equal(result.before, [np.inf])

    @pytest.mark.parametrize("order", [1, -1], ids=["", "reversed"])
    def test_of_parts_is_the_mean_of_margins_to_one_neighbour(self, order):
        labels = np.array([1.0, 4.0, 5.0])  # floats, of which no mean is taken
        added = np.zeros((1, 1)), np.array([4.0])
        # The second part alone would choose 5.
        parts = [(np.array([[x], [0.0], [z]]), labels, *added) for x, z in ((1, 9), (3, 2))]
        result = margins_of_parts(parts[::order], C=1e8)
        scales = [part[0].std() for part in parts]
        assert (result.label, result.neighbor) == ([4.0], [1.0])
        assert_allclose(result.before, np.mean([1 / scales[0], 3 / scales[1]]), rtol=1e-3)

    def test_of_a_class_that_a_part_lacks_is_unknown(self):
        parts = [(draw(2), np.array(y), draw(1), np.array([1])) for y in ([0, 1], [0, 0])]
        result = margins_of_parts(parts)
        assert result.neighbor == [None]
        assert_array_equal(result.after, [np.nan])

    @pytest.mark.parametrize(
        ("y_real", "y_synthetic", "C", "message"),
        [
            ([0, 0, 0, 0], [0], 1, "y_real has one class"),
            ([0, 0, 1, 1], [2], 1, r"y_synthetic has the classes \[2\], which y_real lacks"),
            ([0, 0, 1], [1], 1, "y_real has shape"),
            ([0, 0, 1, 1], [1], 0, "C=0 must be above 0"),
            ([0, 0, 1, 1], [1], np.inf, "C=inf must be above 0 and finite"),
        ],
    )
    def test_refuses_what_has_no_margin(self, y_real, y_synthetic, C, message):
        with pytest.raises(ValueError, match=message):
            class_margins(draw(4), y_real, draw(1), y_synthetic, C=C)


class TestTsneMap:
    def test_groups_stay_groups(self):
        real = np.concatenate([draw(20), draw(20, mean=50)])
        places = tsne_map(real, draw(10, seed=1), perplexity=5, random_state=0)
        assert places.real.shape == (40, 2)
        centres = places.real[:20].mean(axis=0), places.real[20:].mean(axis=0)
        near, far = (np.linalg.norm(places.synthetic - centre, axis=1) for centre in centres)
        assert (near < far).all()

    def test_equal_rows_lie_on_one_spot(self):
        row = draw(1, 5)  # whose mean over rows is another, but for rounding
        places = tsne_map(np.tile(row, (10, 1)), np.tile(row, (3, 1)), random_state=0)
        assert_array_equal(np.concatenate([places.real, places.synthetic]), np.zeros((13, 2)))

    @pytest.mark.parametrize(
        ("scale", "dtype"), [(1e-170, float), (1e-25, np.float32), (1e20, np.float32)]
    )
    def test_scale_does_not_matter(self, scale, dtype):
        real, other = (scale * draw(10, seed=seed) for seed in (0, 1))
        places = tsne_map(real.astype(dtype), other.astype(dtype), random_state=0)
        assert np.isfinite(places.real).all()
        assert np.ptp(places.real) > 1

    def test_differences_that_overflow_do_not_matter(self):
        places = lay_out(np.finfo(float).max * np.sign(draw(20)), random_state=0)
        assert np.isfinite(places).all()

    def test_neighbours_are_a_third_of_the_other_rows_at_most(self):
        most, third = (
            tsne_map(draw(20), draw(11, seed=1), perplexity=perplexity, random_state=0)
            for perplexity in (25, 10)
        )
        assert_array_equal(most.real, third.real)

    @pytest.mark.usefixtures("global_rng_is_left_alone")
    def test_few_rows_will_do_and_seeds_reproduce(self):
        first = tsne_map(draw(3), draw(2, seed=1), random_state=0)
        assert np.isfinite(first.real).all()
        again = tsne_map(draw(3), draw(2, seed=1), random_state=0)
        assert_array_equal(first.synthetic, again.synthetic)
