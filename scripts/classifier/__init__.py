"""Classifiers and encoders: networks, weights, augmentation, training."""
