"""neumo reads chest radiographs: normal, bacterial or viral pneumonia. Not a medical device."""

__version__ = "0.1.0"
