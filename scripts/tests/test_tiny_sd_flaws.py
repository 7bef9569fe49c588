"""Drawn flaws only darken, leave the plain noun to sound cells, and repeat themselves."""

from pathlib import Path

import pytest
import torch

import tiny_sd_data
import tiny_sd_flaws
from common import randomness
from tiny_sd_data import Cell


def generator(index: int) -> torch.Generator:
    return randomness.generator(0, "test", index)


def test_a_flaw_darkens_a_part_and_brightens_nothing():
    photo = torch.full((3, 128, 128), 0.8)
    visible = 0
    for index in range(60):
        flawed, _ = tiny_sd_flaws.draw(photo, generator(index))
        assert flawed.shape == photo.shape
        assert ((flawed >= 0) & (flawed <= photo)).all()
        darker = (flawed < 0.9 * photo).float().mean()
        assert darker < 0.9
        visible += bool(darker > 0)
    assert visible >= 54  # a stroke may be faint, or a dead corner tiny


def test_kinds_come_as_often_as_they_should():
    photo = torch.ones(1, 16, 16)
    words = [tiny_sd_flaws.draw(photo, generator(index))[1].word for index in range(600)]
    for kind in tiny_sd_flaws.KINDS:
        assert words.count(kind.word) / len(words) == pytest.approx(kind.frequency, abs=0.06)


def test_flawed_copies_never_carry_the_plain_noun():
    cells = [Cell(Path(f"{i}.png"), "", kind, "0.0") for i, kind in enumerate(["mono", "poly"])]
    pixels = torch.full((2, 3, 32, 32), 200, dtype=torch.uint8)
    copies, captions = tiny_sd_data.flawed(cells, pixels, seed=3)
    again, _ = tiny_sd_data.flawed(cells, pixels, seed=3)
    assert torch.equal(copies, again)
    assert not torch.equal(copies, pixels)
    for cell, choices in zip(cells, captions, strict=True):
        assert sum(frequency for _, frequency in choices) == pytest.approx(1)
        assert f"{cell.kind} solar cell" not in [text for text, _ in choices]
