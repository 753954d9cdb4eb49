"""Reports of what over-sampling did."""

from ._augmentation import AugmentationReport, augmentation_report

__all__ = ["AugmentationReport", "augmentation_report"]
