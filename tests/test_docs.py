"""The site's list of public names is complete."""

import importlib
import re
from pathlib import Path

import pytest

TEXT = (Path(__file__).parents[1] / "docs" / "api.md").read_text()
SECTIONS = dict(
    re.findall(
        r"currentmodule:: (\S+)\n\.\. autosummary::\n(?:   :.*\n)+\n((?:   \w+\n)+)", TEXT
    )
)
# Modules of which only some names are for users.
PARTLY_PUBLIC = ("skgan_aug.images", "skgan_aug.selection")


def test_every_section_is_read():
    assert len(SECTIONS) == TEXT.count("currentmodule::") > 10


@pytest.mark.parametrize("name", SECTIONS)
def test_every_class_and_function_is_listed(name):
    module = importlib.import_module(name)
    listed = SECTIONS[name].split()
    assert all(callable(getattr(module, each)) for each in listed)
    if name not in PARTLY_PUBLIC:
        public = [each for each in module.__all__ if callable(getattr(module, each))]
        assert sorted(listed) == sorted(public)
