"""
Compare with SMOTE and random over-sampling
===========================================

Before relying on synthetic images, see whether they help: the same classifier, trained for
the same number of steps on what each over-sampler made of the same images.
"""

# %%
# Everything that ``skgan-aug compare`` does is a function. Logit adjustment adds no rows: the
# loss of the classifier takes into account how frequent each class is, which costs nothing.
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt

from skgan_aug import CycleGANOverSampler
from skgan_aug.comparison import compare_samplers, make_samplers, summarize_comparison
from skgan_aug.datasets import load_digits_images
from skgan_aug.inspection import (
    ClassRecallDisplay,
    RatioCurveDisplay,
    SamplerComparisonDisplay,
)
from skgan_aug.reporting import write_report

X, y = load_digits_images(return_X_y=True)
samplers = make_samplers(["none", "logit_adjustment", "random", "smote"])
samplers["cyclegan"] = CycleGANOverSampler(max_iter=100)
result = compare_samplers(
    X,
    y,
    samplers=samplers,
    ratios=[0.5, 1.0],
    cv=3,
    n_seeds=1,
    rare=[3, 8, 9],
    rare_count=12,
    classifier_steps=200,
)
for row in summarize_comparison(result):
    mean, spread = row["balanced_accuracy"], row["balanced_accuracy_sd"]
    print(f"{row['sampler']:16} {row['ratio']:4} {mean:.3f} ± {spread:.3f}")

# %%
# One seed of a small set says little; the command's default is three.
SamplerComparisonDisplay.from_comparison(result, spread="interval")
plt.show()

# %%
# The same against the ratio: how far rare classes are raised.
RatioCurveDisplay.from_comparison(result)
plt.show()

# %%
# Which classes pay for it, and which gain?
ClassRecallDisplay.from_comparison(result, before="none", after="cyclegan")
plt.show()

# %%
# All of it as a page, with the answer in a sentence that is no surer than the paired
# differences allow. ``skgan-aug compare --report report.html`` writes it too.
with tempfile.TemporaryDirectory() as folder:
    page = write_report(result, Path(folder, "report.html"), title="Digits")
    print(page.stat().st_size // 1024, "KiB")
