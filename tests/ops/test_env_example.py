"""`.env.example` lists what the code reads, with the same defaults."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = [
    ROOT / "interviewlm" / f"{name}.py" for name in ("settings", "media_settings")
]
LINE = re.compile(r"^#?([A-Z][A-Z0-9_]*)=(.*)$", re.MULTILINE)


def read_settings() -> dict[str, str | None]:
    """Return each variable the settings read with its literal default, if it has one."""
    found: dict[str, str | None] = {}
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in SETTINGS]
    for node in (node for tree in trees for node in ast.walk(tree)):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        if node.func.id.startswith("env_"):
            name = node.args[0]
            assert isinstance(name, ast.Constant)
            found[str(name.value)] = literal_default(node)
    return found


def literal_default(call: ast.Call) -> str | None:
    """Return the default as it would stand in the environment."""
    candidates = [keyword.value for keyword in call.keywords] + call.args[-1:]
    default = candidates[0]
    if len(call.args) + len(call.keywords) < 2 or not isinstance(default, ast.Constant):
        return None
    if isinstance(default.value, bool):
        return "yes" if default.value else "no"
    return str(default.value)


def read_example() -> dict[str, str]:
    """Return the lines of the example, commented out or not."""
    return dict(LINE.findall((ROOT / ".env.example").read_text(encoding="utf-8")))


def test_env_example_lists_exactly_what_settings_read() -> None:
    assert sorted(read_example()) == sorted(read_settings())


def test_env_example_defaults_are_those_of_the_settings() -> None:
    shown = read_example()
    wrong = {
        name: (shown[name], default)
        for name, default in read_settings().items()
        if default is not None and shown[name] != default
    }
    assert wrong == {}


def test_env_example_explains_every_secret_without_giving_one() -> None:
    shown = read_example()
    secrets = [name for name in shown if re.search(r"(KEY|PASSWORD|TOKEN)$", name)]
    assert {name: shown[name] for name in secrets} == dict.fromkeys(secrets, "")
