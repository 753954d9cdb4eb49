"""Reports of what over-sampling did."""

from ._augmentation import AugmentationReport, augmentation_report
from ._page import check_requirements, write_report

__all__ = ["AugmentationReport", "augmentation_report", "check_requirements", "write_report"]
