"""From an image file to an array, whatever the file holds."""

import warnings

import numpy as np

from ._files import image_formats, import_pillow
from ._resize import resize_images

# Pillow's names of the pixel formats that carry no colour.
_GREY_MODES = frozenset({"1", "L", "LA", "La", "I", "F", "I;16", "I;16L", "I;16B", "I;16N"})
_ORIENTATION = 0x0112  # the number of that entry of EXIF data


class UnreadableImageError(ValueError):
    """A file that cannot be read as an image, and why."""


def read_image(file, *, size=None, resize="stretch", mode=None):
    """Read one image file: the first frame, turned as its EXIF data say.

    Parameters
    ----------
    file : path-like
        Of any format that Pillow reads without running another program.

    size : int or tuple (height, width), default=None
        Resize the image to this size.

    resize : {"stretch", "crop", "pad"}, default="stretch"
        How, see :func:`~skgan_aug.datasets.resize_images`.

    mode : {"L", "RGB"}, default=None
        Grey or colour; None: as the file is.

    Returns
    -------
    image : uint8 ndarray of shape (H, W), or (H, W, 3) if it has colour

    Raises
    ------
    UnreadableImageError
        For a file that is empty, damaged, no image, larger than Pillow's limit
        (``PIL.Image.MAX_IMAGE_PIXELS``), or of levels whose range is unknown.
    """
    Image = import_pillow()
    try:
        if not file.stat().st_size:
            raise UnreadableImageError("empty file")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what is odd but can be read
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            # Of a path, Pillow would map the file into memory, and scramble turned TIFF files.
            with (
                file.open("rb") as raw,
                Image.open(raw, formats=image_formats()) as image,
            ):
                array = _as_array(_upright(image), mode)
    except Image.UnidentifiedImageError as error:
        raise UnreadableImageError("no image of a known format") from error
    except UnreadableImageError:
        raise
    except Exception as error:  # what decoders raise on damaged data is not documented
        raise UnreadableImageError(str(error) or type(error).__name__) from error
    # Resizing file by file keeps only small images in memory.
    return array if size is None else resize_images(array[np.newaxis], size, resize=resize)[0]


def read_images(files, damaged, *, size=None, resize="stretch", mode=None):
    """Read files one by one, leaving out those that cannot be read.

    Parameters
    ----------
    files : iterable of Path
        Image files.

    damaged : list
        Gets a tuple (Path, str) for each file left out: which, and why.

    size, resize, mode
        As for :func:`read_image`.

    Yields
    ------
    position : int
        In ``files``.

    image : uint8 ndarray of shape (H, W) or (H, W, 3)
    """
    for position, file in enumerate(files):
        try:
            image = read_image(file, size=size, resize=resize, mode=mode)
        except UnreadableImageError as error:
            damaged.append((file, str(error)))
        else:
            yield position, image


def as_colour(image):
    """(H, W) or (H, W, 3) as (H, W, 3)."""
    return image if image.ndim == 3 else np.repeat(image[..., np.newaxis], 3, axis=-1)


def _upright(image):
    """An image turned as its EXIF data say; as it is stored where these are damaged.

    Pillow's ``exif_transpose`` writes all of these data anew, and fails on any odd entry.
    """
    turn = import_pillow().Transpose
    turns = {
        2: turn.FLIP_LEFT_RIGHT,
        3: turn.ROTATE_180,
        4: turn.FLIP_TOP_BOTTOM,
        5: turn.TRANSPOSE,
        6: turn.ROTATE_270,
        7: turn.TRANSVERSE,
        8: turn.ROTATE_90,
    }
    image.load()  # which turns TIFF files, and finds what other files tell at their end
    try:
        orientation = image.getexif().get(_ORIENTATION)
    except Exception:  # what its parser raises on damaged data is not documented
        orientation = None
    return image.transpose(turns[orientation]) if orientation in turns else image


def _as_array(image, mode):
    if image.mode.startswith("I"):
        array = _from_deep_levels(np.asarray(image), image.mode)
    elif image.mode == "F":
        raise UnreadableImageError(
            "its levels are floating-point numbers of unknown range; save it with 8 or 16 bits"
        )
    else:
        wanted = mode or ("L" if image.mode in _GREY_MODES else "RGB")
        array = np.asarray(image.convert(wanted), dtype=np.uint8)
    return as_colour(array) if mode == "RGB" else array


def _from_deep_levels(levels, mode):
    """Grey levels of 16 bits on 8; Pillow would clip them at 255 instead of scaling them.

    Every file by the same factor: one by its own levels would make dark images bright. The
    upper byte is what Pillow takes of 16 bits of colours, in PNG and TIFF files.
    """
    least = 0 if mode.startswith("I;16") else 256  # 32 bits may hold levels of 8 or of 16
    if levels.min() < 0 or not least <= levels.max() <= 65535:
        raise UnreadableImageError(
            f"its levels are {levels.min()} to {levels.max()} of 32 bits; save it with 8 or "
            "16 bits"
        )
    return (levels >> 8).astype(np.uint8)
