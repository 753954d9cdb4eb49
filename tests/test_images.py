"""ImageSpec: rows to tensors in [-1, 1] and back."""

import warnings

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from numpy.testing import assert_allclose, assert_array_equal

from skgan_aug.images import ImageSpec, check_image_shape


def encode(X, image_shape=None):
    spec = ImageSpec.from_array(X, image_shape)
    return spec, spec.encode(spec.as_tensor(X))


# Known answers


def test_bytes_of_images_map_by_their_type():
    _, x = encode(np.array([0, 51, 204, 255], dtype=np.uint8).reshape(1, 2, 2))
    assert x.dtype == torch.float32
    assert_allclose(x.flatten(), [-1, -0.6, 0.6, 1], atol=1e-6)


def test_other_images_map_by_their_range():
    _, x = encode(np.array([-2.0, 0.0, 1.0, 2.0]).reshape(1, 2, 2))
    assert_array_equal(x.flatten(), [-1, 0, 0.5, 1])


def test_vectors_map_column_by_column():
    _, x = encode(np.array([[0.0, 100.0], [1.0, 200.0], [0.5, 300.0]]))
    assert_array_equal(x, [[-1, -1], [1, 0], [0, 1]])


def test_channels_come_first():
    X = np.random.RandomState(0).randint(256, size=(5, 3, 4, 2)).astype(np.uint8)
    spec, x = encode(X)
    assert x.shape == (5, 2, 3, 4)
    assert_allclose(x[3, 1, 2, 0], X[3, 2, 0, 1] / 127.5 - 1, atol=1e-6)
    assert (spec.image_size, spec.n_channels) == ((3, 4), 2)


def test_flattened_images_equal_images():
    X = np.random.RandomState(0).randint(256, size=(5, 3, 4, 2)).astype(np.uint8)
    _, expected = encode(X)
    _, x = encode(X.reshape(5, -1), image_shape=(3, 4, 2))
    assert torch.equal(x, expected)


@pytest.mark.parametrize("shape", [(3, 2, 2), (3, 4)], ids=["images", "vectors"])
@pytest.mark.parametrize("value", [0, 7])
def test_constant_rows_come_back(shape, value):
    X = np.full(shape, value, dtype=np.int32)
    spec, x = encode(X)
    assert torch.isfinite(x).all()
    assert_array_equal(spec.decode(x), X)


def test_large_integers_differ_by_one():
    X = 2**30 + np.arange(5, dtype=np.int32).reshape(1, 1, 5)
    _, x = encode(X)
    assert_array_equal(x.flatten(), [-1, -0.5, 0, 0.5, 1])


def test_the_ends_of_the_range_are_not_overshot():
    ends = np.random.RandomState(0).uniform(size=(2, 500))
    spec = ImageSpec.from_array(ends)
    low, high = spec.decode(torch.tensor([[-1.0], [1.0]]).repeat(1, 500))
    assert (low >= ends.min(axis=0)).all()
    assert (high <= ends.max(axis=0)).all()


def test_what_lies_between_equal_ends_is_not_rounded_out_of_them():
    X = np.tile(np.random.RandomState(0).uniform(size=500), (2, 1))
    spec, _ = encode(X)
    x = torch.rand(2, 500, generator=torch.Generator().manual_seed(0)) * 2 - 1
    assert_array_equal(spec.decode(x), X)


def test_bools_are_the_nearer_of_the_two():
    spec, _ = encode(np.array([[[False, True]]]))
    assert_array_equal(spec.decode(torch.tensor([[[[-0.2, 0.2]]]])), [[[False, True]]])


def test_one_column_of_denormal_numbers_is_enough_for_double_precision():
    X = np.array([[0, 0], [1e-45, 1]], dtype=np.float32)
    assert_array_equal(encode(X)[1], [[-1, -1], [1, 1]])


def test_values_outside_the_range_are_clipped_on_the_way_back():
    spec, _ = encode(np.array([[[10, 20]]], dtype=np.int64))
    assert_array_equal(spec.decode(torch.tensor([[[[-3.0, 3.0]]]])), [[[10, 20]]])


@pytest.mark.parametrize("shape", [(2, 1, 2), (2, 2)], ids=["images", "vectors"])
def test_extremes_of_float64_do_not_overflow(shape):
    top = np.finfo(np.float64).max
    X = np.array([-top, top, top, -top]).reshape(shape)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        spec, x = encode(X)
        assert_array_equal(x.flatten(), [-1, 1, 1, -1])
        assert_array_equal(spec.decode(x), X)


def test_a_range_that_ends_where_float64_does_comes_back():
    top = np.finfo(np.float64).max
    X = np.array([0.05, 0.5, 0.97, 0.99]).reshape(1, 2, 2) * top
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        spec, x = encode(X)
        assert_allclose(spec.decode(x), X, rtol=1e-6)


def test_rows_of_another_shape_are_refused():
    spec, _ = encode(np.zeros((2, 3, 4)))
    with pytest.raises(ValueError, match=r"rows of shape \(4, 3\).*fitted on .*\(3, 4\)"):
        spec.check_rows(np.zeros((2, 4, 3)))


# Every dtype

ROWS = st.one_of(
    st.tuples(st.integers(1, 4), st.integers(1, 6)),
    st.tuples(st.integers(1, 3), st.integers(1, 4), st.integers(1, 4)),
    st.tuples(st.integers(1, 3), st.integers(1, 4), st.integers(1, 4), st.integers(1, 3)),
)


def arrays(dtypes):
    return dtypes.flatmap(
        lambda dtype: npst.arrays(
            dtype,
            ROWS,
            elements=npst.from_dtype(dtype, allow_nan=False, allow_infinity=False)
            if dtype.kind == "f"
            else None,
        )
    )


INTEGERS = st.one_of(
    npst.integer_dtypes(sizes=(8, 16), endianness="?"),
    npst.unsigned_integer_dtypes(sizes=(8, 16), endianness="?"),
    st.just(np.dtype(bool)),
)
FLOATS = npst.floating_dtypes(sizes=(16, 32, 64), endianness="?")


@settings(max_examples=100, deadline=None)
@given(arrays(INTEGERS))
def test_integers_come_back_exactly(X):
    spec, x = encode(X)
    assert x.abs().max() <= 1
    rows = spec.decode(x)
    assert rows.dtype == X.dtype
    assert_array_equal(rows, X)


@settings(max_examples=100, deadline=None)
@given(arrays(FLOATS))
def test_floats_come_back_to_float32_precision(X):
    spec, x = encode(X)
    assert x.abs().max() <= 1
    rows = spec.decode(x)
    assert rows.dtype == X.dtype
    assert rows.shape == X.shape
    largest = np.abs(X.astype(np.float64)).max()
    tolerance = 1e-3 if X.dtype.itemsize == 2 else 1e-6
    assert (
        np.abs(rows.astype(np.float64) / 2 - X.astype(np.float64) / 2) <= tolerance * largest
    ).all()


# Memory


def test_tensors_share_the_memory_of_rows():
    X = np.zeros((2, 3, 4), dtype=np.float32)
    tensor = ImageSpec.from_array(X).as_tensor(X)
    X[0, 0, 0] = 5
    assert tensor[0, 0, 0] == 5


def test_read_only_rows_do_not_warn():
    X = np.zeros((2, 3, 4), dtype=np.float32)
    X.flags.writeable = False
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        encode(X)


@pytest.mark.parametrize(
    "view",
    [lambda X: X[::-1], lambda X: X[:, ::2], np.asfortranarray, lambda X: X.astype(">i4")],
    ids=["reversed", "strided", "Fortran", "big-endian"],
)
def test_any_memory_layout(view):
    X = view(np.arange(96, dtype=np.int32).reshape(2, 6, 8))
    _, x = encode(X)
    assert_allclose(x[:, 0], (X - X.min()) / (X.max() - X.min()) * 2 - 1, atol=1e-6)


# check_image_shape


@pytest.mark.parametrize(
    ("shape", "declared", "expected"),
    [
        ((9, 12), None, None),
        ((9, 12), (3, 4), (3, 4)),
        ((9, 12), [2, 2, 3], (2, 2, 3)),
        ((9, 12), np.array([3, 4]), (3, 4)),
        ((9, 3, 4), None, (3, 4)),
        ((9, 3, 4), (3, 4), (3, 4)),
        ((9, 2, 2, 3), None, (2, 2, 3)),
    ],
    ids=str,
)
def test_image_shape_of_an_array(shape, declared, expected):
    assert check_image_shape(shape, declared) == expected
