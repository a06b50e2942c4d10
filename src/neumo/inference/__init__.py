"""Radiograph to reading: gate, session, calibration, prediction set, operating point, receipt."""
