"""What each number means: AUC, partial AUC, conventions, means, decisions."""
