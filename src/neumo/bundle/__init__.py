"""A trained model as a folder: graph, config, gate statistics, card and checksums."""
