"""What a customer may not do, or not now; becomes HTTP in one place, backend.web."""

from collections.abc import Mapping


class DomainError(Exception):
    """A request that was understood and is refused; nothing has changed.

    slug: the stable name of the problem, as in its `type`. detail: one sentence for the person who asked.
    extra: further members of the answer, by name.
    """

    def __init__(self, slug: str, detail: str, extra: Mapping[str, object] | None = None) -> None:
        super().__init__(detail)
        self.slug = slug
        self.detail = detail
        self.extra = dict(extra or {})
