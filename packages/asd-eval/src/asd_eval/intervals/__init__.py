"""How sure a number is, and whether two systems differ: bootstrap, permutation test, DeLong."""
