"""What every stage uses: specs and batches of tasks, photos, randomness, devices and memory."""
