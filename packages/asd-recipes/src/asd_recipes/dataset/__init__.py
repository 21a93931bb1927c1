"""What recordings there are: layouts of data sets, names, labels, and what is wrong with them."""
