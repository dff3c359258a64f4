"""E-mail addresses: what can be written to, by every way that the shop sends mail."""

from __future__ import annotations

import re
from email.headerregistry import Address

_LONGEST = 254  # what SMTP has room for
# Without quotes and comments, which mail servers may treat as they like, and in ASCII, as SES takes no other.
_LOCAL = re.compile(r"(?=.{1,64}$)[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN = re.compile(rf"(?:{_LABEL}\.)+(?![0-9]+$){_LABEL}", re.IGNORECASE)


def mail_address(text: str, name: str = "") -> Address:
    """One address and nothing but it, with its domain in ASCII, which has one spelling. name: of the person or shop.

    ValueError, which never repeats the text, for whatever a mail server could refuse or misread.
    """
    local, _, domain = text.rpartition("@")
    if not local.isascii() and "@" not in local:
        raise ValueError("Must be an e-mail address with plain letters before the @")
    try:
        written = domain.encode("idna").decode()
    except UnicodeError:
        written = ""
    fits = len(local) + len(written) < _LONGEST
    if not (fits and _LOCAL.fullmatch(local) and _DOMAIN.fullmatch(written)):
        raise ValueError("Must be an e-mail address")
    return Address(display_name=name, username=local, domain=written)
