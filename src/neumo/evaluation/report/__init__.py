"""The HTML evaluation report and its figures."""
