"""From a trained network to the scores of clips: embeddings, inlier models, score tables."""
