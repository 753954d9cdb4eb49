"""
Choose which translations are kept
==================================

``selection`` ranks candidates and keeps the best. A function of your own can ask for whatever
you know about the class; here, a classifier that was trained on real images judges.
"""

# %%
# Digits, of which 3 keeps two dozen images. The judge is a logistic regression on pixels.
import tempfile

import matplotlib.pyplot as plt
import numpy as np
from sklearn.linear_model import LogisticRegression

from skgan_aug import CycleGANOverSampler
from skgan_aug.datasets import load_digits_images, make_imbalanced_images

X, y = load_digits_images(return_X_y=True)
X, y = make_imbalanced_images(X, y, rare=3, rare_count=24, random_state=0)
judge = LogisticRegression(max_iter=200, class_weight="balanced")
judge.fit(X.reshape(len(X), -1), y)


def looks_like_a_three(images):
    """Scores of the candidates, (n,): the judge's probability of the class 3."""
    probabilities = judge.predict_proba(images.reshape(len(images), -1))
    return probabilities[:, list(judge.classes_).index(3)]


# %%
# The candidates are up to four for each that is kept; they are ranked as they are all of the
# way to the class, and ``min_strength=1`` adds them so. Training is cut short here, so that
# some do not get there. The same CycleGAN serves both: it is found again in ``memory``.
folder = tempfile.TemporaryDirectory()
samplers = {}
for name, selection in (("all", None), ("the best by the judge", looks_like_a_three)):
    sampler = CycleGANOverSampler(
        sampling_strategy={3: 64},
        source=8,
        selection=selection,
        min_strength=1,
        max_iter=60,
        memory=folder.name,
        random_state=0,
    )
    X_resampled, _ = sampler.fit_resample(X, y)
    samplers[name] = X_resampled[sampler.synthetic_mask_]
    print(name, looks_like_a_three(samplers[name]).mean().round(2))
folder.cleanup()

# %%
# What is kept is nearer to the class, and more alike: a judge likes what is typical. That
# is why nothing is ranked by default.
figure, axes = plt.subplots(2, 10, figsize=(9, 2.4), layout="constrained")
for (name, images), row in zip(samplers.items(), axes, strict=True):
    for image, ax in zip(images, row, strict=False):
        ax.imshow(image, cmap="gray_r")
        ax.set(xticks=[], yticks=[])
    row[0].set_title(name, loc="left", fontsize=10)
plt.show()

# %%
# How sure the judge is of each.
figure, ax = plt.subplots(layout="constrained")
for name, images in samplers.items():
    ax.hist(looks_like_a_three(images), bins=np.linspace(0, 1, 11), alpha=0.6, label=name)
ax.set(xlabel="the judge's probability of a 3", ylabel="translations")
ax.legend(title="kept")
plt.show()
