"""What a run or a training is asked to do: settings, their TOML text, system variants, seeds."""
