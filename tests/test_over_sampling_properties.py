"""What holds for CycleGANOverSampler whatever the data."""

from collections import Counter

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from numpy.testing import assert_array_equal

from skgan_aug import CycleGANOverSampler

# Drawn rows are often alike.
pytestmark = pytest.mark.filterwarnings("ignore:Some of the .* translations are identical")

SHAPES = st.one_of(
    st.tuples(st.integers(1, 8)),
    st.tuples(st.integers(1, 9), st.integers(1, 9)),
    st.tuples(st.integers(1, 9), st.integers(1, 9), st.integers(1, 4)),
)
DTYPES = st.one_of(
    npst.integer_dtypes(sizes=(8, 16, 32)),
    npst.unsigned_integer_dtypes(sizes=(8, 16)),
    npst.floating_dtypes(sizes=(16, 32, 64)),
    st.just(np.dtype(bool)),
)
LABELS = st.sampled_from(
    [
        [0, 1, 2],
        [-3, -1, 5],
        [1.0, 2.0, 3.0],
        ["a", "ab", "rest"],
        ["common", "rare", "x"],
        np.array([3, 4, 200], dtype=np.uint8),
    ]
)


@st.composite
def problems(draw):
    """X and y of two or three classes, each of at least two rows."""
    counts = draw(st.lists(st.integers(2, 9), min_size=2, max_size=3))
    labels = [False, True] if draw(st.booleans()) and len(counts) == 2 else draw(LABELS)
    y = np.repeat(np.asarray(labels)[: len(counts)], counts)
    y = np.array(draw(st.permutations(y.tolist())), dtype=y.dtype)
    dtype, shape = draw(DTYPES), draw(SHAPES)
    finite = {"allow_nan": False, "allow_infinity": False} if dtype.kind == "f" else {}
    elements = npst.from_dtype(dtype, **finite)
    return draw(npst.arrays(dtype, (len(y), *shape), elements=elements)), y


def resample(problem, ratio, synthetic_fraction, seed):
    """The sampler and what it returns; a ratio of None means "auto"."""
    X, y = problem
    # For two classes imbalanced-learn refuses a ratio below the present one.
    is_ratio = ratio is not None and len(np.unique(y)) > 2
    sampler = CycleGANOverSampler(
        sampling_strategy=ratio if is_ratio else "auto",
        synthetic_fraction=synthetic_fraction,
        max_iter=1,
        batch_size=2,
        random_state=seed,
    )
    return sampler, *sampler.fit_resample(X, y)


any_data = given(
    problem=problems(),
    ratio=st.one_of(st.none(), st.floats(0, 1, exclude_min=True)),
    synthetic_fraction=st.floats(0, 1),
    seed=st.integers(0, 2**31 - 1),
)
modest = settings(max_examples=25, deadline=None)


@modest
@any_data
def test_counts_are_exact(problem, ratio, synthetic_fraction, seed):
    sampler, _, y_new = resample(problem, ratio, synthetic_fraction, seed)
    counts = Counter(problem[1].tolist())
    wanted = max(counts.values())
    if isinstance(sampler.sampling_strategy, float):
        wanted = round(ratio * wanted)
    assert Counter(y_new.tolist()) == {label: max(n, wanted) for label, n in counts.items()}
    n_synthetic = sum(round(synthetic_fraction * max(wanted - n, 0)) for n in counts.values())
    assert np.count_nonzero(sampler.synthetic_mask_) == n_synthetic


@modest
@any_data
def test_originals_come_first_and_untouched(problem, ratio, synthetic_fraction, seed):
    X, y = problem
    bytes_X, bytes_y = X.tobytes(), y.tobytes()
    sampler, X_new, y_new = resample(problem, ratio, synthetic_fraction, seed)
    assert X_new[: len(X)].tobytes() == bytes_X == X.tobytes()
    assert y_new[: len(y)].tobytes() == bytes_y == y.tobytes()
    drawn = ~sampler.synthetic_mask_
    assert X_new[drawn].tobytes() == X[sampler.source_indices_[drawn]].tobytes()


@modest
@any_data
def test_dtype_shape_and_range_are_kept(problem, ratio, synthetic_fraction, seed):
    X, y = problem
    _, X_new, y_new = resample(problem, ratio, synthetic_fraction, seed)
    assert (X_new.dtype, X_new.shape[1:]) == (X.dtype, X.shape[1:])
    assert y_new.dtype == y.dtype
    if X.dtype != np.uint8:  # bytes have the range of their type
        assert X.min() <= X_new.min()
        assert X_new.max() <= X.max()


@modest
@any_data
def test_refits_are_identical_and_global_generators_left_alone(
    problem, ratio, synthetic_fraction, seed
):
    numpy_state, torch_state = np.random.get_state()[1].copy(), torch.get_rng_state()
    sampler, X_new, y_new = resample(problem, ratio, synthetic_fraction, seed)
    X_again, y_again = sampler.fit_resample(*problem)
    assert X_again.tobytes() == X_new.tobytes()
    assert_array_equal(y_again, y_new)
    assert_array_equal(np.random.get_state()[1], numpy_state)
    assert torch.equal(torch.get_rng_state(), torch_state)
