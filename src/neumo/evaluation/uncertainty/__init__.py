"""Bootstrap and exact intervals, calibration, temperature scaling and conformal prediction sets."""
