"""Networks and their weights (torch)."""
