"""The API's document, its page, and what every address of it has in common."""

from django.test import AsyncClient, Client
from openapi_spec_validator import validate

from recordings.urls import urlpatterns as recordings_urlpatterns


def test_document_is_valid_and_lists_the_chat_and_the_uploads(client: Client) -> None:
    document = client.get("/api/v1/openapi.json").json()

    validate(document)
    calls = {
        (method, path.removeprefix("/api/v1/interviews/{interview_id}"))
        for path, operations in document["paths"].items()
        for method in operations
    }
    assert calls == {
        ("get", "/chat"),
        ("post", "/chat"),
        ("get", "/chat/turns/{turn_id}"),
        ("post", "/chat/turns/{turn_id}/stop"),
        ("post", "/chat/messages/{message_id}/rating"),
        ("get", "/chat/events"),
        ("post", "/chat/frames"),
        ("post", "/recordings/segments"),
        ("put", "/recordings/segments/{segment_id}/chunks/{index}"),
        ("post", "/recordings/segments/{segment_id}/chunks/{index}/ticket"),
        ("post", "/recordings/segments/{segment_id}/chunks/{index}/confirm"),
        ("post", "/recordings/segments/{segment_id}/close"),
        ("get", "/recordings/manifest"),
        ("post", "/recordings/notes"),
    }


def test_document_says_who_may_call_and_how_refusals_look(client: Client) -> None:
    document = client.get("/api/v1/openapi.json").json()
    operations = [
        operation for one in document["paths"].values() for operation in one.values()
    ]

    assert all(one["security"] == [{"CandidateCookie": []}] for one in operations)
    assert all({"403", "404"} <= set(one["responses"]) for one in operations)
    ask = document["paths"]["/api/v1/interviews/{interview_id}/chat"]["post"]
    assert set(ask["responses"]["200"]["content"]) == {
        "application/json",
        "text/event-stream",
    }


def test_every_upload_route_is_in_the_document(client: Client) -> None:
    paths = client.get("/api/v1/openapi.json").json()["paths"]
    routes = [
        one for one in recordings_urlpatterns if str(one.pattern).startswith("api/")
    ]

    assert len([path for path in paths if "/recordings/" in path]) == len(routes)


def test_docs_page_loads_nothing_from_elsewhere_and_runs_no_script_of_its_own(
    client: Client,
) -> None:
    response = client.get("/api/v1/docs")
    page = response.content.decode()

    assert response.status_code == 200
    policy = response["Content-Security-Policy"].split(";")
    assert "script-src 'self'" in [part.strip() for part in policy]
    assert 'src="http' not in page
    assert "<style" not in page
    assert "POST /api/v1/interviews/{interview_id}/chat" in page
    assert "<code>X-CSRFToken</code>" in page


async def test_address_that_does_not_exist_is_refused_in_the_apis_shape() -> None:
    response = await AsyncClient().get("/api/v1/interviews/none/chat")

    assert response.status_code == 404
    assert response.json()["code"] == "not_found"


async def test_other_method_is_refused_in_the_apis_shape() -> None:
    address = "/api/v1/interviews/00000000-0000-4000-8000-000000000000/chat"
    response = await AsyncClient().delete(address)

    assert (response.status_code, response.json()["code"]) == (
        405,
        "method_not_allowed",
    )
    assert set(response["Allow"].split(", ")) == {"GET", "POST"}
