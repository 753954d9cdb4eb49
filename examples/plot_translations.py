"""
Look at the translations
========================

The masked generator says what it would draw and where: output = mask * content +
(1 - mask) * input. What it did to an image can be looked at, and so can whether it crossed
into the target class.
"""

# %%
# Digits 3 out of digits 8, with thirty 3s to learn from: once as by default, with an auxiliary
# classifier in the loss that wants the translations to be 3s, and once without it.
import matplotlib.pyplot as plt
import torch

from skgan_aug import CycleGANOverSampler
from skgan_aug.datasets import load_digits_images, make_imbalanced_images

X, y = load_digits_images(return_X_y=True)
X, y = make_imbalanced_images(X, y, rare=3, rare_count=30, random_state=0)
is_either = (y == 3) | (y == 8)
X, y = X[is_either], y[is_either]

samplers = {}
for weight in (0.0, 1.0):
    sampler = CycleGANOverSampler(max_iter=250, classifier_weight=weight, random_state=0)
    X_resampled, y_resampled = sampler.fit_resample(X, y)
    samplers[f"classifier_weight={weight:g}"] = sampler

# %%
# Rows of the result know whether they are synthetic, and where they come from.
print(sampler.synthetic_mask_.sum(), "of", len(X_resampled), "rows are translations")

# %%
# Sources above; below them, for either weight, what was made of them and where.
sources = X[y == 8][:8]
rows = {"source": sources}
for name, sampler in samplers.items():
    cyclegan = sampler.cyclegans_[8, 3]
    with torch.no_grad():
        x = cyclegan.encode(cyclegan.spec.as_tensor(sources))
        _, masks = cyclegan.generator_st.content_mask(x)
    rows[f"{name}\ntranslation"] = sampler.translate(sources, source=8, target=3)
    rows[f"{name}\nmask"] = masks[:, 0]

figure, axes = plt.subplots(len(rows), 8, figsize=(9, 5.5), layout="constrained")
for (name, images), row in zip(rows.items(), axes, strict=True):
    for image, ax in zip(images, row, strict=True):
        ax.imshow(image, cmap="gray_r")
        ax.set(xticks=[], yticks=[])
    row[0].set_ylabel(name, rotation=0, ha="right", va="center")
plt.show()

# %%
# The target-class score in ``history_`` says the same in a figure: where it falls while
# training goes on, translations do not cross.
figure, ax = plt.subplots(layout="constrained")
for name, sampler in samplers.items():
    history = sampler.history_[8, 3]
    steps = [record["n_iter"] for record in history]
    ax.plot(steps, [record["target_score"] for record in history], "o-", label=name)
ax.set(xlabel="step", ylabel="target-class score", ylim=(0, 1))
ax.legend(loc="lower right")
plt.show()
