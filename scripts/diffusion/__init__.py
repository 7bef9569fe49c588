"""Base models: where their files are, how they are loaded, prompts, latents and samplers."""
