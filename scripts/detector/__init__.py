"""Detectors that train on photos of good parts alone: features of patches, memory, scores."""
