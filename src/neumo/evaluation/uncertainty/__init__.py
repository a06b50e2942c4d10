"""Bootstrap intervals, calibration, temperature scaling and conformal prediction sets."""
