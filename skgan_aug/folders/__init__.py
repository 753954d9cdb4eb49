"""Folders of images in, balanced folders of images out."""

from ._augment import augment_folder
from ._output import check_output
from ._plan import ClassPlan, FolderPlan, plan_folder

__all__ = ["ClassPlan", "FolderPlan", "augment_folder", "check_output", "plan_folder"]
