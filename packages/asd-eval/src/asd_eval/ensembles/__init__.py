"""Scores of several models brought to one scale and averaged."""
