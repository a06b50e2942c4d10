"""Commissioning a bundle from the workbench: runs in a process of their own, what they left, acceptance, signature."""
