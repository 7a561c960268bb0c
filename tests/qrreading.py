"""What a phone reads of a picture of a QR code: the picture's points, and zxing, which finds the code in them."""

import re
import struct
import zlib
from xml.etree import ElementTree

import numpy as np
import zxingcpp


def read(picture: bytes) -> str:
    """The text of the one code in a PNG or SVG as segno draws them."""
    points = _of_png(picture) if picture.startswith(b"\x89PNG") else _of_svg(picture)
    (found,) = zxingcpp.read_barcodes(points)
    return str(found.text)


def _of_png(picture: bytes) -> "np.ndarray[tuple[int, int], np.dtype[np.uint8]]":
    """Of one bit a point, in lines that stand alone or say what is other than in the one above."""
    width, height = struct.unpack(">II", picture[16:24])
    data, at = b"", 8
    while at < len(picture):
        size, kind = struct.unpack(">I4s", picture[at : at + 8])
        data += picture[at + 8 : at + 8 + size] if kind == b"IDAT" else b""
        at += size + 12
    lines = np.frombuffer(zlib.decompress(data), np.uint8).reshape(height, -1)
    assert set(lines[:, 0]) <= {0, 2}
    whole = np.zeros_like(lines[:, 1:])
    for place, line in enumerate(lines):
        whole[place] = line[1:] + (whole[place - 1] if line[0] and place else np.uint8(0))
    return np.unpackbits(whole, axis=1)[:, :width] * np.uint8(255)


def _of_svg(picture: bytes) -> "np.ndarray[tuple[int, int], np.dtype[np.uint8]]":
    """Its dark lines, each a module high, of four points a module."""
    root = ElementTree.fromstring(picture)
    scale = float(re.findall(r"[\d.]+", root[0].get("transform", ""))[0])
    modules = round(float(root.get("width", "0")) / scale)
    points = np.full((modules, modules), 255, np.uint8)
    x, y = 0.0, 0.0
    for verb, first, second in re.findall(r"([Mmh])(-?[\d.]+)(?:[ ,]?(-?[\d.]+))?", root[0][1].get("d", "")):
        if verb == "h":
            points[int(y), int(x) : int(x + float(first))] = 0
            x += float(first)
        else:
            x, y = (float(first), float(second)) if verb == "M" else (x + float(first), y + float(second))
    return points.repeat(4, axis=0).repeat(4, axis=1)
