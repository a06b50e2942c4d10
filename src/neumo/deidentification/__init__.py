"""De-identification of DICOM radiographs (PS3.15 annex E). Needs the extra `dicom`."""
