"""How the site is built: sphinx-build -W docs docs/_build."""

import sys
import warnings
from pathlib import Path

import skgan_aug

sys.path.insert(0, str(Path(__file__).parent / "_extensions"))

project = "skgan_aug"
author = "The skgan_aug developers"
project_copyright = author
version = release = skgan_aug.__version__

extensions = [
    "mathml",
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["_build", "auto_examples/*.ipynb"]
templates_path = ["_templates"]

myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3

autodoc_default_options = {"inherited-members": False}  # but those that the template asks for
autodoc_typehints = "none"  # the docstrings have them, with shapes and ranges
maximum_signature_line_length = 70  # longer ones get a line for each parameter
toc_object_entries_show_parents = "hide"
numpydoc_show_class_members = False

sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "auto_examples",
    "within_subsection_order": "gallery.reading_order",
    "filename_pattern": r"/plot_",
    "download_all_examples": False,
    "write_computation_times": False,
    "remove_config_comments": True,
    "abort_on_example_error": True,
}
warnings.filterwarnings("ignore", message=".*non-interactive.*")  # plt.show() in the gallery

html_math_renderer = "mathml"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_theme = "pydata_sphinx_theme"
html_title = "skgan_aug"
html_show_sourcelink = False
html_sidebars = {page: [] for page in ("getting_started", "changes", "development")}
html_theme_options = {
    "show_prev_next": False,
    "secondary_sidebar_items": ["page-toc"],
}
