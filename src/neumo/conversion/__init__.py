"""Networks from elsewhere: an ONNX classifier and labelled radiographs, made a bundle."""
