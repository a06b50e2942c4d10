"""Recipes, folds and seeds trained as one sweep: the runs, how one is trained, the table at the end."""
