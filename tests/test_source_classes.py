"""Which class each rare class is translated from."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from skgan_aug import CycleGANOverSampler, over_sampling, source_classes
from skgan_aug.source_classes import resolve_sources, source_rows
from skgan_aug.training import CycleGANCache


def make_clouds(centres, counts, seed=0):
    """Images (n, 4, 4) that differ between classes in their first two pixels."""
    generator = np.random.RandomState(seed)
    y = np.repeat(list(centres), counts)
    X = generator.normal(size=(len(y), 4, 4))
    X[:, 0, :2] += np.repeat(np.array(list(centres.values()), dtype=float), counts, axis=0)
    return X, y


CENTRES = {"far": (20, 20), "near": (3, 0), "rare": (0, 0)}


def test_nearest_is_the_class_that_looks_most_alike():
    X, y = make_clouds(CENTRES, [60, 40, 10])
    assert resolve_sources("nearest", X, y, ["rare"]) == {"rare": "near"}


def test_nearest_is_not_fooled_by_what_varies_within_classes():
    """Brightness varies a lot in every class; the first pixel tells them apart."""
    X, y = make_clouds({"far": (0, 9), "near": (0, 3), "rare": (0, 0)}, [60, 60, 20])
    X[:, 1:] += 50 * np.random.RandomState(1).normal(size=(len(X), 1, 1))
    assert resolve_sources("nearest", X, y, ["rare"]) == {"rare": "near"}


def test_nearest_is_not_fooled_by_what_varies_within_classes_in_many_ways():
    X, y = make_clouds({"far": (0, 9), "near": (0, 3), "rare": (0, 0)}, [60, 60, 20])
    X[:, 1:] += 50 * np.random.RandomState(1).normal(size=(len(X), 3, 1))
    assert resolve_sources("nearest", X, y, ["rare"]) == {"rare": "near"}


def test_nearest_prefers_classes_with_plenty_of_images():
    X, y = make_clouds(CENTRES, [60, 12, 10])
    sources = resolve_sources("nearest", X, y, ["near", "rare"])
    assert sources == {"near": "far", "rare": "far"}


def test_nearest_takes_a_rare_class_where_there_is_no_other():
    X, y = make_clouds(CENTRES, [60, 12, 10])
    sources = resolve_sources("nearest", X, y, ["far", "near", "rare"])
    assert sources == {"far": "near", "near": "far", "rare": "far"}


@pytest.mark.parametrize(
    ("n_near", "n_rare", "expected"),
    [
        (302, 15, "far"),  # half of 605 are translations
        (303, 15, "near"),
        (111, 60, "far"),  # a fifth of 560
        (112, 60, "near"),
        (99, 100, "far"),  # more than the translations, but less than there are already
        (100, 100, "near"),
    ],
)
def test_nearest_has_a_row_for_each_translation(n_near, n_rare, expected):
    X, y = make_clouds(CENTRES, [620, n_near, n_rare])
    assert resolve_sources("nearest", X, y, ["rare"]) == {"rare": expected}


@pytest.mark.parametrize("counts", [(60, 30, 10), (60, 12, 10)])
def test_nearest_does_not_depend_on_what_else_is_over_sampled(counts):
    X, y = make_clouds(CENTRES, counts)
    alone = resolve_sources("nearest", X, y, ["rare"])
    assert resolve_sources("nearest", X, y, ["near", "rare"])["rare"] == alone["rare"]


def test_a_long_tail_trains_the_same_pairs_at_every_ratio(tmp_path):
    centres = {"far": (20, 20), "near": (3, 0), "rare": (0, 0), "rarer": (1, 1)}
    X, y = make_clouds(centres, [40, 20, 9, 4])
    pairs = set()
    for ratio in (0.2, 0.4, 1.0):
        sampler = CycleGANOverSampler(
            sampling_strategy=ratio, max_iter=1, batch_size=2, memory=tmp_path, random_state=0
        )
        sampler.fit_resample(X, y)
        pairs |= sampler.cyclegans_.keys()
    assert len(pairs) == len(CycleGANCache(tmp_path).entries()) == 3


@pytest.mark.parametrize("value", [0, 255], ids=str)
@pytest.mark.filterwarnings("error")
def test_nearest_of_constant_images_is_some_other_class(value):
    X = np.full((20, 4, 4), value, dtype=np.uint8)
    y = np.repeat(["a", "b", "c"], [10, 6, 4])
    assert resolve_sources("nearest", X, y, ["c"])["c"] in {"a", "b"}


def test_nearest_of_float64_extremes():
    X, y = make_clouds(CENTRES, [60, 40, 10])
    X = X / np.abs(X).max() * np.finfo(np.float64).max
    assert resolve_sources("nearest", X, y, ["rare"]) == {"rare": "near"}


def test_columns_of_vectors_have_their_own_scales():
    rng = np.random.RandomState(0)
    y = np.repeat(["far", "near", "rare"], [60, 60, 15])  # in the first column, sd 1
    X = rng.normal(size=(len(y), 2)) * [1, 1e4]
    X[:, 0] += np.repeat([40, 3, 0], [60, 60, 15])
    for scale in ([1, 1], [1e-3, 1e6], [-1, 1e150]):
        sampler = CycleGANOverSampler(max_iter=1, batch_size=2, random_state=0)
        sampler.fit_resample(X * scale, y)
        assert set(sampler.cyclegans_) == {("near", "rare")}


@pytest.mark.parametrize("origin", [0, 1e6, 1e12], ids=str)
def test_columns_of_vectors_have_their_own_origins(origin):
    rng = np.random.RandomState(0)
    y = np.repeat(["far", "near", "rare"], [60, 60, 15])
    X = rng.normal(size=(len(y), 2))
    X[:, 0] += origin + np.repeat([40, 3, 0], [60, 60, 15])
    X[:, 1] += np.repeat([0, 1, 0], [60, 60, 15])  # which alone would choose "far"
    sources = resolve_sources("nearest", X, y, ["rare"], are_images=False)
    assert sources == {"rare": "near"}


@pytest.mark.parametrize(
    ("of_class", "expected"),
    [
        ([[0.0], [4.0], [5.0]], 1),
        ([[0.0, 1.0], [4.0, 1.0], [4.5, 1.0]], 1),
        (np.diag([1.0, 3.0, 3.1]), 0),
    ],
)
@pytest.mark.filterwarnings("error")
def test_nearest_where_nothing_varies_within_classes(of_class, expected):
    y = np.repeat([0, 1, 2], [40, 30, 8])
    assert resolve_sources("nearest", np.array(of_class)[y], y, [2]) == {2: expected}


def test_two_values_of_two_classes_are_vectors_enough():
    X, y = np.repeat([[0.0], [1.0]], [8, 2], axis=0), np.repeat([0, 1], [8, 2])
    sampler = CycleGANOverSampler(max_iter=1, batch_size=2, random_state=0)
    assert len(sampler.fit_resample(X, y)[0]) == 16
    assert set(sampler.cyclegans_) == {(0, 1)}


@pytest.mark.filterwarnings("error")
def test_a_class_of_one_row_is_no_warning():
    X, y = make_clouds(CENTRES | {"one": (9, 9)}, [60, 40, 10, 1])
    assert resolve_sources("nearest", X, y, ["rare"]) == {"rare": "near"}


class Unread:
    """Rows that must not be looked at."""

    def __getitem__(self, rows):
        raise AssertionError("read")


def test_where_there_is_one_class_to_choose_nothing_is_computed():
    y = np.repeat(["common", "rare"], [30, 5])
    assert resolve_sources("nearest", Unread(), y, ["rare"]) == {"rare": "common"}


def test_where_nothing_is_translated_names_alone_are_checked(monkeypatch):
    monkeypatch.setattr(source_classes, "_discriminant_means", None)
    X, y = make_clouds(CENTRES, [60, 40, 10])
    sampler = CycleGANOverSampler(synthetic_fraction=0.0, random_state=0)
    assert len(sampler.fit_resample(X, y)[0]) == 180
    with pytest.raises(ValueError, match="source='farther' is no class of y"):
        sampler.set_params(source="farther").fit_resample(X, y)


@pytest.mark.parametrize("synthetic_fraction", ["scale", "auto", 0.1])
def test_where_translations_come_to_none_no_source_is_looked_for(
    monkeypatch, synthetic_fraction
):
    monkeypatch.setattr(source_classes, "_discriminant_means", None)
    monkeypatch.setattr(over_sampling, "choose_synthetic_fraction", None)
    X, y = make_clouds(CENTRES, [60, 59, 58])
    sampler = CycleGANOverSampler(synthetic_fraction=synthetic_fraction, random_state=0)
    assert len(sampler.fit_resample(X, y)[0]) == 180
    assert sampler.cyclegans_ == {}

    X, y = make_clouds(CENTRES, [2, 2, 1])  # a single row is enough to copy
    assert len(sampler.fit_resample(X, y)[0]) == 6


@pytest.mark.parametrize("source", [np.array(["far"]), ["far"], {"rare": np.array([1, 2])}])
def test_what_is_no_label_is_no_source(source):
    X, y = make_clouds(CENTRES, [60, 40, 10])
    with pytest.raises(ValueError, match=r"source=.* is no class of y"):
        resolve_sources(source, X, y, ["rare"])


def test_of_large_images_fewer_are_looked_at(monkeypatch):
    monkeypatch.setattr(source_classes, "_VALUES", 16 * 300)
    X, y = make_clouds(CENTRES, [150, 150, 150])
    X[(np.arange(len(X)) % 150) >= 100] = np.nan  # of each class, what comes after
    assert resolve_sources("nearest", X, y, ["rare"]) == {"rare": "near"}


def test_majority_is_the_largest_other_class():
    X, y = make_clouds(CENTRES, [60, 40, 10])
    sources = resolve_sources("majority", X, y, ["far", "rare"])
    assert sources == {"far": "near", "rare": "far"}


def test_a_dict_may_mix_all_forms_and_leave_classes_out():
    X, y = make_clouds(CENTRES, [60, 40, 10])
    wanted = {"rare": "rest", "near": "majority"}
    sources = resolve_sources(wanted, X, y, ["rare", "near", "far"])
    assert sources == {"rare": "rest", "near": "far", "far": "near"}


def test_a_class_that_a_dict_leaves_out_has_the_nearest():
    X, y = make_clouds(CENTRES, [60, 40, 10])
    sources = resolve_sources({"near": "majority"}, X, y, ["near", "rare"])
    assert sources == {"near": "far", "rare": "near"}


def test_a_class_of_a_special_name_is_that_class():
    X, y = make_clouds({"majority": (1, 1), "nearest": (0, 0), "rest": (2, 2)}, [8, 9, 7])
    assert resolve_sources("nearest", X, y, ["rest"]) == {"rest": "nearest"}
    assert resolve_sources("majority", X, y, ["rest"]) == {"rest": "majority"}
    assert_array_equal(source_rows(y, "rest", "nearest"), np.flatnonzero(y == "rest"))


def test_rows_of_a_source_class():
    y = np.array(["a", "b", "c", "a", "c"])
    assert_array_equal(source_rows(y, "a", "c"), [0, 3])
    assert_array_equal(source_rows(y, "rest", "c"), [0, 1, 3])
    y = np.array(["a", "rest", "c", "a", "c"])
    assert_array_equal(source_rows(y, "rest", "c"), [1])
    assert_array_equal(source_rows(np.array([0, 1, 2, 1]), "rest", 1), [0, 2])
