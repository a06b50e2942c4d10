"""DICOM files to Radiograph: bounded parsing, decoding, the grey-scale pipeline, and the facts of the header."""
