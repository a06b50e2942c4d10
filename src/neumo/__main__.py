"""`python -m neumo`: the command line."""

from neumo.cli.main import main

main()
