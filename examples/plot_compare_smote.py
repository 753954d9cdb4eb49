"""
Compare with SMOTE and random over-sampling
===========================================

Before relying on synthetic images, see whether they help: the same classifier, trained for
the same number of steps on what each over-sampler made of the same images.
"""

# %%
# Everything that ``skgan-aug compare`` does is a function.
import matplotlib.pyplot as plt

from skgan_aug import CycleGANOverSampler
from skgan_aug.comparison import compare_samplers, make_samplers, summarize_comparison
from skgan_aug.datasets import load_digits_images
from skgan_aug.inspection import SamplerComparisonDisplay

X, y = load_digits_images(return_X_y=True)
samplers = make_samplers(["none", "random", "smote"])
samplers["cyclegan"] = CycleGANOverSampler(max_iter=100)
result = compare_samplers(
    X,
    y,
    samplers=samplers,
    cv=3,
    n_seeds=1,
    rare=[3, 8, 9],
    rare_count=12,
    classifier_steps=200,
)
for row in summarize_comparison(result):
    mean, spread = row["balanced_accuracy"], row["balanced_accuracy_sd"]
    print(f"{row['sampler']:10} {mean:.3f} ± {spread:.3f}")

# %%
# One seed of a small set says little; the command's default is three.
SamplerComparisonDisplay.from_comparison(result)
plt.show()
