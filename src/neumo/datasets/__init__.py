"""A data set folder to a manifest, its checks, splits, balance and decoded pixels."""
