"""The audit of a data set before anyone trains on it: broken files, duplicates, leaks, shortcuts."""

from neumo.audit.audit import Audit, audit_dataset
from neumo.audit.page import write_audit_html

__all__ = ["Audit", "audit_dataset", "write_audit_html"]
