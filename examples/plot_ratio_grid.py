"""
Search for the augmentation ratio
=================================

``sampling_strategy`` is a parameter like any other: how far rare classes are raised can be
searched for. With ``memory``, each CycleGAN is trained once per fold, however many ratios
are tried.
"""

# %%
# Digits, of which 3, 8 and 9 keep a dozen images each.
import tempfile

import matplotlib.pyplot as plt
from imblearn.pipeline import make_pipeline
from sklearn.model_selection import GridSearchCV, StratifiedKFold

from skgan_aug import CycleGANOverSampler, TorchCNNClassifier
from skgan_aug.datasets import load_digits_images, make_imbalanced_images
from skgan_aug.inspection import RatioCurveDisplay

X, y = load_digits_images(return_X_y=True)
X, y = make_imbalanced_images(X, y, rare=[3, 8, 9], rare_count=18, random_state=0)

# %%
# A ratio is the size of a class beside the largest, and holds for every class below it.
RATIOS = [0.2, 0.4, 0.7]
with tempfile.TemporaryDirectory() as cache:
    search = GridSearchCV(
        make_pipeline(
            CycleGANOverSampler(max_iter=100, memory=cache, random_state=0),
            TorchCNNClassifier(max_epochs=10, random_state=0),
        ),
        {"cycleganoversampler__sampling_strategy": RATIOS},
        scoring="balanced_accuracy",
        cv=StratifiedKFold(3, shuffle=True, random_state=0),
    ).fit(X, y)
print(search.best_params_, round(search.best_score_, 3))

# %%
# Means of the folds and their spread: differences smaller than that decide nothing.
RatioCurveDisplay.from_estimator(search)
plt.show()
