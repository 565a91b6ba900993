"""`python -m ttv` is `ttv`."""

from ttv.cli import main

main(prog_name="ttv")
