"""Runs of all systems on all machines: jobs, the run store, tables, the study."""
