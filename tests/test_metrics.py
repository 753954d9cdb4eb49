"""Metrics at known answers, what they leave alone, and what they refuse."""

import time
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.linalg import sqrtm
from scipy.spatial.distance import cdist
from sklearn.metrics.pairwise import polynomial_kernel

from skgan_aug.metrics import _moments as moments
from skgan_aug.metrics import _pairwise as pairwise
from skgan_aug.metrics import (
    density_coverage,
    diversity,
    frechet_distance,
    kernel_distance,
    memorization,
    precision_recall,
    tsne_map,
    two_sample_test,
)

PAIR_METRICS = [
    frechet_distance,
    kernel_distance,
    precision_recall,
    density_coverage,
    two_sample_test,
    memorization,
    diversity,
    tsne_map,
]


def draw(n, d=4, *, seed=0, mean=0.0, scale=1.0):
    return np.random.RandomState(seed).normal(mean, scale, size=(n, d))


@st.composite
def two_sets(draw_value):
    """Two sets of Gaussian rows, of any sizes, scale and distance."""
    n_real, n_synthetic = draw_value(st.integers(8, 30)), draw_value(st.integers(8, 30))
    d, seed = draw_value(st.integers(1, 12)), draw_value(st.integers(0, 2**31 - 1))
    mean, scale = draw_value(st.floats(0, 3)), draw_value(st.floats(0.1, 10))
    real = scale * draw(n_real, d, seed=seed)
    return real, scale * draw(n_synthetic, d, seed=seed + 1, mean=mean)


class TestFrechetDistance:
    def test_is_the_closed_form_of_the_moments(self):
        rng = np.random.RandomState(0)
        real = draw(400, 5) @ rng.normal(size=(5, 5))
        synthetic = draw(300, 5, seed=1) @ rng.normal(size=(5, 5)) + 1
        shift = real.mean(axis=0) - synthetic.mean(axis=0)
        of_real, of_synthetic = np.cov(real.T), np.cov(synthetic.T)
        root = sqrtm(of_real @ of_synthetic).real
        expected = shift @ shift + np.trace(of_real + of_synthetic - 2 * root)
        assert_allclose(frechet_distance(real, synthetic), expected, rtol=1e-9)

    def test_of_two_gaussians_is_approached_by_many_rows(self):
        # N(0, 1) and N(2, 3^2) in each of 2 dimensions: 2 * (2^2 + (3 - 1)^2) = 16.
        real, synthetic = draw(100_000, 2), draw(100_000, 2, seed=1, mean=2, scale=3)
        assert_allclose(frechet_distance(real, synthetic), 16, rtol=0.02)

    def test_of_fewer_rows_than_features_is_exact(self):
        # Each varies along one direction of its own, by (0, 2) and (0, 4): variances 2, 8.
        real, synthetic = np.zeros((2, 1000)), np.zeros((2, 1000))
        real[1, 0], synthetic[1, 1] = 2, 4
        assert_allclose(frechet_distance(real, synthetic), (1 + 4) + 2 + 8, rtol=1e-12)

    def test_survives_features_that_never_vary(self):
        real, synthetic = draw(10, 300), draw(7, 300, seed=1)
        real[:, ::2] = synthetic[:, ::2] = 0
        shift = frechet_distance(real, real + 1)
        assert_allclose(shift, 300, rtol=1e-9)
        assert np.isfinite(frechet_distance(real, synthetic))

    @given(two_sets())
    @settings(max_examples=30, deadline=None)
    def test_is_symmetric_and_zero_between_equals(self, sets):
        real, synthetic = sets
        there, back = frechet_distance(real, synthetic), frechet_distance(synthetic, real)
        assert_allclose(there, back, rtol=1e-7, atol=1e-9 * np.var(real))
        assert 0 <= frechet_distance(real, real[::-1]) <= 1e-10 * (1 + np.var(real) * 12)


class TestKernelDistance:
    def test_is_the_mean_over_pairs_of_halves(self):
        """With 4 rows there are 6 halves of each set: the mean over all is known."""
        real, synthetic = draw(4), draw(4, seed=1, mean=1)

        def kernel(rows, others):
            return polynomial_kernel(rows, others, degree=3, gamma=1 / 4, coef0=1)

        off_diagonal = ~np.eye(4, dtype=bool)
        expected = (
            kernel(real, real)[off_diagonal].mean()
            + kernel(synthetic, synthetic)[off_diagonal].mean()
            - 2 * kernel(real, synthetic).mean()
        )
        result = kernel_distance(real, synthetic, n_subsets=20_000, random_state=0)
        assert_allclose(result.distance, expected, rtol=0.03)

    def test_of_equal_distributions_is_zero_on_average(self):
        distances = [
            kernel_distance(
                draw(30, seed=2 * k), draw(30, seed=2 * k + 1), random_state=0
            ).distance
            for k in range(200)
        ]
        standard_error = np.std(distances) / np.sqrt(len(distances))
        assert abs(np.mean(distances)) < 3 * standard_error
        assert min(distances) < 0 < max(distances)

    @pytest.mark.parametrize("subset_size", [1000, 20])
    def test_standard_error_is_the_spread_over_samples(self, subset_size):
        results = [
            kernel_distance(
                draw(100, seed=2 * k),
                draw(100, seed=2 * k + 1, mean=0.5),
                n_subsets=50,
                subset_size=subset_size,
                random_state=k,
            )
            for k in range(100)
        ]
        spread = np.std([result.distance for result in results])
        told = np.mean([result.standard_error for result in results])
        assert 0.75 < told / spread < 1.5

    def test_by_hand_from_two_draws(self):
        """The standard error is that of the larger share, and of so few draws."""
        real, synthetic = draw(4, 1), draw(10, 1, seed=1, mean=1)
        rng, distances = np.random.RandomState(0), []
        for _ in range(2):
            a, b = real[rng.permutation(4)[:2]], synthetic[rng.permutation(10)[:3]]
            within = a[0] * a[1] + (b.sum() ** 2 - np.sum(b**2)) / 6
            distances.append((within - 2 * a.mean() * b.mean()).item())
        params = {"n_subsets": 2, "subset_size": 3, "degree": 1, "gamma": 1.0, "coef0": 0.0}
        result = kernel_distance(real, synthetic, **params, random_state=0)
        assert_allclose(result.distance, np.mean(distances))
        expected = np.std(distances, ddof=1) * np.sqrt(2 / (4 - 2) + 1 / 2)
        assert_allclose(result.standard_error, expected)

    def test_kernel_is_that_of_its_parameters(self):
        # Degree 1: the squared distance of the means, without the bias; c drops out.
        real, synthetic = draw(500), draw(500, seed=1, mean=3)
        result = kernel_distance(real, synthetic, degree=1, gamma=2.0, coef0=7.0)
        assert_allclose(result.distance, 2 * 4 * 3**2, rtol=0.1)

    def test_blocks_of_pairs_do_not_matter(self, monkeypatch):
        real, synthetic = draw(30), draw(20, seed=1, mean=1)
        whole = kernel_distance(real, synthetic, random_state=0)
        monkeypatch.setattr(moments, "_PAIRS_AT_ONCE", 50)
        parts = kernel_distance(real, synthetic, random_state=0)
        assert_allclose(list(parts.values()), list(whole.values()))

    def test_subsets_share_the_products_of_many_features(self):
        real, synthetic = np.random.RandomState(0).normal(size=(2, 700, 4000))
        seconds = [time.perf_counter()]
        for compute in (polynomial_kernel, kernel_distance):  # the second needs three of them
            compute(real, synthetic)
            seconds.append(time.perf_counter())
        once, by_subsets = np.diff(seconds)
        assert by_subsets < 10 * once


class TestManifolds:
    def test_identical_sets(self):
        real = draw(50)
        assert precision_recall(real, real) == {"precision": 1.0, "recall": 1.0}
        assert density_coverage(real, real) == {"density": 1.0, "coverage": 1.0}

    def test_disjoint_sets(self):
        real, synthetic = draw(50), draw(40, mean=100)
        assert precision_recall(real, synthetic) == {"precision": 0.0, "recall": 0.0}
        assert density_coverage(real, synthetic) == {"density": 0.0, "coverage": 0.0}

    def test_by_hand(self):
        # With one neighbour, balls around 0, 1, 3 reach 1, 1, 2, and hold -1 (just) and 1.5.
        real, synthetic = np.array([[0.0], [1], [3]]), np.array([[-1.0], [1.5], [10]])
        # Balls around -1, 1.5, 10 reach 2.5, 2.5, 8.5, and hold all.
        result = precision_recall(real, synthetic, n_neighbors=1)
        assert result == {"precision": 2 / 3, "recall": 1.0}
        result = density_coverage(real, synthetic, n_neighbors=1)
        # Open balls: 1.5 is in those of 1 and 3, and -1 in none.
        assert result == {"density": 2 / 3, "coverage": 2 / 3}

    def test_duplicates_do_not_shrink_balls(self):
        real, synthetic = draw(60), draw(40, seed=1)
        drawn_again = np.concatenate([synthetic] + 4 * [synthetic])
        expected = precision_recall(real, synthetic)
        assert precision_recall(real, drawn_again) == pytest.approx(expected)
        assert expected.recall > 0.5
        twice = np.concatenate([real, real])
        assert precision_recall(twice, synthetic) == pytest.approx(expected)
        expected = density_coverage(real, synthetic)
        assert density_coverage(twice, drawn_again) == pytest.approx(expected)

    def test_half_of_the_classes_missing_shows_in_recall_and_coverage(self):
        real = np.concatenate([draw(50), draw(50, mean=50)])
        synthetic = draw(100, seed=1)
        assert precision_recall(real, synthetic).precision > 0.8
        assert precision_recall(real, synthetic).recall <= 0.5
        assert density_coverage(real, synthetic).density > 0.8
        assert density_coverage(real, synthetic).coverage <= 0.5

    def test_one_outlier_lifts_precision_but_not_density(self):
        real = np.concatenate([draw(50), draw(1, mean=1000)])
        far = draw(50, seed=1, mean=500)
        assert precision_recall(real, far).precision == 1.0
        assert density_coverage(real, far).density < 0.25

    def test_coverage_of_equal_distributions_is_as_told(self):
        coverages = [
            density_coverage(draw(200, seed=2 * k), draw(200, seed=2 * k + 1)).coverage
            for k in range(10)
        ]
        assert_allclose(np.mean(coverages), 1 - 2.0**-5, atol=0.015)

    @given(two_sets())
    @settings(max_examples=30, deadline=None)
    def test_stay_in_range_and_swap_with_the_sets(self, sets):
        result, swapped = precision_recall(*sets), precision_recall(*sets[::-1])
        assert 0 <= result.precision == swapped.recall <= 1
        assert 0 <= result.recall == swapped.precision <= 1
        result = density_coverage(*sets)
        assert result.density >= 0
        assert 0 <= result.coverage <= 1


class TestTwoSampleTest:
    def test_sets_apart(self):
        result = two_sample_test(draw(20), draw(30, mean=100), random_state=0)
        assert result == {
            "accuracy": 1.0,
            "real_accuracy": 1.0,
            "synthetic_accuracy": 1.0,
            "p_value": 1 / 1001,
        }

    def test_p_value_by_hand(self):
        # Of 6 labellings 2 have accuracy 1, the others 0; the mean of all is 1/3.
        result = two_sample_test([[0.0], [1.0]], [[10.0], [11.0]], random_state=0)
        assert result.accuracy == 1.0
        assert_allclose(result.p_value, 1 / 3, atol=0.05)

    def test_copies_are_below_chance_and_significant(self):
        real = draw(40)
        result = two_sample_test(real, real[::-1], random_state=0)
        assert result.accuracy == 0.0
        assert result.p_value == 1 / 1001

    def test_some_copies_among_new_rows_are_significant_too(self):
        real = draw(200)
        synthetic = np.concatenate([real[:80], draw(120, seed=1)])
        result = two_sample_test(real, synthetic, random_state=0)
        assert 0.25 < result.accuracy < 0.35
        assert result.p_value < 0.01

    def test_several_nearest_share_the_vote(self):
        # Each row has two others at distance 0, one of its own kind.
        real = np.repeat([[0.0], [9.0]], 2, axis=0)
        result = two_sample_test(real, real, n_permutations=10, random_state=0)
        assert_allclose(result.accuracy, 1 / 3)

    def test_rows_repeated_any_number_of_times_by_hand(self):
        # Real ones at 0, 0, 0, 4, synthetic ones at 0, 2, 2: of the others nearest to each,
        # real are 2/3 of 3, 0 of the 2 at 2; 3/3 of those at 0; 0 of the 1 at 2.
        result = two_sample_test([[0.0], [0], [0], [4]], [[0.0], [2], [2]], n_permutations=1)
        assert_allclose(result.real_accuracy, 3 * (2 / 3) / 4)
        assert_allclose(result.synthetic_accuracy, (0 + 1 + 1) / 3)

    def test_a_collapsed_generator_takes_no_more_memory_than_another(self):
        real, collapsed = draw(10), np.zeros((3000, 4))
        tracemalloc.start()
        result = two_sample_test(real, collapsed, n_permutations=10, random_state=0)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert result.synthetic_accuracy == 1.0
        assert peak < 50e6  # votes of each row for each other one take 108 MB

    @pytest.mark.parametrize("n_synthetic", [40, 160])
    def test_equal_distributions_are_rejected_as_often_as_the_level(self, n_synthetic):
        results = [
            two_sample_test(
                draw(40, seed=2 * k),
                draw(n_synthetic, seed=2 * k + 1),
                n_permutations=99,
                random_state=k,
            )
            for k in range(200)
        ]
        assert_allclose(np.mean([result.accuracy for result in results]), 0.5, atol=0.02)
        rejected = np.mean([result.p_value <= 0.1 for result in results])
        assert 0.04 < rejected < 0.16

    def test_crowding_shows_in_either_accuracy(self):
        real = draw(60)
        crowd = np.repeat(real[:6], 10, axis=0) + 1e-3 * draw(60, seed=1)
        result = two_sample_test(real, crowd, random_state=0)
        assert result.real_accuracy < result.accuracy < result.synthetic_accuracy

    @given(two_sets())
    @settings(max_examples=20, deadline=None)
    def test_stays_in_range_and_is_symmetric(self, sets):
        there = two_sample_test(*sets, n_permutations=20, random_state=0)
        back = two_sample_test(*sets[::-1], n_permutations=20, random_state=0)
        assert 0 <= there.accuracy <= 1
        assert 0 < there.p_value <= 1
        assert_allclose(there.real_accuracy, back.synthetic_accuracy)
        assert_allclose(there.accuracy, back.accuracy)


class TestMemorization:
    def test_exposes_a_duplicator(self):
        real = draw(60, 10)
        copies = real[np.random.RandomState(1).choice(60, 200)]
        result = memorization(real, copies)
        assert (result.copied_fraction, result.median_ratio) == (1.0, 0.0)
        assert result.p_value < 1e-10

    def test_exposes_copies_under_a_little_noise(self):
        real = draw(60, 10)
        result = memorization(real, real + 0.01 * draw(60, 10, seed=1))
        assert result.copied_fraction == 1.0
        assert result.median_ratio < 0.05

    def test_tells_the_share_of_copies(self):
        real = draw(60, 10)
        mixed = np.concatenate([real[:30], draw(70, 10, seed=1, mean=2)])
        assert_allclose(memorization(real, mixed).copied_fraction, 0.3, atol=0.03)

    @pytest.mark.parametrize("n_real", [8, 20, 40, 200])
    def test_new_rows_count_as_copies_as_often_as_said(self, n_real):
        shares = [
            memorization(draw(n_real, seed=2 * k), draw(60, seed=2 * k + 1)).copied_fraction
            for k in range(200)
        ]
        assert_allclose(np.mean(shares), 0.05 + 1.5 / n_real, atol=0.035)

    def test_new_rows_are_no_copies(self):
        results = [
            memorization(draw(100, seed=2 * k), draw(100, seed=2 * k + 1)) for k in range(20)
        ]
        assert_allclose(np.mean([r.copied_fraction for r in results]), 0.05, atol=0.025)
        assert_allclose(np.mean([r.median_ratio for r in results]), 1, atol=0.1)
        assert np.mean([r.p_value < 0.01 for r in results]) <= 0.1

    def test_by_hand(self):
        # To the nearest other real row: 1, 1, 3. To the nearest real row: 0.5, 6.
        real, synthetic = [[0.0], [1], [4]], [[0.5], [10]]
        result = memorization(real, synthetic)
        assert result.copied_fraction == 0.5
        assert result.median_ratio == 3.25

    def test_rows_far_away_are_no_evidence_of_copies(self):
        assert memorization(draw(50), draw(50, seed=1, mean=9)).p_value > 0.99

    def test_finds_copies_where_some_real_rows_are_duplicates(self):
        real = draw(50)
        result = memorization(np.concatenate([real, real[:5]]), real)
        assert result.copied_fraction == 1.0

    def test_refuses_duplicated_real_rows(self):
        real = np.repeat(draw(10), 2, axis=0)
        with pytest.raises(ValueError, match=r"real holds at least half .*numpy\.unique"):
            memorization(real, draw(5))
        with pytest.raises(ValueError, match="real holds at least half"):
            diversity(real, draw(5))

    @pytest.mark.parametrize("quantile", [0, 1, -1, np.nan])
    def test_refuses_a_quantile_out_of_range(self, quantile):
        with pytest.raises(ValueError, match=r"quantile=.* must lie between 0 and 1"):
            memorization(draw(5), draw(5), quantile=quantile)


class TestDiversity:
    def test_effective_numbers_by_hand(self):
        # Nearest others are all 3 away; k^2 = exp(-1) there and exp(-4) 6 away.
        real = np.array([[0.0], [3], [6]])
        far_apart = np.array([[0.0], [1000], [5000]])
        result = diversity(real, far_apart)
        expected = 9 / (3 + 4 * np.exp(-1) + 2 * np.exp(-4))
        assert_allclose([result.real, result.synthetic], [expected, 3.0])
        assert_allclose(result.ratio, 3 / expected)
        assert_allclose(diversity(real, np.zeros((5, 1))).synthetic, 1)

    @pytest.mark.parametrize("n_kinds", [1, 2, 5])
    def test_a_collapsed_generator_has_as_many_rows_as_it_repeats(self, n_kinds):
        rows = np.repeat(draw(n_kinds, 10, seed=1, scale=50), 60 // n_kinds, axis=0)
        assert_allclose(diversity(draw(60, 10), rows).synthetic, n_kinds, rtol=0.15)

    def test_does_not_depend_on_the_sizes(self):
        ratios = [
            diversity(draw(40, seed=3 * k), draw(n, seed=3 * k + 1)).ratio
            for n in (40, 400)
            for k in range(20)
        ]
        assert_allclose(np.mean(ratios[:20]), 1, atol=0.1)
        assert_allclose(np.mean(ratios[20:]), 1, atol=0.1)

    def test_standard_error_is_the_spread_over_samples(self):
        results = [
            diversity(draw(80, seed=2 * k), draw(120, seed=2 * k + 1)) for k in range(100)
        ]
        spread = np.std([result.ratio for result in results])
        told = np.mean([result.standard_error for result in results])
        assert 0.7 < told / spread < 1.5

    def test_standard_error_is_that_of_leaving_one_out(self):
        real, synthetic = 3 * np.eye(3), draw(6, 3)  # real rows are all alike
        result = diversity(real, synthetic)
        without = [
            diversity(real, np.delete(synthetic, row, axis=0)).synthetic for row in range(6)
        ]
        expected = np.sqrt(5 * np.var(without)) / result.real
        assert_allclose(result.standard_error, expected)

    def test_needs_three_rows_of_either_set(self):
        with pytest.raises(
            ValueError, match="synthetic has 2 rows, but this needs at least 3"
        ):
            diversity(draw(9), draw(2))

    @given(two_sets())
    @settings(max_examples=20, deadline=None)
    def test_stays_in_range(self, sets):
        result, n = diversity(*sets), min(map(len, sets))
        assert 1 <= result.real <= n * (1 + 1e-9)
        assert 1 <= result.synthetic <= n * (1 + 1e-9)
        assert_allclose(diversity(sets[0], sets[0]).ratio, 1)


def as_numbers(result):
    return [result] if isinstance(result, float) else list(result.values())


@pytest.mark.parametrize(
    "metric",
    [frechet_distance, precision_recall, density_coverage, memorization, diversity],
    ids=lambda metric: metric.__name__,
)
class TestOrderAndPlace:
    def test_order_of_rows_does_not_matter(self, metric):
        real, synthetic = draw(30), draw(20, seed=1, mean=1)
        shuffled = np.random.RandomState(2).permutation(30)
        assert_allclose(
            as_numbers(metric(real[shuffled], synthetic[::-1])),
            as_numbers(metric(real, synthetic)),
            rtol=1e-9,
        )

    def test_place_and_rotation_do_not_matter(self, metric):
        real, synthetic = draw(30), draw(20, seed=1, mean=1)
        rotation = np.linalg.qr(draw(4, 4, seed=2))[0]
        assert_allclose(
            as_numbers(metric(real @ rotation + 5, synthetic @ rotation + 5)),
            as_numbers(metric(real, synthetic)),
            rtol=1e-9,
        )

    def test_blocks_do_not_matter(self, metric, monkeypatch):
        real, synthetic = draw(30), draw(20, seed=1, mean=1)
        whole = as_numbers(metric(real, synthetic))
        monkeypatch.setattr(pairwise, "_BLOCK_VALUES", 50)
        assert_allclose(as_numbers(metric(real, synthetic)), whole, rtol=1e-12)


class TestDistances:
    """Matrix products find them, whose rounding must decide nothing."""

    @pytest.fixture(params=["far from the origin", 1e7, 1e20, "of few values"], ids=str)
    def sets(self, request):
        real, synthetic = draw(60), draw(50, seed=1)
        if request.param == "of few values":
            real, synthetic = real.round(), synthetic.round()
        elif request.param == "far from the origin":
            real, synthetic = real + 1e7, synthetic + 1e7
        else:
            real = np.r_[real, np.full((1, 4), request.param)]  # an outlier
        return real, np.r_[synthetic, real[:9]]  # copies: 0 away, and on edges of balls

    def test_of_balls_are_exact(self, sets):
        def inside(rows, centres, k, compare):
            centres = np.unique(centres, axis=0)
            radii = np.sort(cdist(centres, centres), axis=1)[:, k]
            return compare(cdist(rows, centres), radii)

        real, synthetic = sets
        result = precision_recall(real, synthetic)
        expected = [
            inside(rows, centres, 3, np.less_equal).any(axis=1).mean()
            for rows, centres in (sets[::-1], sets)
        ]
        assert [result.precision, result.recall] == expected
        of_real = inside(synthetic, real, 5, np.less)
        result = density_coverage(real, synthetic)
        assert_allclose(result.density, of_real.sum(axis=1).mean() / 5, rtol=1e-12)
        assert result.coverage == of_real.any(axis=0).mean()

    def test_of_nearest_rows_are_exact(self, sets):
        rows = np.concatenate(sets)
        is_real = np.arange(len(rows)) < len(sets[0])
        distances = cdist(rows, rows)
        np.fill_diagonal(distances, np.inf)
        is_nearest = distances == distances.min(axis=1, keepdims=True)
        share_real = is_nearest @ (1.0 * is_real) / is_nearest.sum(axis=1)
        result = two_sample_test(*sets, n_permutations=1)
        assert_allclose(result.real_accuracy, share_real[is_real].mean())
        assert_allclose(result.synthetic_accuracy, 1 - share_real[~is_real].mean())

    def test_of_copies_are_zero(self, sets):
        real, synthetic = np.unique(sets[0], axis=0), sets[1]
        result = memorization(real, synthetic)
        among_real = np.sort(cdist(real, real), axis=1)[:, 1]
        to_real = cdist(synthetic, real).min(axis=1)
        assert_array_equal(to_real[-9:], 0)
        threshold = np.quantile(among_real, 0.05)
        assert result.copied_fraction == np.mean(to_real <= threshold)
        assert result.median_ratio == np.median(to_real) / np.median(among_real)

    def test_of_all_pairs_are_as_exact_as_diversity_needs(self, sets):
        real, synthetic = np.unique(sets[0], axis=0), sets[1]
        distances = cdist(real, real)
        scale = np.median(np.sort(distances, axis=1)[:, 1])
        expected = 1 / np.exp(-((distances / scale) ** 2)).mean()
        assert_allclose(diversity(real, np.r_[real, synthetic]).real, expected, rtol=1e-7)

    def test_of_many_features_are_not_computed_one_by_one(self):
        real, synthetic = np.random.RandomState(0).normal(size=(2, 700, 4000))
        seconds = [time.perf_counter()]
        for compute in (cdist, precision_recall):  # the second needs four times as many
            compute(real, synthetic)
            seconds.append(time.perf_counter())
        one_by_one, by_products = np.diff(seconds)
        assert by_products < 3 * one_by_one


def test_the_two_sample_test_depends_on_neither_order_nor_blocks(monkeypatch):
    real, synthetic = draw(30), draw(20, seed=1, mean=1)
    whole = two_sample_test(real, synthetic, random_state=0)
    monkeypatch.setattr(pairwise, "_BLOCK_VALUES", 50)
    assert two_sample_test(real, synthetic, random_state=0) == whole
    assert two_sample_test(real[::-1], synthetic, random_state=0).accuracy == whole.accuracy


@pytest.mark.parametrize("metric", [kernel_distance, two_sample_test])
@pytest.mark.usefixtures("global_rng_is_left_alone")
def test_an_integer_seed_gives_the_same_again(metric):
    real, synthetic = draw(30), draw(20, seed=1, mean=0.5)
    first = metric(real, synthetic, random_state=0)
    assert first == metric(real, synthetic, random_state=0)
    assert first != metric(real, synthetic, random_state=1)


@pytest.mark.parametrize("metric", PAIR_METRICS, ids=lambda metric: metric.__name__)
class TestInput:
    @pytest.mark.parametrize(
        ("real", "synthetic", "message"),
        [
            (draw(9).reshape(9, 2, 2), draw(9), r"real has shape \(9, 2, 2\).*flatten"),
            (draw(9), draw(9)[:, 0], r"synthetic has shape \(9,\)"),
            (draw(9), draw(9)[:, :0], r"synthetic has shape \(9, 0\)"),
            (draw(9), draw(9, 5), "synthetic has 5 features, but real has 4"),
            (draw(9), draw(1), "synthetic has 1 rows, but this needs at least"),
            (np.r_[draw(8), [[0, np.nan, 0, 0]]], draw(9), "real has NaN .* in row 8"),
            (draw(9), np.full((9, 4), np.inf), "synthetic has NaN or infinity in row 0"),
            (draw(9), np.full((9, 4), "a"), "synthetic has dtype <U1"),
            (draw(9) + 1j, draw(9), "real has dtype complex128, but must hold numbers"),
            (draw(9), draw(9) * 1e200, r"synthetic holds .*e\+200, whose powers overflow"),
            (draw(9), -np.abs(draw(9)) * 1e200, r"synthetic holds .*e\+200, whose powers"),
        ],
    )
    def test_is_refused_by_name(self, metric, real, synthetic, message):
        with pytest.raises(ValueError, match=message):
            metric(real, synthetic)

    def test_is_not_written_to(self, metric):
        real, synthetic = draw(12), draw(12, seed=1)
        before = real.copy(), synthetic.copy()
        real.flags.writeable = synthetic.flags.writeable = False
        metric(real, synthetic)
        assert_array_equal(before, (real, synthetic))

    def test_may_be_lists_or_integers(self, metric):
        rng = np.random.RandomState(0)
        real, synthetic = rng.randint(256, size=(2, 12, 4)).astype(np.uint8)
        params = {}
        if metric in (kernel_distance, two_sample_test, tsne_map):
            params["random_state"] = 0
        whole = metric(real.astype(float), synthetic.astype(float), **params)
        again = metric(real.tolist(), synthetic, **params)
        assert_array_equal(
            np.ravel(np.concatenate([np.ravel(value) for value in as_numbers(again)])),
            np.ravel(np.concatenate([np.ravel(value) for value in as_numbers(whole)])),
        )


@pytest.mark.parametrize("gamma", ["scale", 0, np.nan])
def test_refuses_what_is_no_factor_of_a_kernel(gamma):
    with pytest.raises(ValueError, match=r"gamma=.* must be a number above 0"):
        kernel_distance(draw(9), draw(9), gamma=gamma)


@pytest.mark.parametrize("options", [{"gamma": 1e200}, {"gamma": np.inf}, {"coef0": np.nan}])
def test_refuses_kernels_that_overflow(options):
    with np.errstate(all="ignore"), pytest.raises(ValueError, match="kernels that overflow"):
        kernel_distance(draw(9), draw(9), **options)


@pytest.mark.parametrize("degree", [1, 3, 5])
def test_numbers_whose_powers_overflow_are_refused_by_degree(degree):
    real, synthetic = np.clip(draw(20), -1, 1), draw(20, seed=1)
    largest = 10 ** min(50, 70 / degree)
    result = kernel_distance(0.9 * largest * real, synthetic, degree=degree)
    assert np.isfinite(result.standard_error)
    with pytest.raises(ValueError, match=r"real holds .* whose powers overflow"):
        kernel_distance(9 * largest * real, synthetic, degree=degree)


def test_refuses_rows_that_are_all_equal():
    """A collapsed generator makes such: no number of neighbours is a remedy."""
    with pytest.raises(ValueError, match=r"All rows of synthetic are equal.*that differ"):
        precision_recall(draw(9), np.zeros_like(draw(9)))
    with pytest.raises(ValueError, match="All rows of real are equal"):
        density_coverage(np.zeros_like(draw(9)), draw(9))


@pytest.mark.parametrize("n_neighbors", [0, 5, 2.5])
@pytest.mark.parametrize("metric", [precision_recall, density_coverage])
def test_refuses_neighbours_that_there_are_not(metric, n_neighbors):
    real = np.concatenate([draw(5), draw(5)])  # equal rows are none of each other
    with pytest.raises(ValueError, match=r"n_neighbors=.* rows of real has 4 others"):
        metric(real, draw(9), n_neighbors=n_neighbors)


@pytest.mark.parametrize(
    ("metric", "params"),
    [
        (kernel_distance, {"n_subsets": 1}),
        (kernel_distance, {"subset_size": 1}),
        (kernel_distance, {"n_subsets": 2.5}),
        (kernel_distance, {"degree": 2.5}),
        (kernel_distance, {"degree": 0}),
        (two_sample_test, {"n_permutations": 0}),
    ],
)
def test_refuses_counts_that_are_too_small(metric, params):
    with pytest.raises(ValueError, match=f"{next(iter(params))}=.* integer of at least"):
        metric(draw(9), draw(9), **params)
