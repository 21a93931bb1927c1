"""Commands of `asd`, a module each; they import what they need when they run."""
