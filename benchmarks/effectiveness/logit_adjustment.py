"""Logit adjustment after training: boundaries moved by how rare each class is, no rows added.

Menon et al., "Long-tail learning via logit adjustment", ICLR 2021, section 4.1, with their
usual scale of 1. The form in the loss (section 4.2) is the classifier's own.
"""

import numpy as np

from .boundaries import RecordingClassifier


class LogitAdjustedClassifier(RecordingClassifier):
    """A classifier whose probabilities are divided by the shares of the classes in y."""

    def fit(self, X, y):
        """Fit as ever, and count the classes."""
        super().fit(X, y)
        self.shares_ = np.unique(y, return_counts=True)[1] / len(y)
        return self

    def predict_proba(self, X):
        """Probability of each class if all were equally frequent."""
        adjusted = super().predict_proba(X) / self.shares_
        return adjusted / adjusted.sum(axis=1, keepdims=True)
