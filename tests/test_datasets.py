"""Loaders return what is in the files, and say what is wrong with them."""

import sys

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits

from skgan_aug.datasets import (
    load_digits_images,
    load_image_folder,
    load_npz,
    make_imbalanced_images,
    resize_images,
)

RNG = np.random.default_rng(0)
X_TRAIN = RNG.integers(0, 256, (6, 5, 4, 3), dtype=np.uint8)
X_TEST = RNG.integers(0, 256, (3, 5, 4, 3), dtype=np.uint8)
Y_TRAIN, Y_TEST = np.array([0, 1, 2, 0, 1, 2]), np.array([2, 1, 0])
SPLIT = {"X_train": X_TRAIN, "y_train": Y_TRAIN, "X_test": X_TEST, "y_test": Y_TEST}


def save_npz(tmp_path, **arrays):
    path = tmp_path / "set.npz"
    np.savez(path, **arrays)
    return path


def save_image(path, array, mode=None):
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.fromarray(np.asarray(array))
    (image if mode is None else image.convert(mode)).save(path)


class TestNpz:
    def test_split_and_class_names(self, tmp_path):
        data = load_npz(save_npz(tmp_path, **SPLIT, classes=np.array(["a", "b", "c"])))
        np.testing.assert_array_equal(data.images, X_TRAIN)
        np.testing.assert_array_equal(data.data, X_TRAIN.reshape(6, 60))
        np.testing.assert_array_equal(data.target, Y_TRAIN)
        np.testing.assert_array_equal(data.test_images, X_TEST)
        np.testing.assert_array_equal(data.test_target, Y_TEST)
        assert data.target_names.tolist() == ["a", "b", "c"]
        assert data.images.dtype == np.uint8

    def test_without_split(self, tmp_path):
        data = load_npz(save_npz(tmp_path, X=X_TRAIN, y=Y_TRAIN))
        assert "test_images" not in data
        assert data.target_names.tolist() == ["0", "1", "2"]

    def test_vectors_have_no_images(self, tmp_path):
        data = load_npz(save_npz(tmp_path, X=X_TRAIN.reshape(6, -1), y=Y_TRAIN))
        assert "images" not in data
        assert data.data.shape == (6, 60)

    def test_return_x_y(self, tmp_path):
        X, y = load_npz(save_npz(tmp_path, **SPLIT), return_X_y=True)
        np.testing.assert_array_equal(X, X_TRAIN)
        np.testing.assert_array_equal(y, Y_TRAIN)

    @pytest.mark.parametrize(
        ("arrays", "message"),
        [
            ({"X_train": X_TRAIN}, "lacks y_train"),
            ({"images": X_TRAIN}, "lacks X_train, y_train; it holds images"),
            ({"X": X_TRAIN}, "lacks y;"),
            ({key: SPLIT[key] for key in ("X_train", "y_train", "X_test")}, "lacks y_test"),
            ({"X": X_TRAIN, "y": Y_TRAIN[:5]}, r"y must hold one label per row of X"),
            ({"X": X_TRAIN[:, 0, 0, 0], "y": Y_TRAIN}, "X must hold numbers of shape"),
            ({"X": X_TRAIN.astype(str), "y": Y_TRAIN}, "X must hold numbers"),
            ({**SPLIT, "X_test": X_TEST[:, :4]}, "X_test has rows of shape"),
            ({**SPLIT, "classes": np.array(["a", "b"])}, "classes names 2 classes"),
            ({"X": X_TRAIN, "y": Y_TRAIN.astype(object)}, "plain arrays"),
        ],
    )
    def test_bad_archives(self, tmp_path, arrays, message):
        with pytest.raises(ValueError, match=message):
            load_npz(save_npz(tmp_path, **arrays))

    def test_no_such_file(self, tmp_path):
        with pytest.raises(FileNotFoundError, match=r"no file .*nowhere\.npz"):
            load_npz(tmp_path / "nowhere.npz")

    @pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04broken"])
    def test_no_archive(self, tmp_path, content):
        path = tmp_path / "set.npz"
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r"cannot be read as a \.npz archive"):
            load_npz(path)


class TestFolder:
    def test_grey_classes_and_nested_folders(self, tmp_path):
        images = RNG.integers(0, 256, (3, 5, 4), dtype=np.uint8)
        save_image(tmp_path / "cat" / "1.png", images[0])
        save_image(tmp_path / "cat" / "indoor" / "2.png", images[1])
        save_image(tmp_path / "ant" / "3.PNG", images[2])
        (tmp_path / "cat" / "notes.txt").write_text("no image")
        (tmp_path / "cat" / ".hidden.png").write_bytes(b"no image")
        (tmp_path / ".cache").mkdir()

        data = load_image_folder(tmp_path)
        assert data.target_names.tolist() == ["ant", "cat"]
        assert data.target.tolist() == [0, 1, 1]
        np.testing.assert_array_equal(data.images, images[[2, 0, 1]])
        assert data.filenames[0].endswith("3.PNG")

    def test_one_colour_file_makes_all_colour(self, tmp_path):
        grey, colour = X_TRAIN[0, ..., 0], X_TRAIN[1]
        save_image(tmp_path / "a" / "1.png", grey)
        save_image(tmp_path / "b" / "2.png", colour)
        data = load_image_folder(tmp_path)
        np.testing.assert_array_equal(data.images[0], np.dstack([grey] * 3))
        np.testing.assert_array_equal(data.images[1], colour)

    def test_mode_overrides_files(self, tmp_path):
        save_image(tmp_path / "a" / "1.png", np.dstack([X_TRAIN[0, ..., 0]] * 3))
        save_image(tmp_path / "b" / "2.png", X_TRAIN[0, ..., 0])
        data = load_image_folder(tmp_path, mode="L")
        np.testing.assert_array_equal(data.images[0], data.images[1])
        assert load_image_folder(tmp_path, mode="RGB").images.shape == (2, 5, 4, 3)

    def test_deep_grey_levels_are_scaled(self, tmp_path):
        levels = np.array([[0, 257 * 100], [257 * 200, 65535]], dtype=np.uint16)
        save_image(tmp_path / "a" / "1.png", levels)
        save_image(tmp_path / "b" / "1.png", levels)
        data = load_image_folder(tmp_path)
        np.testing.assert_array_equal(data.images[0], [[0, 100], [200, 255]])

    def test_sizes_that_differ_need_size(self, tmp_path):
        save_image(tmp_path / "a" / "1.png", X_TRAIN[0])
        save_image(tmp_path / "b" / "2.png", X_TRAIN[0, :3])
        with pytest.raises(ValueError, match=r"1\.png is 5 x 4, .*2\.png is 3 x 4.*size="):
            load_image_folder(tmp_path)
        assert load_image_folder(tmp_path, size=8).images.shape == (2, 8, 8, 3)
        assert load_image_folder(tmp_path, size=(6, 7)).images.shape == (2, 6, 7, 3)

    def test_train_and_test_folders_are_splits(self, tmp_path):
        for name in ("a", "b"):
            save_image(tmp_path / "train" / name / "1.png", X_TRAIN[0])
        save_image(tmp_path / "test" / "b" / "1.png", X_TRAIN[1])
        data = load_image_folder(tmp_path)
        assert data.target_names.tolist() == ["a", "b"]
        assert data.test_target.tolist() == [1]
        np.testing.assert_array_equal(data.test_images, X_TRAIN[1:2])

    def test_unreadable_files_are_named(self, tmp_path):
        save_image(tmp_path / "a" / "1.png", X_TRAIN[0])
        for number in range(4):
            (tmp_path / "a" / f"broken{number}.png").write_bytes(b"no image")
        with pytest.raises(ValueError, match=r"4 of 5 .*broken0\.png.*and 1 more"):
            load_image_folder(tmp_path)

    def test_truncated_file_is_named(self, tmp_path):
        save_image(tmp_path / "a" / "1.png", X_TRAIN[0])
        whole = (tmp_path / "a" / "1.png").read_bytes()
        (tmp_path / "a" / "1.png").write_bytes(whole[: len(whole) // 2])
        with pytest.raises(ValueError, match=r"1 of 1 .*1\.png"):
            load_image_folder(tmp_path)

    def test_empty_folders(self, tmp_path):
        with pytest.raises(ValueError, match="holds no folders"):
            load_image_folder(tmp_path)
        (tmp_path / "a").mkdir()
        with pytest.raises(ValueError, match=r"class folder .*a holds no images"):
            load_image_folder(tmp_path)
        with pytest.raises(FileNotFoundError, match=r"no folder .*nowhere"):
            load_image_folder(tmp_path / "nowhere")

    def test_without_pillow(self, tmp_path, monkeypatch):
        monkeypatch.setitem(sys.modules, "PIL", None)
        with pytest.raises(ImportError, match=r"skgan_aug\[cli\]"):
            load_image_folder(tmp_path)

    def test_bad_mode(self, tmp_path):
        with pytest.raises(ValueError, match="mode='CMYK'"):
            load_image_folder(tmp_path, mode="CMYK")


def test_digits_keep_their_grey_levels():
    digits = load_digits_images()
    original = load_digits()
    assert digits.images.dtype == np.uint8
    assert digits.images.shape == (1797, 8, 8)
    np.testing.assert_allclose(digits.images / 255 * 16, original.images, atol=0.05)
    np.testing.assert_array_equal(digits.target, original.target)
    X, y = load_digits_images(return_X_y=True)
    np.testing.assert_array_equal(X, digits.images)
    np.testing.assert_array_equal(y, digits.target)


class TestResize:
    @pytest.mark.parametrize("dtype", [np.uint8, np.int32, np.float32, np.float64])
    @pytest.mark.parametrize("shape", [(3, 6, 8), (3, 6, 8, 3), (0, 6, 8, 1)])
    def test_shape_and_dtype(self, shape, dtype):
        resized = resize_images(np.full(shape, 200, dtype=dtype), (4, 5))
        assert resized.shape == (shape[0], 4, 5, *shape[3:])
        assert resized.dtype == dtype
        np.testing.assert_allclose(resized, 200, rtol=1e-6)

    def test_small_details_are_averaged_not_skipped(self):
        stripes = np.zeros((1, 16, 16), dtype=np.uint8)
        stripes[:, :, ::2] = 200
        inner = resize_images(stripes, 4)[0, :, 1:-1]
        np.testing.assert_allclose(inner, 100, atol=8)

    def test_agrees_with_pillow(self):
        resized = resize_images(X_TRAIN, (3, 2))
        for image, ours in zip(X_TRAIN, resized, strict=True):
            theirs = Image.fromarray(image).resize((2, 3), Image.Resampling.BILINEAR)
            np.testing.assert_allclose(ours.astype(int), np.asarray(theirs), atol=1)

    def test_same_size_is_a_copy(self):
        same = resize_images(X_TRAIN, (5, 4))
        np.testing.assert_array_equal(same, X_TRAIN)
        assert not np.shares_memory(same, X_TRAIN)

    def test_batches_agree_with_the_whole(self):
        many = RNG.integers(0, 256, (1030, 4, 4), dtype=np.uint8)
        resized = resize_images(many, 2)
        np.testing.assert_array_equal(resized[-1:], resize_images(many[-1:], 2))

    @pytest.mark.parametrize("size", [0, -3, (4,), (4, 0), "4", 2.5, (2.5, 3)])
    def test_bad_size(self, size):
        with pytest.raises(ValueError, match="size="):
            resize_images(X_TRAIN, size)

    def test_rows_are_refused(self):
        with pytest.raises(ValueError, match="Reshape rows"):
            resize_images(X_TRAIN.reshape(6, -1), 4)


class TestImbalance:
    X = np.arange(60).reshape(20, 3)
    y = np.repeat(["a", "b"], 10)

    def test_counts_and_correspondence(self):
        X, y = make_imbalanced_images(self.X, self.y, rare="b", rare_count=4, random_state=0)
        assert dict(zip(*np.unique(y, return_counts=True), strict=True)) == {"a": 10, "b": 4}
        rows = X[:, 0] // 3
        np.testing.assert_array_equal(y, self.y[rows])
        assert (np.diff(rows) > 0).all()

    def test_random_state_decides_the_draw(self):
        def draw(seed):
            X, _ = make_imbalanced_images(
                self.X, self.y, rare=["b"], rare_count=4, random_state=seed
            )
            return X.tolist()

        assert draw(0) == draw(0)
        assert len({str(draw(seed)) for seed in range(5)}) > 1

    def test_images_keep_shape_and_dtype(self):
        X, y = make_imbalanced_images(X_TRAIN, Y_TRAIN, rare=[0, 2], rare_count=1)
        assert X.shape == (4, 5, 4, 3)
        assert X.dtype == np.uint8
        assert np.bincount(y).tolist() == [1, 2, 1]

    @pytest.mark.parametrize(
        ("rare", "rare_count", "message"),
        [
            ("c", 4, "rare names class 'c', which is not in y"),
            ("b", 11, "rare_count=11, but class 'b' of rare has only 10"),
            ("b", 0, "rare_count=0"),
            ("b", 2.5, "rare_count=2.5"),
            ([], 2, "rare names no class"),
        ],
    )
    def test_bad_arguments(self, rare, rare_count, message):
        with pytest.raises(ValueError, match=message):
            make_imbalanced_images(self.X, self.y, rare=rare, rare_count=rare_count)

    def test_lengths_must_agree(self):
        with pytest.raises(ValueError, match="inconsistent numbers of samples"):
            make_imbalanced_images(self.X, self.y[:5], rare="b", rare_count=4)
