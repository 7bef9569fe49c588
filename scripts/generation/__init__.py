"""Making images with a base model and LoRAs."""
