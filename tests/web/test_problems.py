import pytest
from aiohttp import web

from backend.db.errors import Busy, ConnectionLost, LockTimeout, QueryTimeout, Rejected, Unavailable
from backend.domain.errors import DomainError
from backend.web.problems import CATALOGUE, Problem, problem_of, problem_response


def test_a_problem_has_the_members_of_rfc_9457_and_the_title_for_old_clients() -> None:
    problem = Problem("sold-out", "Only 3 are left.", extra={"available_tickets": 3})
    assert problem.body("/api/basket", "abc-1") == {
        "type": "/problems/sold-out",
        "title": "Not enough tickets are left",
        "status": 409,
        "detail": "Only 3 are left.",
        "instance": "/api/basket",
        "request_id": "abc-1",
        "error": "Not enough tickets are left",
        "available_tickets": 3,
    }


def test_further_members_cannot_replace_the_standard_ones() -> None:
    assert Problem("sold-out", extra={"status": 200}).body("/", "")["status"] == 409


@pytest.mark.parametrize(
    ("error", "slug", "status"),
    [
        (DomainError("seat-gone", "Taken."), "seat-gone", 409),
        (DomainError("no-such-problem", "?"), "internal", 500),
        (Unavailable("down"), "unavailable", 503),
        (ConnectionLost("unknown"), "unavailable", 503),
        (Busy("full"), "unavailable", 503),
        (QueryTimeout("slow"), "unavailable", 503),
        (LockTimeout("locked"), "unavailable", 503),
        (Rejected("wrong", "23505"), "internal", 500),
        (TimeoutError(), "deadline", 504),
        (web.HTTPNotFound(), "not-found", 404),
        (web.HTTPMethodNotAllowed("PUT", ["GET"]), "method-not-allowed", 405),
        (web.HTTPRequestEntityTooLarge(1, 2), "body-too-large", 413),
        (web.HTTPGone(), "validation", 400),
        (web.HTTPBadGateway(), "internal", 500),
        (ValueError("a bug"), "internal", 500),
    ],
)
def test_each_error_becomes_its_problem(error: Exception, slug: str, status: int) -> None:
    problem = problem_of(error)
    assert (problem.type, problem.status) == (slug, status)


def test_a_domain_errors_words_and_members_reach_the_customer() -> None:
    problem = problem_of(DomainError("not-on-sale", "The sale opens later.", {"on_sale_at": "2027-01-01T10:00:00Z"}))
    body = problem.body("/api/basket", "")
    assert (body["detail"], body["on_sale_at"]) == ("The sale opens later.", "2027-01-01T10:00:00Z")


def test_a_bug_tells_the_customer_nothing_of_its_cause() -> None:
    assert "secret" not in str(problem_of(ValueError("secret")).body("/", ""))


@pytest.mark.parametrize("slug", ["unavailable", "deadline", "too-many-requests", "idempotency-in-flight"])
def test_what_is_worth_another_try_says_when(slug: str) -> None:
    assert int(problem_response(Problem(slug), "/", "").headers["Retry-After"]) >= 1


def test_every_unavailable_answer_says_when_to_try_again() -> None:
    assert all(kind.retry_after for kind in CATALOGUE.values() if kind.status == 503)
