"""Training LoRAs: one or several in a joint step, their layers, files, checkpoints and images."""
