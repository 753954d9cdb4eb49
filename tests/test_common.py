"""scikit-learn's and imbalanced-learn's own checks, all of them and none expected to fail."""

import pytest
from imblearn.utils.estimator_checks import (
    check_dataframe_column_names_consistency,
    check_param_validation,
)
from imblearn.utils.estimator_checks import parametrize_with_checks as imblearn_checks
from sklearn.utils.estimator_checks import parametrize_with_checks as sklearn_checks

from skgan_aug import CycleGANOverSampler, TorchCNNClassifier

SAMPLER = CycleGANOverSampler(max_iter=3, batch_size=4, random_state=0)
# Some checks want a score that takes training.
CLASSIFIER = TorchCNNClassifier(max_epochs=25, batch_size=32, random_state=0)


@sklearn_checks([SAMPLER, CLASSIFIER])
def test_sklearn_checks(estimator, check):
    check(estimator)


@imblearn_checks([SAMPLER, CLASSIFIER])
def test_imblearn_checks(estimator, check):
    check(estimator)


# imbalanced-learn defines these two, but its generator leaves them out.


@pytest.mark.parametrize("estimator", [SAMPLER, CLASSIFIER], ids=lambda e: type(e).__name__)
def test_parameters_are_validated(estimator):
    check_param_validation(type(estimator).__name__, estimator)


def test_sampler_keeps_the_column_names_of_a_frame():
    check_dataframe_column_names_consistency(type(SAMPLER).__name__, SAMPLER)
