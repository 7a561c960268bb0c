"""QR codes as pictures: SVG for what is printed, PNG for mail programs, most of which show no SVG."""

import base64
import io
from functools import lru_cache

import segno

FORMS = {"svg": "image/svg+xml", "png": "image/png"}
"""What each form is to a browser."""
_SCALE = 8
"""Pixels of a module in PNG, and of the size that an SVG has where nothing else is said."""
_KEPT = 1024


@lru_cache(_KEPT)
def picture(text: str, form: str) -> bytes:
    """The code that says this text, black on white with the margin that a reader needs; always the same bytes.

    It is read with 15 % of it covered. Raises segno.DataOverflowError for a text of more than 2,331 bytes.
    """
    drawn = io.BytesIO()
    segno.make_qr(text, error="m").save(drawn, kind=form, scale=_SCALE, light="white")
    return drawn.getvalue()


def data_url(text: str, form: str) -> str:
    """The picture as an address that holds it whole."""
    return f"data:{FORMS[form]};base64,{base64.b64encode(picture(text, form)).decode()}"
