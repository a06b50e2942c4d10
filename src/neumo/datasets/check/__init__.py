"""The audit of a data set before anyone trains on it: broken files, duplicates, leaks, shortcuts."""

from neumo.datasets.check.check import Audit, audit_dataset
from neumo.datasets.check.page import write_audit_html

__all__ = ["Audit", "audit_dataset", "write_audit_html"]
