"""Logit adjustment: the boundaries moved by how rare each class is, and no rows added.

Menon et al., "Long-tail learning via logit adjustment", ICLR 2021, in its two forms, with the
scale of 1 that it has by default: after training, and in the loss (which Ren et al., "Balanced
Meta-Softmax for Long-Tailed Visual Recognition", NeurIPS 2020, call the balanced softmax).
"""

import numpy as np
import torch
from torch import nn

from skgan_aug.networks import make_classifier

from .boundaries import RecordingClassifier


class LogitAdjustedClassifier(RecordingClassifier):
    """A classifier whose probabilities are divided by the shares of the classes in y."""

    def fit(self, X, y):
        """Fit as ever, and count the classes."""
        super().fit(X, y)
        self.prior_ = _shares(y)
        return self

    def predict_proba(self, X):
        """Probability of each class if all were equally frequent."""
        adjusted = super().predict_proba(X) / self.prior_
        return adjusted / adjusted.sum(axis=1, keepdims=True)


class LogitAdjustedLossClassifier(RecordingClassifier):
    """A classifier that learns with the logarithms of these shares added to its logits."""

    def fit(self, X, y):
        """Fit a network that knows the shares of the classes."""
        module, prior = self.module, _shares(y)

        def make(spec, n_classes):
            return _WithPrior(make_classifier(module, spec, n_classes), prior)

        return self.set_params(module=make)._fit_and_restore(X, y, module)

    def _fit_and_restore(self, X, y, module):
        try:
            return super().fit(X, y)
        finally:
            self.set_params(module=module)


class _WithPrior(nn.Module):
    def __init__(self, network, prior):
        super().__init__()
        self.network = network
        self.register_buffer("log_prior", torch.from_numpy(np.log(prior)).float())

    def forward(self, x):
        logits = self.network(x)
        return logits + self.log_prior if self.training else logits


def _shares(y):
    return np.unique(y, return_counts=True)[1] / len(y)
