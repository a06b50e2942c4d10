"""An experiment file to a trained run (Lightning)."""
