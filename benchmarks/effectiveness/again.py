"""How far apart two trainings on the same rows are: what chance does to a single draw."""

from .boundaries import RecordingClassifier


class AgainClassifier(RecordingClassifier):
    """A classifier of other initial weights and other batches than its seed gives."""

    def fit(self, X, y):
        """Fit as ever, with the seed after the one that was set."""
        self.random_state += 1
        return super().fit(X, y)
