"""The container files keep to the topology and to what the runner may know."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    """Return the services of the compose file."""
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    found: dict[str, Any] = yaml.safe_load(text)["services"]
    return found


def test_compose_has_the_second_column_of_the_architecture(
    services: dict[str, Any],
) -> None:
    assert set(services) == {
        *("balancer", "web-1", "web-2", "worker-1", "worker-2", "beat"),
        *("migrate", "runner", "db", "redis"),
    }


def test_compose_runner_knows_no_secret_and_has_no_network(
    services: dict[str, Any],
) -> None:
    runner = services["runner"]
    assert "env_file" not in runner
    assert runner["environment"] == {"SANDBOX_REQUIRE_HARD_LIMITS": "no"}
    assert runner["network_mode"] == "none"
    assert runner["cap_drop"] == ["ALL"]
    assert "privileged" not in runner
    assert not any("docker.sock" in volume for volume in runner["volumes"])


def test_compose_runs_exactly_one_beat(services: dict[str, Any]) -> None:
    beats = [
        name
        for name, service in services.items()
        if {"beat", "--beat", "-B"} & set(service.get("command", []))
    ]
    assert beats == ["beat"]


def test_compose_sets_only_variables_that_settings_read(
    services: dict[str, Any],
) -> None:
    known = (ROOT / ".env.example").read_text(encoding="utf-8")
    for name in ("web-1", "worker-1", "beat", "migrate"):
        for variable in services[name]["environment"]:
            assert re.search(rf"^#?{variable}=", known, re.MULTILINE)


def test_images_are_pinned(services: dict[str, Any]) -> None:
    images = [service["image"] for service in services.values()]
    bases = re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)
    stages = set(re.findall(r"^FROM \S+ AS (\S+)", DOCKERFILE, re.MULTILINE))
    for image in [*images, *(base for base in bases if base not in stages)]:
        assert re.search(r":(local|\d+\.\d+)", image), image


@pytest.mark.parametrize("stage", ["app", "runner"])
def test_image_runs_unprivileged_under_an_init_with_a_health_check(stage: str) -> None:
    text = DOCKERFILE.split(f" AS {stage}\n")[1].split("\nFROM ")[0]
    assert re.search(rf"^USER {stage}$", text, re.MULTILINE)
    assert 'ENTRYPOINT ["tini", "--"]' in text
    assert "HEALTHCHECK" in text


def test_image_holds_every_app() -> None:
    app = DOCKERFILE.split(" AS app\n")[1].split("\nFROM ")[0]
    copied = set(re.findall(r"COPY --from=build /app/(\w+) \w+", app))
    apps = {"accounts", "assistant", "base", "billing", "interviewlm", "interviews"}
    assert apps | {"recordings", "runner", "templates", "static", "tools"} <= copied
