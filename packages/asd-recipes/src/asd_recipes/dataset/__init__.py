"""Which recordings a data set has: layouts, file names, labels, and checks of them."""
