"""A folder of photos as cameras, scanners and programs write them, for what reads photos.

    python odd_photos.py DIR

writes DIR/exact/* (lossless), DIR/close/* (lossy) and DIR/refused/*, and for each file of the first
two DIR/reference/<folder>/<name>.png, which is what photos.read makes of it.
"""

import struct
import sys
import zlib
from pathlib import Path

import numpy as np
from PIL import Image, PngImagePlugin, TiffImagePlugin

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from common import photos

SIZE = (24, 16)
ORIENTATION = 0x0112


def picture() -> Image.Image:
    """Smooth colours, different in every corner, so that JPEG is close to them."""
    x, y = np.meshgrid(np.linspace(0, 1, SIZE[0]), np.linspace(0, 1, SIZE[1]))
    planes = [40 + 180 * x, 40 + 180 * y, 220 - 90 * x - 90 * y]
    return Image.fromarray(np.stack(planes, -1).round().astype(np.uint8))


def hidden() -> Image.Image:
    """With an alpha channel that hides half of the colours."""
    alpha = np.tile(np.linspace(0, 255, SIZE[0]).astype(np.uint8), (SIZE[1], 1))
    return Image.merge("RGBA", [*picture().split(), Image.fromarray(alpha)])


def grey16(most: int = 65535) -> np.ndarray:
    x, y = np.meshgrid(np.arange(SIZE[0]), np.arange(SIZE[1]))
    return ((x + y * SIZE[0]) * most // (SIZE[0] * SIZE[1] - 1)).astype(np.uint16)


def png16(path: Path, values: np.ndarray, kind: int, **chunks: bytes) -> None:
    """A PNG of 16 bits a value, which Pillow does not write in colour; `kind` is its type."""
    height, width = values.shape[:2]
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    header = struct.pack(">IIBBBBB", width, height, 16, kind, 0, 0, 0)
    parts = [(b"IHDR", header), *((n.encode(), t) for n, t in chunks.items())]
    parts += [(b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    sums = [struct.pack(">I", zlib.crc32(name + text)) for name, text in parts]
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + b"".join(
            struct.pack(">I", len(text)) + name + text + total
            for (name, text), total in zip(parts, sums, strict=True)
        )
    )


def exact(folder: Path) -> None:
    """Lossless files."""
    rgb, rgba = picture(), hidden()
    for mode in ("1", "L", "P", "RGB"):
        for kind in ("png", "bmp", "tif"):
            rgb.convert(mode).save(folder / f"{mode}.{kind}")
    for mode in ("LA", "RGBA"):
        rgba.convert(mode).save(folder / f"{mode}.png")
    rgba.save(folder / "RGBA.bmp")
    rgba.save(folder / "RGBA.webp", lossless=True, exact=True)
    rgba.save(folder / "RGBA.tif")
    rgb.save(folder / "RGB.webp", lossless=True)
    rgb.convert("L").save(folder / "transparent grey.png", transparency=60)
    rgb.save(folder / "transparent colour.png", transparency=rgb.getpixel((3, 3)))
    rgb.quantize(32).save(folder / "transparent palette.png", transparency=bytes(range(0, 256, 8)))
    deep = grey16()
    for kind in ("png", "tif"):
        Image.fromarray(deep).save(folder / f"16.{kind}")
        Image.fromarray(grey16(4095)).save(folder / f"12 of 16.{kind}")
    big_endian = Image.frombytes("I;16B", SIZE, deep.astype(">u2").tobytes())
    big_endian.save(folder / "16 big-endian.tif")
    png16(folder / "16 transparent.png", deep, 0, tRNS=struct.pack(">H", int(deep[2, 2])))
    colours = np.asarray(rgba).astype(np.uint16) * 257 + 100
    png16(folder / "16 colour.png", colours[..., :3], 2)
    png16(folder / "16 colour and alpha.png", colours, 6)
    png16(folder / "16 grey and alpha.png", colours[..., 2:], 4)
    for compression in ("tiff_lzw", "tiff_adobe_deflate", "packbits"):
        rgb.save(folder / f"{compression}.tif", compression=compression)
        Image.fromarray(deep).save(folder / f"16 {compression}.tif", compression=compression)
    rgb.save(folder / "two pages.tif", save_all=True, append_images=[rgb.rotate(180)])
    for turn in range(1, 9):
        exif = Image.Exif()
        exif[ORIENTATION] = turn
        rgb.save(folder / f"turned {turn}.png", exif=exif)
        rgb.save(folder / f"turned {turn}.webp", exif=exif, lossless=True)
        rgb.save(folder / f"turned {turn}.tif", tiffinfo={ORIENTATION: turn})
    exif = Image.Exif()
    exif[ORIENTATION] = 77
    rgb.save(folder / "turned in no way.png", exif=exif)
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", "scratch " * 400_000, zip=True)
    rgb.save(folder / "3 MB of text.png", pnginfo=text)


def close(folder: Path) -> None:
    """Lossy files, which decoders need not agree on to the bit."""
    rgb = picture()
    rgb.save(folder / "444.jpg", quality=95, subsampling=0)
    rgb.save(folder / "420.jpg", quality=95, subsampling=2)
    rgb.save(folder / "progressive.jpg", quality=95, subsampling=0, progressive=True)
    rgb.convert("L").save(folder / "grey.jpg", quality=95)
    rgb.convert("CMYK").save(folder / "cmyk.jpg", quality=95)
    rgb.save(folder / "lossy.webp", quality=95)
    hidden().save(folder / "lossy alpha.webp", quality=95, exact=True)
    for turn in range(1, 9):
        exif = Image.Exif()
        exif[ORIENTATION] = turn
        rgb.save(folder / f"turned {turn}.jpg", quality=95, subsampling=0, exif=exif)
    xmp = '<x:xmpmeta><rdf:Description tiff:Orientation="6"/></x:xmpmeta>'
    rgb.save(folder / "turned by XMP.jpg", quality=95, subsampling=0, xmp=xmp.encode())


def refused(folder: Path) -> None:
    """What cannot be read in one way by all."""
    rgb = picture()
    for compression in ("jpeg", "zstd"):
        rgb.save(folder / f"{compression}.tif", compression=compression)
    rgb.convert("1").save(folder / "fax.tif", compression="group4")
    rgb.convert("CMYK").save(folder / "cmyk.tif")
    rgb.convert("F").save(folder / "float.tif")
    rgb.convert("I").save(folder / "32 bits.tif")
    info = TiffImagePlugin.ImageFileDirectory_v2()
    info[262] = 0  # photometric: zero is white
    Image.fromarray(grey16()).save(folder / "negative.tif", tiffinfo=info)
    frames = {"save_all": True, "append_images": [rgb.rotate(180)]}
    rgb.save(folder / "film.png", **frames)
    rgb.save(folder / "film.webp", **frames)
    rgb.save(folder / "gif.png", format="GIF")
    (folder / "empty.png").write_bytes(b"")
    whole = folder.parent / "close" / "444.jpg"
    (folder / "no end.jpg").write_bytes(whole.read_bytes()[:-2])
    whole = folder.parent / "exact" / "RGB.png"
    (folder / "no end.png").write_bytes(whole.read_bytes()[:-12])


def write(folder: Path) -> None:
    """Write everything."""
    for kind in (exact, close, refused):
        (folder / kind.__name__).mkdir(parents=True)
        kind(folder / kind.__name__)
    for path in [*(folder / "exact").iterdir(), *(folder / "close").iterdir()]:
        reference = folder / "reference" / path.parent.name / f"{path.name}.png"
        reference.parent.mkdir(parents=True, exist_ok=True)
        photos.read(str(path)).save(reference)


if __name__ == "__main__":
    write(Path(sys.argv[1]))
