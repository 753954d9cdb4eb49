"""Make a data set of letters from font files: images larger than the others' here.

    python -m benchmarks.effectiveness.letters FOLDER_OF_FONTS FOLDER_OF_DATA

A to J of every OpenType and TrueType font in the folder and below, as in notMNIST (Bulatov
2011), 96x96 pixels, the longer side of a letter 72. A folder of fonts counts as a family: at
most eight of its fonts are taken, and a third of the families are for testing. Fonts that draw
alike, or lack a letter, are left out. The figures are of Debian's package texlive-fonts-extra
2022.20230122.
"""

import argparse
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

LETTERS = "ABCDEFGHIJ"
SIDE, LETTER_SIDE = 96, 72
_DRAWN_AT = 120  # points, to be reduced
_FONTS_OF_A_FAMILY = 8


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("fonts", type=Path, help="folder of font files")
    parser.add_argument("data", type=Path, help="folder of the data sets")
    options = parser.parse_args()
    alphabets, families = draw_fonts(options.fonts)
    rng = np.random.default_rng(0)
    names = np.unique(families)
    chosen = [
        rng.permutation(np.flatnonzero(families == name))[:_FONTS_OF_A_FAMILY]
        for name in names
    ]
    for_testing = set(rng.permutation(len(names))[: len(names) // 3].tolist())
    parts: dict = {"train": [], "test": []}
    for number, own in enumerate(chosen):
        parts["test" if number in for_testing else "train"].extend(alphabets[own])
    arrays = {}
    for part, own in parts.items():
        arrays[f"X_{part}"] = np.concatenate(own)
        arrays[f"y_{part}"] = np.tile(np.arange(len(LETTERS)), len(own))
        print(f"{part}: {len(own)} fonts")
    np.savez_compressed(options.data / "letters.npz", **arrays, classes=list(LETTERS))


def draw_fonts(folder):
    """Alphabets (n_fonts, 10, 96, 96) and the folders that their fonts lie in (n_fonts,)."""
    files = sorted(file for file in folder.rglob("*") if file.suffix in (".otf", ".ttf"))
    alphabets, families, seen = [], [], set()
    for file in files:
        try:
            font = ImageFont.truetype(str(file), _DRAWN_AT)
            alphabet = np.stack([draw_letter(font, letter) for letter in LETTERS])
        except (OSError, ValueError):  # no font, or without such letters
            continue
        look = (_means_of_blocks(alphabet) // 24).astype(np.uint8).tobytes()
        if look not in seen and len(np.unique(alphabet, axis=0)) == len(LETTERS):
            seen.add(look)
            alphabets.append(alphabet)
            families.append(file.parent.name)
    return np.stack(alphabets), np.array(families)


def draw_letter(font, letter):
    """White on black (96, 96); ValueError where there is nothing to see."""
    canvas = Image.new("L", (4 * SIDE, 4 * SIDE))
    ImageDraw.Draw(canvas).text((SIDE, SIDE), letter, fill=255, font=font)
    box = canvas.getbbox()
    if box is None or min(box[2] - box[0], box[3] - box[1]) < 4:
        raise ValueError(letter)
    drawn = canvas.crop(box)
    scale = LETTER_SIDE / max(drawn.size)
    size = [max(1, round(scale * side)) for side in drawn.size]
    image = Image.new("L", (SIDE, SIDE))
    corner = tuple((SIDE - side) // 2 for side in size)
    image.paste(drawn.resize(size, Image.Resampling.LANCZOS), corner)
    return np.asarray(image)


def _means_of_blocks(images, side=8):
    n_blocks = SIDE // side
    return images.reshape(len(images), n_blocks, side, n_blocks, side).mean(axis=(2, 4))


if __name__ == "__main__":
    main()
