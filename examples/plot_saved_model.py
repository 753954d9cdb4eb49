"""
Save a trained pipeline
=======================

A fitted pipeline goes to one file of numbers and text, without pickle, and comes back, on
another machine if you like, with the same predictions to the bit.
"""

# %%
# Over-sample and classify digits, of which 3 keeps two dozen images.
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from imblearn.pipeline import make_pipeline

from skgan_aug import CycleGANOverSampler, TorchCNNClassifier
from skgan_aug.datasets import load_digits_images, make_imbalanced_images
from skgan_aug.inspection import TranslationsDisplay
from skgan_aug.persistence import load, save

X, y = load_digits_images(return_X_y=True)
X_new = X[::3]  # to predict
X, y = make_imbalanced_images(X[1::3], y[1::3], rare=3, rare_count=24, random_state=0)
pipe = make_pipeline(
    CycleGANOverSampler(sampling_strategy={3: 60}, source=8, max_iter=120, random_state=0),
    TorchCNNClassifier(max_epochs=10, random_state=0),
).fit(X, y)

# %%
# Nothing in the file is executed when it is loaded, so a stranger's file is safe to open. A
# damaged one is refused with a sentence that says what is wrong with it.
with tempfile.TemporaryDirectory() as folder:
    path = Path(folder, "digits.safetensors")
    save(pipe, path)
    print(path.stat().st_size // 1024, "KiB")
    loaded = load(path)
    path.write_bytes(path.read_bytes()[:-1])
    try:
        load(path)
    except ValueError as error:
        print(str(error).replace(folder, "..."))

print((loaded.predict_proba(X_new) == pipe.predict_proba(X_new)).all())

# %%
# The over-sampler is loaded with its CycleGANs: it translates without being trained again.
sampler = loaded[0]
sources = X[y == 8][:10]
translations = sampler.translate(sources, source=8, target=3)
again = pipe[0].translate(sources, source=8, target=3)
print(np.array_equal(translations, again))

TranslationsDisplay.from_estimator(sampler, X, y, n_examples=10)
plt.show()
