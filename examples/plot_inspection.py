"""
Inspect an over-sampler
=======================

Before a classifier is trained on translations: did training go well, do translations look like
their class, and does a classifier's eye find them where the real images are? Each question has
a display.
"""

# %%
# Half of the digits are kept for a classifier that will judge; of the other half, 3 and 9 keep
# two dozen images each.
import matplotlib.pyplot as plt
import numpy as np
from sklearn.model_selection import train_test_split

from skgan_aug import CycleGANOverSampler, TorchCNNClassifier
from skgan_aug.datasets import load_digits_images, make_imbalanced_images
from skgan_aug.inspection import (
    FeatureMapDisplay,
    TrainingCurvesDisplay,
    TranslationsDisplay,
)

X, y = load_digits_images(return_X_y=True)
X, X_other, y, y_other = train_test_split(X, y, test_size=0.5, stratify=y, random_state=0)
X, y = make_imbalanced_images(X, y, rare=[3, 9], rare_count=24, random_state=0)
sampler = CycleGANOverSampler(sampling_strategy={3: 80, 9: 80}, max_iter=150, random_state=0)
X_resampled, y_resampled = sampler.fit_resample(X, y)

# %%
# Losses say whether training was stable. The target-class score says whether translations
# cross: it is a classifier's probability of the class they should belong to.
TrainingCurvesDisplay.from_estimator(sampler)
plt.show()

# %%
# Every translation with its source above, and below it the real image of the target class that
# it is closest to. Were the two the same, the over-sampler had learnt its images by heart.
TranslationsDisplay.from_estimator(sampler, X, y)
plt.show()

# %%
# t-SNE of the features of a classifier that was trained on other, real images. Open markers
# are translations: they should spread over the real images of their class.
judge = TorchCNNClassifier(max_epochs=20, random_state=0).fit(X_other, y_other)
kept = np.isin(y_resampled, [1, 3, 5, 8, 9])
FeatureMapDisplay.from_estimator(
    judge, X_resampled[kept], y_resampled[kept], sampler.synthetic_mask_[kept]
)
plt.show()
