"""
Over-sample and classify in one pipeline
========================================

An imbalanced-learn pipeline resamples the training part of each fold and nothing else, so
that cross-validation scores are those of real images.
"""

# %%
# The digits of scikit-learn, of which 3, 8 and 9 keep a dozen images each.
import matplotlib.pyplot as plt
import numpy as np
from imblearn.pipeline import make_pipeline
from sklearn.metrics import recall_score
from sklearn.model_selection import train_test_split

from skgan_aug import CycleGANOverSampler, TorchCNNClassifier
from skgan_aug.datasets import load_digits_images, make_imbalanced_images

RARE = [3, 8, 9]
X, y = load_digits_images(return_X_y=True)
X, X_test, y, y_test = train_test_split(X, y, test_size=0.3, stratify=y, random_state=0)
X, y = make_imbalanced_images(X, y, rare=RARE, rare_count=12, random_state=0)
print(np.bincount(y))

# %%
# Without an over-sampler, and with one. ``max_iter`` is small because the images are; a ratio
# of 0.9 leaves alone the classes that have nearly as many images as the largest.
classifier = TorchCNNClassifier(random_state=0)
sampler = CycleGANOverSampler(sampling_strategy=0.9, max_iter=150, random_state=0)
pipeline = make_pipeline(sampler, classifier)
recall = {
    name: recall_score(y_test, model.fit(X, y).predict(X_test), average=None)
    for name, model in (("as it is", classifier), ("over-sampled", pipeline))
}

# %%
# Recall of each digit; the rare ones are shaded.
figure, ax = plt.subplots(layout="constrained")
for shift, (name, values) in zip((-0.2, 0.2), recall.items(), strict=True):
    ax.bar(np.arange(10) + shift, values, width=0.4, label=f"{name}: {values.mean():.3f}")
for digit in RARE:
    ax.axvspan(digit - 0.5, digit + 0.5, color="0.9", zorder=0)
ax.set(xticks=range(10), xlabel="digit", ylabel="recall", ylim=(0.5, 1))
ax.legend(title="balanced accuracy", loc="lower left")
plt.show()
