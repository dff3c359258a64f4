"""What a door's scanner reads from tickets on paper and on screen."""

import io
import re

import pypdfium2  # type: ignore[import-untyped] # published without types
import zxingcpp
from PIL import Image, ImageDraw

from backend.features.orders.documents.qr import TicketClaim, door_keys, key_set, signing_key, verify

KEY = signing_key("a shop's secret")
DOOR = door_keys(key_set(["a shop's secret"]))


def scanned(document: bytes) -> list[TicketClaim]:
    """Each page's ticket."""
    claims = []
    for page in pypdfium2.PdfDocument(io.BytesIO(document)):
        (found,) = zxingcpp.read_barcodes(page.render(scale=2.5).to_pil())
        claims.append(verify(found.text, DOOR))
    return claims


def drawn_svg(svg: str, scale: int = 4) -> Image.Image:
    """What is black in the picture: horizontal runs are stroked, each row half a module below its upper edge."""
    image = Image.new("L", (49 * scale, 49 * scale), 255)
    draw = ImageDraw.Draw(image)
    x = y = 0.0
    runs = "".join(re.findall(r'stroke="#000" d="([^"]+)"', svg))
    for command, numbers in re.findall(r"([Mmh])([-\d. ]+)", runs):
        values = [float(number) for number in numbers.split()]
        if command == "h":
            box = (x * scale, (y - 0.5) * scale, (x + values[0]) * scale - 1, (y + 0.5) * scale - 1)
            draw.rectangle(box, fill=0)
            x += values[0]
        else:
            x, y = (values[0], values[1]) if command == "M" else (x + values[0], y + values[1])
    return image
