"""Papers about a bundle and its use: for hospitals, journals and regulators, from what is measured and configured."""
