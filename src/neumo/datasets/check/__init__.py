"""The audit of a data set before training: broken files, duplicates, leaks, shortcuts."""
