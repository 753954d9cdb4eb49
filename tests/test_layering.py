"""Imports point down only, and optional packages are imported where they are used."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import skgan_aug

PACKAGE = "skgan_aug"
ROOT = Path(skgan_aug.__file__).parent

# A unit (a module or subpackage directly under skgan_aug) imports units of lower tiers only,
# and itself. Private modules that are not listed are helpers of the lowest tier.
TIERS = [
    {"_threads", "_devices"},
    {"images", "_random", "_sampling_strategy", "_training_rows", "_validation"},
    {"networks", "_frames"},
    {"training"},
    {"_augmentation"},
    {"selection", "metrics", "source_classes", "_classifier_checks", "_classifier_net"},
    {"synthesis", "classification", "datasets"},
    {"synthetic_fraction"},
    {"over_sampling"},
    {"persistence", "comparison", "folders"},
    {"inspection"},
    {"reporting"},
    {"cli"},
    {"__init__", "__main__"},
]
RANKS = {unit: rank for rank, units in enumerate(TIERS) for unit in units}

# Units that may import fewer units than their rank allows.
ALONE = {"datasets": {"images"}}

# The engine knows tensors, not estimators; estimator modules are above it by rank.
REFUSED = {
    "networks": {"sklearn", "imblearn", "skorch"},
    "training": {"sklearn", "imblearn", "skorch"},
}

# Packages of extras: imported in the function that needs them.
LAZY = {"matplotlib", "typer", "rich", "PIL", "pandas", "jinja2"}
LAZY_EXCEPT = {"cli": {"typer", "rich"}}


def rank(unit):
    if unit not in RANKS and unit.startswith("_"):
        return 0
    return RANKS[unit]


def unit_of(module):
    """The part of a dotted name below the package: skgan_aug.networks.mlp -> networks."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else "__init__"


def imported_names(node, module, *, is_package):
    """Absolute dotted names that an import statement may load."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if node.level:
        parents = module.split(".")
        kept = len(parents) - node.level + is_package
        base = ".".join(parents[:kept] + ([node.module] if node.module else []))
    else:
        base = node.module
    if base != PACKAGE:
        return [base]
    return [f"{PACKAGE}.{alias.name}" for alias in node.names]


def import_nodes(tree, *, at_import_time=False):
    """Import statements; at_import_time leaves out functions and TYPE_CHECKING blocks."""
    nodes = list(tree.body)
    while nodes:
        node = nodes.pop()
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node
        elif at_import_time and isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        elif (
            at_import_time
            and isinstance(node, ast.If)
            and "TYPE_CHECKING" in ast.unparse(node.test)
        ):
            nodes.extend(node.orelse)
        else:
            nodes.extend(ast.iter_child_nodes(node))


def violations(source, module, *, is_package=False):
    """What the imports of one module break, in words.

    Parameters
    ----------
    source : str
        Python source.
    module : str
        Its dotted name, such as ``skgan_aug.networks.mlp``.
    is_package : bool
        Whether the source is that of an ``__init__.py``.
    """
    tree = ast.parse(source)
    unit = unit_of(module)
    units = {path.stem for path in ROOT.iterdir()} | RANKS.keys()
    found = []
    for node in import_nodes(tree):
        for name in imported_names(node, module, is_package=is_package):
            where = f"{module}, line {node.lineno}"
            if name.split(".")[0] != PACKAGE:
                if name.split(".")[0] in REFUSED.get(unit, ()):
                    found.append(f"{where}: {unit} imports {name}")
                continue
            if name == f"{PACKAGE}.__version__":  # a literal
                continue
            other = unit_of(name)
            if other not in units:  # `from skgan_aug import a_public_name`
                other = "__init__"
            if other == unit:
                continue
            if rank(other) >= rank(unit) or other not in ALONE.get(unit, {other}):
                found.append(f"{where}: {unit} imports {other}")
    for node in import_nodes(tree, at_import_time=True):
        for name in imported_names(node, module, is_package=is_package):
            package = name.split(".")[0]
            if package in LAZY - LAZY_EXCEPT.get(unit, set()):
                found.append(f"{module}, line {node.lineno}: {package} at module level")
    return found


def modules():
    for path in sorted(ROOT.rglob("*.py")):
        parts = (PACKAGE, *path.relative_to(ROOT).with_suffix("").parts)
        is_package = parts[-1] == "__init__"
        yield pytest.param(
            path,
            ".".join(parts[:-1] if is_package else parts),
            is_package,
            id="/".join(parts[1:]),
        )


@pytest.mark.parametrize(("path", "module", "is_package"), list(modules()))
def test_imports_point_down(path, module, is_package):
    unit = unit_of(module)
    assert unit in RANKS or unit.startswith("_"), (
        f"give {unit} a tier in {Path(__file__).name}"
    )
    source = path.read_text(encoding="utf-8")
    assert violations(source, module, is_package=is_package) == []


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("skgan_aug.images", "from skgan_aug.networks import Generator"),
        ("skgan_aug.images", "import skgan_aug.training.trainer"),
        ("skgan_aug.images", "from . import networks"),
        ("skgan_aug.training.trainer", "from ..over_sampling import CycleGANOverSampler"),
        ("skgan_aug.training.trainer", "from .. import CycleGANOverSampler"),
        ("skgan_aug.training.trainer", "def train():\n    from sklearn.base import clone"),
        ("skgan_aug.networks.mlp", "import imblearn.base"),
        ("skgan_aug.classification", "from .over_sampling import CycleGANOverSampler"),
        ("skgan_aug.over_sampling", "from skgan_aug import TorchCNNClassifier"),
        ("skgan_aug.datasets.folder", "from ..training import CycleGANTrainer"),
        ("skgan_aug.inspection", "import matplotlib.pyplot as plt"),
        (
            "skgan_aug.comparison",
            "try:\n    import pandas as pd\nexcept ImportError:\n    pd = 0",
        ),
        ("skgan_aug.cli", "from PIL import Image"),
    ],
)
def test_violation_is_found(module, source):
    assert len(violations(source, module)) == 1


@pytest.mark.parametrize(
    ("module", "source", "is_package"),
    [
        ("skgan_aug", "from .over_sampling import CycleGANOverSampler", True),
        ("skgan_aug.networks", "from .mlp import MLP", True),
        (
            "skgan_aug.networks.mlp",
            "from ..images import ImageSpec\nfrom .base import Base",
            False,
        ),
        ("skgan_aug.comparison", "from skgan_aug import datasets, over_sampling", False),
        ("skgan_aug.datasets.folder", "from ..images import ImageSpec\nimport numpy", False),
        ("skgan_aug.inspection", "def plot():\n    import matplotlib.pyplot as plt", False),
        (
            "skgan_aug.metrics",
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import pandas as pd",
            False,
        ),
        ("skgan_aug.persistence", "from . import __version__", False),
        ("skgan_aug.cli", "import typer\nfrom rich.console import Console", False),
    ],
)
def test_permitted_import_passes(module, source, is_package):
    assert violations(source, module, is_package=is_package) == []


def run_python(code):
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_package_imports_without_extras():
    blocked = f"sys.modules.update(dict.fromkeys({sorted(LAZY)}))"
    run_python(f"import sys; {blocked}; import {PACKAGE}")


def test_package_loads_no_extra():
    # pandas and rich are left out: scikit-learn loads them itself where they are installed.
    loaded = run_python(f"import sys, {PACKAGE}; print(*sys.modules)").split()
    assert {"matplotlib", "typer", "PIL"}.isdisjoint(loaded)
