"""What a ticket and a chunk ask of the database is bounded, and stays so."""

from pytest_django import DjangoAssertNumQueries

from recordings.models import UploadTicket
from tests.recordings.conftest import Browser

# One each, because the test has a transaction already.
SAVEPOINT_AND_ITS_RELEASE = 2


def test_chunk_is_announced_and_stored_in_few_statements(
    browser: Browser, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    browser.open()
    browser.ticket(1, b"first")
    browser.put(1, b"first")

    with django_assert_num_queries(5 + SAVEPOINT_AND_ITS_RELEASE):
        assert browser.ticket(2, b"bytes").status_code == 200
    with django_assert_num_queries(6 + SAVEPOINT_AND_ITS_RELEASE):
        assert browser.put(2, b"bytes").status_code == 201
    with django_assert_num_queries(1):
        assert browser.put(2, b"bytes").status_code == 200
    assert not UploadTicket.objects.exists()
