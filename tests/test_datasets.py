"""Loaders return what is in the files, and say what is wrong with them."""

import gzip
import os
import struct
import sys
import tracemalloc
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits
from sklearn.model_selection import LeaveOneGroupOut

from skgan_aug.datasets import (
    load_digits_images,
    load_fashion_mnist,
    load_fer2013,
    load_image_folder,
    load_jaffe,
    load_npz,
    load_sfew,
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


def deep_colour_png(pixels):
    """The bytes of a PNG file of 16-bit colours, which Pillow reads but does not write."""

    def chunk(kind, content):
        checksum = struct.pack(">I", zlib.crc32(kind + content))
        return struct.pack(">I", len(content)) + kind + content + checksum

    height, width, _ = pixels.shape
    header = struct.pack(">IIBBBBB", width, height, 16, 2, 0, 0, 0)
    rows = b"".join(b"\0" + row.tobytes() for row in pixels.astype(">u2"))
    chunks = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


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

    def test_groups(self, tmp_path):
        groups = np.array(list("aabbcc"))
        data = load_npz(save_npz(tmp_path, **SPLIT, groups=groups))
        np.testing.assert_array_equal(data.groups, groups)

    def test_a_test_part_beside_x_and_y(self, tmp_path):
        arrays = {"X": X_TRAIN, "y": Y_TRAIN, "X_test": X_TEST, "y_test": Y_TEST}
        data = load_npz(save_npz(tmp_path, **arrays))
        np.testing.assert_array_equal(data.test_images, X_TEST)

    def test_a_validation_part(self, tmp_path):
        arrays = {"X": X_TRAIN, "y": Y_TRAIN, "X_val": X_TEST, "y_val": Y_TEST}
        data = load_npz(save_npz(tmp_path, **arrays))
        np.testing.assert_array_equal(data.validation_images, X_TEST)
        np.testing.assert_array_equal(data.validation_target, Y_TEST)
        assert "test_images" not in data

    def test_class_names_of_a_bunch(self, tmp_path):
        data = load_npz(save_npz(tmp_path, **SPLIT, target_names=["a", "b", "c"]))
        assert data.target_names.tolist() == ["a", "b", "c"]

    def test_class_names_of_names_are_sorted(self, tmp_path):
        arrays = {"X": X_TRAIN[:3], "y": ["dog", "cat", "dog"], "classes": ["dog", "cat"]}
        data = load_npz(save_npz(tmp_path, **arrays))
        assert data.target_names.tolist() == ["cat", "dog"]

    def test_arrays_that_are_not_read_are_named(self, tmp_path):
        arrays = {"X": X_TRAIN, "y": Y_TRAIN, "X_train": X_TRAIN, "masks": Y_TRAIN}
        with pytest.warns(UserWarning, match="not read: X_train, masks. Those that can be"):
            load_npz(save_npz(tmp_path, **arrays))
        with pytest.warns(UserWarning, match="not read: arr_0, .*, arr_4 and 2 more."):
            load_npz(save_npz(tmp_path, **SPLIT, **{f"arr_{i}": Y_TEST for i in range(7)}))

    def test_booleans_are_images_of_1_bit(self, tmp_path):
        bits = X_TRAIN[..., 0] > 127
        save_image(tmp_path / "files" / "a" / "1.png", bits[0])
        (from_file,) = load_image_folder(tmp_path / "files").images
        data = load_npz(save_npz(tmp_path, X=bits, y=Y_TRAIN, X_test=bits, y_test=Y_TRAIN))
        assert data.images.dtype == data.test_images.dtype == from_file.dtype == np.uint8
        np.testing.assert_array_equal(data.images[0], from_file)

    def test_names_may_be_bytes(self, tmp_path):
        names = np.array([name.encode() for name in ("café", "thé", "eau")])
        data = load_npz(save_npz(tmp_path, **SPLIT, classes=names))
        assert data.target_names.tolist() == ["café", "thé", "eau"]

    def test_a_member_that_is_no_array(self, tmp_path):
        path = save_npz(tmp_path, y=Y_TRAIN)
        with zipfile.ZipFile(path, "a") as archive:
            archive.writestr("X", b"hello")
        with pytest.raises(ValueError, match=r"set\.npz cannot be read .*X in it is no array"):
            load_npz(path)

    def test_labels_that_are_whole_floats(self, tmp_path):
        data = load_npz(save_npz(tmp_path, X=X_TRAIN, y=Y_TRAIN.astype(float)))
        np.testing.assert_array_equal(data.target, Y_TRAIN)
        assert data.target.dtype == np.int64

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
            ({"X": X_TRAIN[:, :0], "y": Y_TRAIN}, "X is empty. Store at least one image"),
            (
                {"X": X_TRAIN, "y": np.where(Y_TRAIN == 1, "é".encode("latin1"), b"a")},
                "y holds bytes that are no UTF-8",
            ),
            ({"X": X_TRAIN[:0], "y": Y_TRAIN[:0]}, "X is empty. Store at least one image"),
            ({**SPLIT, "X_test": X_TEST[:0], "y_test": Y_TEST[:0]}, "X_test is empty"),
            ({"X": X_TRAIN[:, 0, 0, 0], "y": Y_TRAIN}, "X must hold numbers of shape"),
            ({"X": X_TRAIN.astype(str), "y": Y_TRAIN}, "X must hold numbers"),
            ({**SPLIT, "X_test": X_TEST[:, :4]}, "X_test has rows of shape"),
            ({**SPLIT, "classes": np.array(["a", "b"])}, "classes names 2 classes"),
            ({"X": X_TRAIN, "y": Y_TRAIN.astype(object)}, "plain arrays"),
            ({"X": X_TRAIN, "y": Y_TRAIN, "groups": Y_TEST}, "groups must hold one entry"),
            ({"X": X_TRAIN, "y": Y_TRAIN, "X_val": X_TEST}, "lacks y_val"),
            ({**SPLIT, "X_val": X_TEST[:, :4], "y_val": Y_TEST}, "X_val has rows of shape"),
            ({"X": X_TRAIN, "y": Y_TRAIN * 1e30}, "y must hold class labels.*got float64"),
            ({**SPLIT, "X_test": X_TEST > 99}, "X_test holds bool, X_train uint8, and"),
            ({**SPLIT, "X_train": X_TRAIN > 99}, "X_test holds uint8, X_train bool, and"),
            (
                {**SPLIT, "classes": np.array(["é".encode("latin1"), b"a", b"b"])},
                "classes holds bytes that are no UTF-8",
            ),
            ({"X": X_TRAIN, "y": Y_TRAIN + 0.5}, "y must hold class labels.*got float64"),
            ({**SPLIT, "classes": ["a", "b", "a"]}, "classes names a class twice"),
            ({**SPLIT, "target_names": ["a", "b"]}, "target_names names 2 classes"),
            ({**SPLIT, "classes": 3}, "classes names 1 classes"),
            ({**SPLIT, "y_test": Y_TEST + 1, "classes": ["a", "b", "c"]}, "labels are .*3"),
            (
                {"X": X_TRAIN, "y": np.where(Y_TRAIN == 1, np.inf, 0)},
                "y must hold class labels",
            ),
        ],
    )
    def test_bad_archives(self, tmp_path, arrays, message):
        with pytest.raises(ValueError, match=message):
            load_npz(save_npz(tmp_path, **arrays))

    def test_small_archives_that_promise_large_ones(self, tmp_path, monkeypatch):
        path = tmp_path / "set.npz"
        np.savez_compressed(path, X=np.zeros((999, 8, 8)), y=np.arange(999) % 2)
        assert load_npz(path).images.shape == (999, 8, 8)  # harmless
        monkeypatch.setattr("skgan_aug.datasets._npz._ALWAYS_BYTES", 10**5)
        with pytest.raises(ValueError, match=r"says that it holds 5\d{5} bytes"):
            load_npz(path)

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

    def test_deep_grey_levels_are_scaled_alike_in_every_file(self, tmp_path):
        for name, brightest in (("a", 255), ("b", 256), ("c", 65535)):
            levels = np.array([[0, brightest]], dtype=np.uint16)
            save_image(tmp_path / name / "1.png", levels)
        data = load_image_folder(tmp_path)
        assert data.images.max(axis=(1, 2)).tolist() == [0, 1, 255]

    @pytest.mark.parametrize("factor", [256, 257])  # both are ways of writing 8 bits on 16
    def test_deep_levels_are_scaled_alike_in_grey_and_colour(self, tmp_path, factor):
        levels = np.arange(256, dtype=np.uint16).reshape(16, 16)
        deep = levels * np.uint16(factor)
        save_image(tmp_path / "grey" / "1.png", deep)
        save_image(tmp_path / "grey" / "2.tif", deep)
        (tmp_path / "colour").mkdir()
        (tmp_path / "colour" / "1.png").write_bytes(deep_colour_png(np.dstack([deep] * 3)))
        for image in load_image_folder(tmp_path, mode="L").images:
            np.testing.assert_array_equal(image, levels)

    @pytest.mark.parametrize(("bits", "brightest"), [(12, 15), (8, 0)])
    def test_levels_of_fewer_bits_in_16_are_warned_of(self, tmp_path, bits, brightest):
        levels = np.array([[0, 2**bits - 1]], dtype=np.uint16)
        save_image(tmp_path / "a" / "1.png", levels)
        message = f"nearly black: none is brighter than {brightest} of 255"
        with pytest.warns(UserWarning, match=message):
            load_image_folder(tmp_path)

    def test_a_class_of_fewer_bits_is_warned_of_beside_others(self, tmp_path):
        levels = RNG.integers(0, 2**12, (5, 4), dtype=np.uint16)
        save_image(tmp_path / "a" / "1.png", (levels >> 4).astype(np.uint8))
        save_image(tmp_path / "b" / "1.tif", levels)
        with pytest.warns(UserWarning, match=r"All images of \S+b are nearly black"):
            load_image_folder(tmp_path)

    def test_a_class_that_cannot_be_read_is_refused(self, tmp_path):
        save_image(tmp_path / "a" / "1.png", X_TRAIN[0])
        (tmp_path / "b").mkdir()
        (tmp_path / "b" / "1.png").write_bytes(b"damaged")
        with (
            pytest.warns(UserWarning, match="cannot be read"),
            pytest.raises(ValueError, match=r"No image of class 'b' in .* can be read"),
        ):
            load_image_folder(tmp_path, unreadable="list")

    def test_what_is_no_image_by_its_name_is_listed(self, tmp_path):
        save_image(tmp_path / "a" / "1.png", X_TRAIN[0])
        (tmp_path / "a" / "2.heic").touch()
        assert load_image_folder(tmp_path).passed_over == [str(tmp_path / "a" / "2.heic")]

    def test_images_in_no_class_folder_are_warned_of(self, tmp_path):
        save_image(tmp_path / "a" / "1.png", X_TRAIN[0])
        for name in ("1.png", "2.png", ".hidden.png", "notes.txt"):
            (tmp_path / name).touch()
        named = rf"in no class folder: 2 \({tmp_path}/1.png; {tmp_path}/2.png\)"
        with pytest.warns(UserWarning, match=named):
            data = load_image_folder(tmp_path)
        assert len(data.images) == 1
        assert data.unreadable == []

    def test_images_beside_the_folders_of_splits_are_warned_of(self, tmp_path):
        for split in ("train", "test"):
            save_image(tmp_path / split / "a" / "1.png", X_TRAIN[0])
        (tmp_path / "1.png").touch()
        match = rf"in no class folder: 1 \({tmp_path}/1.png\)"
        with pytest.warns(UserWarning, match=match) as warned:
            assert len(load_image_folder(tmp_path).images) == 1
        assert warned[0].filename == __file__

    def test_accents_may_be_written_apart(self, tmp_path):
        apart, composed = "gru\u0308n", "grün"
        for folder in (f"train/{apart}", "train/blau", f"test/{composed}"):
            save_image(tmp_path / folder / "1.png", X_TRAIN[0])
        data = load_image_folder(tmp_path)
        assert data.target_names.tolist() == ["blau", composed]
        assert data.test_target.tolist() == [1]
        save_image(tmp_path / "train" / composed / "2.png", X_TRAIN[0])
        with pytest.raises(ValueError, match=r"differ only in how accents .*'gru\\u0308n'"):
            load_image_folder(tmp_path)

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

    def test_validation_folder_is_a_split(self, tmp_path):
        for split in ("Train", "Test", "Val"):
            save_image(tmp_path / split / "a" / "1.png", X_TRAIN[0])
        save_image(tmp_path / "Train" / "b" / "1.png", X_TRAIN[1])
        data = load_image_folder(tmp_path)
        assert data.target.tolist() == [0, 1]
        assert data.validation_target.tolist() == data.test_target.tolist() == [0]
        np.testing.assert_array_equal(data.validation_images, X_TRAIN[:1])

    def test_other_names_of_splits(self, tmp_path):
        for split in ("training", "testing", "dev"):
            save_image(tmp_path / split / "a" / "1.png", X_TRAIN[0])
        data = load_image_folder(tmp_path)
        assert data.target_names.tolist() == ["a"]
        assert len(data.test_images) == len(data.validation_images) == 1

    @pytest.mark.parametrize("other", ["pred", "testing"])
    def test_splits_beside_something_else_are_refused(self, tmp_path, other):
        for split in ("train", "test", other):
            save_image(tmp_path / split / "a" / "1.png", X_TRAIN[0])
        words = rf"holds .*train.* beside {'test' if other == 'testing' else other}"
        with pytest.raises(ValueError, match=words):
            load_image_folder(tmp_path)

    def test_a_class_may_be_called_train(self, tmp_path):
        for name in ("train", "bus"):
            save_image(tmp_path / name / "1.png", X_TRAIN[0])
        assert load_image_folder(tmp_path).target_names.tolist() == ["bus", "train"]

    def test_a_class_that_only_other_splits_have_is_refused(self, tmp_path):
        save_image(tmp_path / "train" / "a" / "1.png", X_TRAIN[0])
        save_image(tmp_path / "test" / "b" / "1.png", X_TRAIN[0])
        with pytest.raises(ValueError, match=r"test holds class 'b', which the training"):
            load_image_folder(tmp_path)

    @pytest.mark.parametrize(
        ("resize", "values"), [("crop", [20, 30]), ("pad", [10, 20, 30, 40])]
    )
    def test_proportions_are_kept(self, tmp_path, resize, values):
        bands = np.repeat(np.array([10, 20, 30, 40], dtype=np.uint8), 4)
        save_image(tmp_path / "a" / "1.png", np.tile(bands, (8, 1)))
        (image,) = load_image_folder(tmp_path, size=8, resize=resize).images
        assert image.shape == (8, 8)
        middles = image[4, :: len(image) // len(values)]
        np.testing.assert_allclose(middles.astype(int), values, atol=3)
        if resize == "pad":
            np.testing.assert_array_equal(image, np.tile(image[4], (8, 1)))

    def test_any_format(self, tmp_path):
        modes = {"gif": "P", "bmp": "RGB", "webp": "RGB", "jpg": "CMYK", "tif": "RGBA"}
        for suffix, mode in modes.items():
            save_image(tmp_path / "a" / f"1.{suffix}", np.full((9, 9, 3), 99, np.uint8), mode)
        data = load_image_folder(tmp_path, size=8)
        assert data.images.shape == (5, 8, 8, 3)
        np.testing.assert_allclose(data.images.astype(int), 99, atol=30)  # palettes are coarse

    def test_exif_turns_the_image(self, tmp_path):
        (tmp_path / "a").mkdir()
        exif = Image.Exif()
        exif[0x0112] = 6  # to be turned a quarter
        Image.fromarray(X_TRAIN[0]).save(tmp_path / "a" / "1.png", exif=exif)
        (image,) = load_image_folder(tmp_path).images
        np.testing.assert_array_equal(image, np.rot90(X_TRAIN[0], -1))

    def test_odd_exif_data_do_not_keep_an_image_from_being_read(self, tmp_path):
        exif = Image.Exif()
        exif[0x0112], exif[0x0131] = 6, "a camera"
        text, number = b"\x31\x01\x02\x00", b"\x31\x01\x09\x00"  # of that entry
        raws = {"6": exif.tobytes().replace(text, number), "none": b"Exif\0\0II*\0"}
        for name, raw in raws.items():
            (tmp_path / name / "a").mkdir(parents=True)
            Image.fromarray(X_TRAIN[0]).save(tmp_path / name / "a" / "1.png", exif=raw)
        (turned,), (upright,) = (load_image_folder(tmp_path / name).images for name in raws)
        np.testing.assert_array_equal(upright, X_TRAIN[0])
        np.testing.assert_array_equal(turned, np.rot90(X_TRAIN[0], -1))

    @pytest.mark.parametrize("mode", ["L", "P", "RGB", "RGBA", "I;16"])
    def test_turned_tiff_files(self, tmp_path, mode):
        exif = Image.Exif()
        exif[0x0112] = 6
        deep = Image.fromarray(X_TRAIN[0, ..., 0] * np.uint16(257))
        image = deep if mode == "I;16" else Image.fromarray(X_TRAIN[0]).convert(mode)
        for name, options in (("png", {}), ("tif", {"exif": exif})):
            (tmp_path / name / "a").mkdir(parents=True)
            image.save(tmp_path / name / "a" / f"1.{name}", **options)
        (upright,) = load_image_folder(tmp_path / "png").images
        (turned,) = load_image_folder(tmp_path / "tif").images
        np.testing.assert_array_equal(turned, np.rot90(upright, -1))

    def test_levels_of_unknown_range_are_refused(self, tmp_path):
        for name, dtype in (("1", np.float32), ("2", np.int32)):
            save_image(tmp_path / "a" / f"{name}.tif", np.full((4, 4), 1e6, dtype))
        with pytest.raises(ValueError, match=r"2 of 2 .*floating-point.*1000000"):
            load_image_folder(tmp_path)

    def test_unreadable_files_are_listed(self, tmp_path):
        save_image(tmp_path / "a" / "1.png", X_TRAIN[0])
        (tmp_path / "a" / "0.png").write_bytes(b"no image")
        (tmp_path / "a" / "2.png").touch()
        save_image(tmp_path / "b" / "3.png", X_TRAIN[1])
        with pytest.warns(UserWarning, match=r"2 of 4 .*0\.png: no image of.*left out"):
            data = load_image_folder(tmp_path, unreadable="list")
        assert data.target.tolist() == [0, 1]
        assert [file[-5:] for file in data.filenames] == ["1.png", "3.png"]
        assert [(file[-5:], reason) for file, reason in data.unreadable] == [
            ("0.png", "no image of a known format"),
            ("2.png", "empty file"),
        ]
        np.testing.assert_array_equal(data.images, X_TRAIN[:2])

    def test_nothing_readable(self, tmp_path):
        (tmp_path / "a").mkdir()
        (tmp_path / "a" / "1.png").touch()
        with (
            pytest.warns(UserWarning, match="1 of 1"),
            pytest.raises(ValueError, match="None of the 1 image files"),
        ):
            load_image_folder(tmp_path, unreadable="list")

    def test_bombs_are_not_opened(self, tmp_path, monkeypatch):
        save_image(tmp_path / "a" / "1.png", np.zeros((40, 40), np.uint8))
        for limit in (1000, 100):  # Pillow warns above its limit, and fails above twice that
            monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", limit)
            with pytest.raises(ValueError, match=r"1\.png: Image size \(1600 pixels\)"):
                load_image_folder(tmp_path)

    def test_postscript_is_not_run(self, tmp_path, monkeypatch):
        save_image(tmp_path / "a" / "1.png", X_TRAIN[0])
        script = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n"
        for name in ("2.png", "3.eps"):
            (tmp_path / "a" / name).write_bytes(script)
        monkeypatch.setattr("subprocess.check_call", lambda *_, **__: pytest.fail("was run"))
        with pytest.raises(ValueError, match=r"1 of 2 .*2\.png: no image of a known format"):
            load_image_folder(tmp_path)

    def test_links_out_of_the_folder_are_refused(self, tmp_path):
        save_image(tmp_path / "secret.png", X_TRAIN[0])
        save_image(tmp_path / "set" / "a" / "1.png", X_TRAIN[0])
        folder = tmp_path / "set" / "a"
        (folder / "inside.png").symlink_to("1.png")
        (folder / "out.png").symlink_to(tmp_path / "secret.png")
        (folder / "nothing.png").symlink_to("nowhere.png")
        (folder / "loop.png").symlink_to("loop.png")
        (folder / "folder").symlink_to(tmp_path)
        os.mkfifo(folder / "pipe.png")
        (folder / "zero.png").symlink_to("/dev/zero")
        with pytest.warns(UserWarning, match="6 of 8"):
            data = load_image_folder(tmp_path / "set", unreadable="list")
        assert len(data.images) == 2
        assert {file.rpartition("/")[2]: reason for file, reason in data.unreadable} == {
            "folder": "a link to a folder",
            "loop.png": "a link to nothing",
            "nothing.png": "a link to nothing",
            "out.png": "a link out of the folder",
            "pipe.png": "no regular file but a device, pipe or folder",
            "zero.png": "a link out of the folder",
        }

    def test_a_class_folder_that_is_a_link_out_is_refused(self, tmp_path):
        save_image(tmp_path / "elsewhere" / "1.png", X_TRAIN[0])
        (tmp_path / "set").mkdir()
        (tmp_path / "set" / "a").symlink_to(tmp_path / "elsewhere")
        with pytest.raises(ValueError, match=r"set/a is a link out of"):
            load_image_folder(tmp_path / "set")

    def test_a_class_folder_that_is_a_link_to_another_is_refused(self, tmp_path):
        save_image(tmp_path / "a" / "1.png", X_TRAIN[0])
        (tmp_path / "b").symlink_to("a")
        with pytest.raises(ValueError, match=r"class folder \S+b is a link, which"):
            load_image_folder(tmp_path)

    @pytest.mark.parametrize("load", [load_image_folder, load_fer2013, load_sfew])
    def test_a_split_that_is_a_link_out_is_refused(self, tmp_path, load):
        folder = tmp_path / "set"
        save_image(folder / "val" / "happy" / "1.png", FACES[0])
        save_image(folder / "test" / "happy" / "1.png", FACES[0])
        save_image(tmp_path / "elsewhere" / "happy" / "1.png", FACES[1])
        (folder / "train").symlink_to(tmp_path / "elsewhere")
        with pytest.raises(ValueError, match=r"set/train is a link out of"):
            load(folder)

    def test_links_from_split_to_split_are_followed(self, tmp_path):
        for split, image in (("train", X_TRAIN[0]), ("test", X_TRAIN[1])):
            save_image(tmp_path / split / "a" / "1.png", image)
        (tmp_path / "train" / "a" / "2.png").symlink_to("../../test/a/1.png")
        np.testing.assert_array_equal(load_image_folder(tmp_path).images, X_TRAIN[:2])

    def test_a_folder_that_may_not_be_entered_is_listed(self, tmp_path, monkeypatch):
        save_image(tmp_path / "a" / "1.png", X_TRAIN[0])
        save_image(tmp_path / "a" / "sub" / "2.png", X_TRAIN[0])
        is_dir = Path.is_dir

        def refused(path):  # the tests may run as root, who may do anything
            if path.parent.name == "sub":
                raise PermissionError(13, "Permission denied", str(path))
            return is_dir(path)

        monkeypatch.setattr(Path, "is_dir", refused)
        with pytest.warns(UserWarning, match=r"1 of 2 .*2\.png: Permission denied"):
            assert len(load_image_folder(tmp_path, unreadable="list").images) == 1

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
        with pytest.raises(ValueError, match=r"class folder .*a holds no images\. Fill or"):
            load_image_folder(tmp_path)
        (tmp_path / "a" / "1.czi").touch()
        with pytest.raises(ValueError, match=r"Save its files, such as 1\.czi, as PNG"):
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
        with pytest.raises(ValueError, match="resize='squeeze'"):
            load_image_folder(tmp_path, resize="squeeze")
        with pytest.raises(ValueError, match="unreadable='skip'"):
            load_image_folder(tmp_path, unreadable="skip")


FACES = RNG.integers(0, 256, (7, 48, 48), dtype=np.uint8)
EMOTIONS = ["angry", "disgust", "fear", "happy", "sad", "surprise", "neutral"]


def fer_row(label, number, usage=None, before_usage=()):
    pixels = " ".join(map(str, FACES[number].ravel().tolist()))
    return ",".join([str(label), *before_usage, *([usage] if usage else []), pixels])


class TestFER2013:
    def write(self, path, *rows, header="emotion,pixels,Usage"):
        path.write_text("\n".join([header, *rows]) + "\n")
        return path

    def write_official(self, path):
        rows = [f"{fer_row(label, label)},Training" for label in range(4)]
        rows += [f"{fer_row(6, 4)},PublicTest", f"{fer_row(6, 1)},PublicTest"]
        rows += [f"{fer_row(5, 5)},PrivateTest", f"{fer_row(2, 0)},PrivateTest"]
        rows += [f"{fer_row(5, 4)},PrivateTest"]
        return self.write(path, *rows)

    def test_splits_without_leaks(self, tmp_path):
        data = load_fer2013(self.write_official(tmp_path / "fer2013.csv"))
        assert data.target_names.tolist() == EMOTIONS
        np.testing.assert_array_equal(data.images, FACES[[2, 3]])
        np.testing.assert_array_equal(data.target, [2, 3])
        np.testing.assert_array_equal(data.validation_images, FACES[[1]])
        np.testing.assert_array_equal(data.test_images, FACES[[5, 0, 4]])
        np.testing.assert_array_equal(data.test_target, [5, 2, 5])
        assert data.test_data.shape == (3, 48 * 48)
        assert data.n_leaks == {"test": 0, "validation": 1, "train": 2}

    def test_everything(self, tmp_path):
        path = self.write_official(tmp_path / "fer2013.csv")
        data = load_fer2013(path, drop_leaks=False)
        assert (len(data.images), len(data.validation_images), len(data.test_images)) == (
            4,
            2,
            3,
        )
        assert set(data.n_leaks.values()) == {0}
        X, y = load_fer2013(path, drop_leaks=False, return_X_y=True)
        np.testing.assert_array_equal(X, FACES[:4])
        np.testing.assert_array_equal(y, [0, 1, 2, 3])

    def test_the_layout_with_spaces_in_its_header(self, tmp_path):
        self.write(
            tmp_path / "icml_face_data.csv",
            fer_row(3, 0, "Training"),
            fer_row(1, 1, "PrivateTest"),
            header="emotion, Usage, pixels",
        )
        data = load_fer2013(tmp_path)
        np.testing.assert_array_equal(data.images, FACES[:1])
        np.testing.assert_array_equal(data.test_images, FACES[1:2])
        assert "validation_images" not in data

    def test_training_file_of_the_competition(self, tmp_path):
        self.write(tmp_path / "train.csv", fer_row(3, 0), header="emotion,pixels")
        (tmp_path / "test.csv").write_text("pixels\n1 2 3\n")
        data = load_fer2013(tmp_path)
        assert data.target.tolist() == [3]
        assert "test_images" not in data
        with pytest.raises(ValueError, match=r"lacks the column 'emotion'.*no labels"):
            load_fer2013(tmp_path / "test.csv")

    def test_a_table_that_is_a_link_out_is_refused(self, tmp_path):
        (tmp_path / "set").mkdir()
        self.write_official(tmp_path / "elsewhere.csv")
        (tmp_path / "set" / "fer2013.csv").symlink_to(tmp_path / "elsewhere.csv")
        with pytest.raises(ValueError, match=r"fer2013\.csv is a link out of .*set, which"):
            load_fer2013(tmp_path / "set")
        assert len(load_fer2013(tmp_path / "set" / "fer2013.csv").images)  # named by the user

    def test_class_folders(self, tmp_path):
        save_image(tmp_path / "train" / "happy" / "1.png", FACES[0])
        save_image(tmp_path / "train" / "angry" / "1.png", FACES[1])
        save_image(tmp_path / "test" / "neutral" / "1.png", FACES[1])
        data = load_fer2013(tmp_path)
        np.testing.assert_array_equal(data.images, FACES[:1])
        assert data.target.tolist() == [3]
        assert data.test_target.tolist() == [6]
        assert data.n_leaks == {"test": 0, "train": 1}
        save_image(tmp_path / "test" / "bored" / "1.png", FACES[1])
        with pytest.raises(ValueError, match=r"folder 'bored', which is no expression"):
            load_fer2013(tmp_path)

    def test_unreadable_files_of_class_folders_are_listed(self, tmp_path):
        for split in ("train", "test"):
            save_image(tmp_path / split / "happy" / "1.png", FACES[0])
        (tmp_path / "train" / "happy" / "2.png").touch()
        with pytest.warns(UserWarning, match=r"1 of 3 .*2\.png: empty file") as warned:
            data = load_fer2013(tmp_path, unreadable="list", drop_leaks=False)
        assert warned[0].filename == __file__
        assert [reason for _, reason in data.unreadable] == ["empty file"]
        assert len(data.images) == len(data.test_images) == 1

    @pytest.mark.parametrize(
        ("row", "message"),
        [
            ("7,1 2,Training", "line 2: emotion is '7'"),
            ("x,1 2,Training", "line 2: emotion is 'x'"),
            ("3,1 2,Training", "there are 2 pixels"),
            ("3,1 -2,Training", "pixels must be numbers"),
            ("3,1 256,Training", "pixels must be numbers"),
            ("3,1 b,Training", "pixels must be numbers"),
            ("3,1 2,Trainig", "Usage is 'Trainig'"),
            ("3,1 2", "there are 2 fields instead of 3"),
            (f"3,{'1 ' * 99999},Training", "field larger"),
            ("", "holds no image of the split Training"),
        ],
    )
    def test_bad_rows(self, tmp_path, row, message):
        with pytest.raises(ValueError, match=rf"fer2013\.csv.*{message}"):
            load_fer2013(self.write(tmp_path / "fer2013.csv", row))

    def test_bad_paths(self, tmp_path):
        with pytest.raises(FileNotFoundError, match=r"nowhere\.csv"):
            load_fer2013(tmp_path / "nowhere.csv")
        with pytest.raises(ValueError, match=r"neither fer2013\.csv.*nor the folders"):
            load_fer2013(tmp_path)
        with pytest.raises(ValueError, match=r"lacks the column 'emotion'; it holds a, b"):
            load_fer2013(self.write(tmp_path / "fer2013.csv", header="a,b"))


class TestJAFFE:
    NAMES = ("KA.AN1.39.tiff", "KA.NE2.27.tiff", "YM.DI1.64.TIFF", "YM.SU3.60.tiff")

    def test_subjects_and_expressions(self, tmp_path):
        for number, name in enumerate(self.NAMES):
            save_image(tmp_path / "jaffe" / name, FACES[number])
        (tmp_path / "README").touch()
        data = load_jaffe(tmp_path)
        assert data.target_names[data.target].tolist() == [
            *("angry", "neutral", "disgust", "surprise")
        ]
        assert data.groups.tolist() == ["KA", "KA", "YM", "YM"]
        np.testing.assert_array_equal(data.images, FACES[:4])
        for train, test in LeaveOneGroupOut().split(data.data, data.target, data.groups):
            assert not set(data.groups[train]) & set(data.groups[test])
        X, y = load_jaffe(tmp_path, size=24, return_X_y=True)
        assert X.shape == (4, 24, 24)
        np.testing.assert_array_equal(y, data.target)

    def test_names_in_small_letters(self, tmp_path):
        for name in (self.NAMES[0], "ka.an2.40.tiff"):
            save_image(tmp_path / name, FACES[0])
        data = load_jaffe(tmp_path)
        assert data.groups.tolist() == ["KA", "KA"]
        assert data.target_names[data.target].tolist() == ["angry", "angry"]

    def test_other_names(self, tmp_path):
        for name in (self.NAMES[0], "KA.XX1.3.tiff", "portrait.tiff"):
            save_image(tmp_path / name, FACES[0])
        with pytest.raises(ValueError, match=r"2 of 3 .*portrait\.tiff: its name"):
            load_jaffe(tmp_path)
        with pytest.warns(UserWarning, match="2 of 3"):
            data = load_jaffe(tmp_path, unreadable="list")
        assert data.groups.tolist() == ["KA"]

    def test_bad_paths(self, tmp_path):
        with pytest.raises(FileNotFoundError, match="no folder"):
            load_jaffe(tmp_path / "nowhere")
        with pytest.raises(ValueError, match="holds no images"):
            load_jaffe(tmp_path)


class TestSFEW:
    def test_train_and_val(self, tmp_path):
        save_image(tmp_path / "Train" / "Happy" / "a_1.png", X_TRAIN[0])
        save_image(tmp_path / "Train" / "Angry" / "a_2.png", X_TRAIN[1])
        save_image(tmp_path / "Val" / "Fear" / "b_1.png", X_TRAIN[2])
        data = load_sfew(tmp_path)
        assert data.target_names[data.target].tolist() == ["angry", "happy"]
        assert data.target_names[data.validation_target].tolist() == ["fear"]
        np.testing.assert_array_equal(data.validation_images, X_TRAIN[2:3])
        X, _ = load_sfew(tmp_path, size=(6, 8), mode="L", return_X_y=True)
        assert X.shape == (2, 6, 8)

    def test_names_that_go_on(self, tmp_path):
        for name in ("Train_Aligned_Faces", "Val_Aligned_Faces"):
            save_image(tmp_path / name / "Sad" / "1.png", X_TRAIN[0])
        assert load_sfew(tmp_path).target.tolist() == [4]

    def test_a_split_that_is_not_there(self, tmp_path):
        save_image(tmp_path / "Train" / "Sad" / "1.png", X_TRAIN[0])
        with pytest.raises(ValueError, match=r"starts with Val; it holds none"):
            load_sfew(tmp_path)


class TestFashionMNIST:
    X, y = RNG.integers(0, 256, (5, 28, 28), dtype=np.uint8), np.array([0, 9, 3, 3, 1])

    def write(self, folder, name, array, *, packed=False, cut=0):
        array = np.asarray(array, dtype=np.uint8)
        sizes = np.array(array.shape, ">u4").tobytes()
        raw = bytes([0, 0, 8, array.ndim]) + sizes + array.tobytes()
        raw = raw[: len(raw) - cut]
        file = folder / f"{name}-idx{array.ndim}-ubyte{'.gz' if packed else ''}"
        file.write_bytes(gzip.compress(raw) if packed else raw)

    def write_all(self, folder, **options):
        for part, stop in (("train", 5), ("t10k", 2)):
            self.write(folder, f"{part}-images", self.X[:stop], **options)
            self.write(folder, f"{part}-labels", self.y[:stop], **options)

    @pytest.mark.parametrize("packed", [False, True])
    def test_four_files(self, tmp_path, packed):
        self.write_all(tmp_path, packed=packed)
        data = load_fashion_mnist(tmp_path)
        np.testing.assert_array_equal(data.images, self.X)
        np.testing.assert_array_equal(data.test_images, self.X[:2])
        assert data.target_names[data.target].tolist()[:2] == ["T-shirt/top", "Ankle boot"]
        assert data.images.flags.writeable
        X, y = load_fashion_mnist(tmp_path, return_X_y=True)
        np.testing.assert_array_equal(X, self.X)
        np.testing.assert_array_equal(y, self.y)

    def test_links_out_of_the_folder_are_refused(self, tmp_path):
        (tmp_path / "set").mkdir()
        self.write_all(tmp_path)
        for file in tmp_path.glob("*ubyte"):
            (tmp_path / "set" / file.name).symlink_to(file)
        with pytest.raises(ValueError, match=r"train-images-idx3-ubyte is a link out of"):
            load_fashion_mnist(tmp_path / "set")

    def test_damaged_files(self, tmp_path):
        self.write_all(tmp_path)
        self.write(tmp_path, "train-images", self.X, cut=1)
        with pytest.raises(ValueError, match=r"train-images.* is damaged"):
            load_fashion_mnist(tmp_path)
        self.write(tmp_path, "train-images", self.X[:4])
        with pytest.raises(ValueError, match=r"shape \(4, 28, 28\).*one of \(5,\)"):
            load_fashion_mnist(tmp_path)
        self.write(tmp_path, "train-images", self.X)
        self.write(tmp_path, "t10k-labels", [0, 10])
        with pytest.raises(ValueError, match="label 10"):
            load_fashion_mnist(tmp_path)

    @pytest.mark.parametrize(
        ("raw", "message"),
        [
            (b"", "does not begin"),
            (b"\x1f\x8bbroken", "does not begin"),
            (b"\0\0\x08\x03" + b"\xff" * 12, "says that it holds"),
            (b"\0\0\x08\x03\0\0", "cannot be read|is damaged"),
        ],
    )
    def test_other_files(self, tmp_path, raw, message):
        self.write_all(tmp_path)
        (tmp_path / "train-images-idx3-ubyte").write_bytes(raw)
        with pytest.raises(ValueError, match=message):
            load_fashion_mnist(tmp_path)

    def test_damaged_gz(self, tmp_path):
        self.write_all(tmp_path, packed=True)
        file = tmp_path / "train-images-idx3-ubyte.gz"
        file.write_bytes(file.read_bytes()[:-900])
        with pytest.raises(ValueError, match=r"train-images.* cannot be read"):
            load_fashion_mnist(tmp_path)

    def test_a_file_that_is_not_there(self, tmp_path):
        with pytest.raises(FileNotFoundError, match=r"train-images-idx3-ubyte \(or \.gz\)"):
            load_fashion_mnist(tmp_path)


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

    def test_integers_are_rounded_and_none_is_too_large(self):
        corner = np.array([[[0, 1], [1, 1]]], dtype=np.uint8)
        assert resize_images(corner, 1).item() == 1
        large = np.full((1, 4, 4), 2**30 + 1, dtype=np.int32)
        np.testing.assert_array_equal(resize_images(large, 2), large[:, :2, :2])

    def test_cropping_leaves_the_nearest_proportions(self):
        image = RNG.integers(0, 256, (1, 5, 8), dtype=np.uint8)
        cropped = resize_images(image, (3, 4), resize="crop")  # 5 x 6.67
        np.testing.assert_array_equal(cropped, resize_images(image[:, :, :7], (3, 4)))

    def test_padding_is_the_same_on_both_sides(self):
        rows = np.array([[[10] * 4, [20] * 4]], dtype=np.uint8)
        (padded,) = resize_images(rows, 4, resize="pad")
        assert padded[:, 0].tolist() == [10, 10, 20, 20]

    def test_same_size_is_a_copy(self):
        same = resize_images(X_TRAIN, (5, 4))
        np.testing.assert_array_equal(same, X_TRAIN)
        assert not np.shares_memory(same, X_TRAIN)

    def test_batches_agree_with_the_whole(self):
        many = RNG.integers(0, 256, (1030, 4, 4), dtype=np.uint8)
        resized = resize_images(many, 2)
        np.testing.assert_array_equal(resized[-1:], resize_images(many[-1:], 2))

    def test_large_images_are_converted_few_at_a_time(self):
        many = np.zeros((600, 128, 128), dtype=np.uint8)
        tracemalloc.start()
        resize_images(many, 4)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < many.nbytes

    def test_policies_agree_where_proportions_do(self):
        for resize in ("crop", "pad"):
            np.testing.assert_array_equal(
                resize_images(X_TRAIN, (10, 8), resize=resize), resize_images(X_TRAIN, (10, 8))
            )

    @pytest.mark.parametrize("resize", ["crop", "pad"])
    @pytest.mark.parametrize("shape", [(2, 3, 40), (2, 40, 3, 3), (2, 1, 1), (0, 5, 9)])
    def test_policies_give_the_size_asked_for(self, shape, resize):
        resized = resize_images(np.zeros(shape), (6, 9), resize=resize)
        assert resized.shape == (shape[0], 6, 9, *shape[3:])

    @pytest.mark.parametrize("size", [0, -3, (4,), (4, 0), "4", 2.5, (2.5, 3)])
    def test_bad_size(self, size):
        with pytest.raises(ValueError, match="size="):
            resize_images(X_TRAIN, size)

    @pytest.mark.parametrize("dtype", [np.int64, np.uint64])
    def test_the_largest_integers_do_not_overflow(self, dtype):
        white = np.full((1, 4, 4), np.iinfo(dtype).max, dtype=dtype)
        np.testing.assert_allclose(
            resize_images(white, 3).astype(float), float(white[0, 0, 0])
        )

    def test_rows_are_refused(self):
        with pytest.raises(ValueError, match="Reshape rows"):
            resize_images(X_TRAIN.reshape(6, -1), 4)
        with pytest.raises(ValueError, match=r"got \(6, 0, 4, 3\)"):
            resize_images(X_TRAIN[:, :0], 4)


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
