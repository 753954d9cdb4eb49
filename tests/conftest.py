"""What all tests share."""

import os

# Before SciPy is imported: scikit-learn's checks of array API support skip themselves without.
os.environ.setdefault("SCIPY_ARRAY_API", "1")
