"""Radiographs without their patients: what PS3.15 calls de-identification. Needs the extra `dicom`."""
