"""All metrics of all machines in one call, and the tables to print or write."""
