"""What a run or a training is asked to do: settings, the TOML text of them, system variants, seeds."""
