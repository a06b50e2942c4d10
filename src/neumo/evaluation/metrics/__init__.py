"""Classification metrics, weighted resamples, missed pneumonias and operating points."""
