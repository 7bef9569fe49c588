"""The artifact of the stage generate: images, the masks of what differs in them, and images.csv."""

import csv
from pathlib import Path

from common import image_quality, images
from common.image_quality import FLAGS, Quality
from common.writing import Writer
from generation.methods.method import REMARKS, Made

COLUMNS = ["name", "source_name", "seed", "mean", "std", "blank", "saturated", "nan"]
OF_MASKS = ["mask_pixels", "remark"]  # columns besides, of methods that make masks


class Artifact:
    """Images that are written one by one; what they are is counted."""

    def __init__(self, out: Path, masks: bool):
        """In the folder `out`; with `masks` every image has one."""
        self.out, self.masks = out, masks
        self.rows: list[list] = []
        self.counts = dict.fromkeys(FLAGS, 0)
        if masks:
            self.counts |= {_key(remark): 0 for remark in REMARKS}
        for folder in ("images", "masks")[: 1 + masks]:
            (out / folder).mkdir()

    def __len__(self) -> int:
        return len(self.rows)

    def add(self, name: str, source: str, seed: int, made: Made, writer: Writer) -> None:
        """Have an image and its mask written, which has the same file name."""
        writer.add(images.write_png, made.pixels, self.out / "images" / name)
        signed = images.to_signed(made.pixels) if made.decoded is None else made.decoded
        quality = image_quality.measure(signed, made.pixels)
        for flag in FLAGS:
            self.counts[flag] += getattr(quality, flag)
        self.rows.append([name, Path(source).name, seed, *_columns(quality)])
        if self.masks:
            self._add_mask(name, made, writer)

    def _add_mask(self, name: str, made: Made, writer: Writer) -> None:
        assert made.mask is not None and made.mask.shape == made.pixels.shape[1:], name
        writer.add(images.write_mask, made.mask, self.out / "masks" / name)
        self.rows[-1] += [int(made.mask.sum()), made.remark]
        if made.remark:
            self.counts[_key(made.remark)] += 1

    def finish(self) -> dict[str, int]:
        """Write images.csv; returns how many images there are, how many of them are blank,
        saturated or NaN, and of methods that make masks how many have which remark."""
        with open(self.out / "images.csv", "w", newline="", encoding="utf-8") as handle:
            writer = csv.writer(handle, lineterminator="\n")
            writer.writerow(COLUMNS + OF_MASKS * self.masks)
            writer.writerows(self.rows)
        return {"images": len(self.rows), **self.counts}


def _columns(q: Quality) -> list:
    """Mean and std are of pixel values on a scale of 0 to 255."""
    return [f"{q.mean:.3f}", f"{q.std:.3f}", int(q.blank), int(q.saturated), int(q.nan)]


def _key(remark: str) -> str:
    return remark.replace(" ", "_")
