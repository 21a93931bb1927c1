"""From a trained network to scores, of a run or of single recordings: embeddings, inlier models, stretches."""
