"""The page in which a candidate's browser runs their own tests.

It is for the candidate alone: nobody else's browser ever runs a candidate's code. The
policy takes its origin away, even when it is opened by itself, so that code in it has
no cookie of ours, reads no page of ours and reaches nothing but Python's own files.
"""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import reverse
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from interviews.enums import InterviewState
from interviews.models import Interview
from interviews.services.browser_runs import list_browser_sections
from interviews.views.candidate import candidate_page

_PYTHON = "vendor/pyodide/"
_TESTS = "vendor/python/pytest.zip"


@require_safe
@xframe_options_sameorigin
@candidate_page
def show_sandbox_frame(request: HttpRequest, interview: Interview) -> HttpResponse:
    """Answer with the frame while the interview is active."""
    if interview.state != InterviewState.ACTIVE:
        return render(request, "interviews/not_found.html", status=404)

    def locate(name: str) -> str:
        return request.build_absolute_uri(static(name))

    scripts = {
        "frame_script": locate("js/lib/pyodideframe.js"),
        "worker_script": locate("js/lib/pyodideworker.js"),
    }
    context = {
        **scripts,
        "python_url": locate(_PYTHON),
        "tests_url": locate(_TESTS),
        "room_origin": request.build_absolute_uri("/").rstrip("/"),
    }
    response = render(request, "interviews/pyodide_frame.html", context)
    loaded = [*scripts.values(), locate(_PYTHON)]
    response["Content-Security-Policy"] = _policy(
        scripts=" ".join(loaded), files=f"{locate(_PYTHON)} {locate(_TESTS)}"
    )
    return response


def _policy(*, scripts: str, files: str) -> str:
    return "; ".join(
        (
            "sandbox allow-scripts",
            "default-src 'none'",
            f"script-src 'wasm-unsafe-eval' blob: {scripts}",
            "worker-src blob:",
            f"connect-src {files}",
            "frame-ancestors 'self'",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )


def browser_config(interview: Interview) -> dict[str, object]:
    """Return what the room needs to run tests in the browser, and nobody else gets."""
    address = reverse("interviews:interview-sandbox-frame", args=[interview.pk])
    return {"frame_url": address, "sections": list_browser_sections(interview)}
