"""A DICOM node beside a PACS: receives radiographs, keeps them safe, reads them, sends the results back."""
