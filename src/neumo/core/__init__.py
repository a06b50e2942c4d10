"""The words that every other room uses: findings, radiographs, errors. NumPy only."""
