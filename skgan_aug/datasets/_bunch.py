"""The Bunch that every loader returns."""

from sklearn.utils import Bunch


def make_bunch(X, y, target_names, descr, *, test=None, return_X_y=False):
    """Collect arrays under scikit-learn's names.

    Parameters
    ----------
    X : ndarray of shape (n, H, W), (n, H, W, C) or (n, d)
        Images, or rows that are no images.

    y : ndarray of shape (n,)
        Labels.

    target_names : ndarray of str
        Name of each class, in the order of the sorted labels.

    descr : str
        What the data are.

    test : tuple (X_test, y_test), default=None
        The test split, when the data come with one.

    return_X_y : bool, default=False
        Return the training part ``(X, y)`` instead of the Bunch.

    Returns
    -------
    data : Bunch, or tuple (X, y)
    """
    if return_X_y:
        return X, y
    bunch = Bunch(data=X.reshape(len(X), -1), target=y, target_names=target_names, DESCR=descr)
    if X.ndim > 2:
        bunch.images = X
    if test is not None:
        X_test, y_test = test
        bunch.test_data, bunch.test_target = X_test.reshape(len(X_test), -1), y_test
        if X_test.ndim > 2:
            bunch.test_images = X_test
    return bunch
