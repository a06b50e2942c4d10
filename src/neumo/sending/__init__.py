"""Sends DICOM objects to archives, by C-STORE or STOW-RS, for the node and the workbench alike."""
