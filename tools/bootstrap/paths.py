"""Where things are in the project."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
REQUIREMENTS = ROOT / "requirements"
PINS = ROOT / "tools" / "pins"
VAR = ROOT / "var"
STATE = VAR / "setup"
LOGS = STATE / "logs"
NODE = VAR / "node"
UV_HOME = VAR / "uv"
UV = UV_HOME / "bin" / "uv"
TOOLCHAIN = VAR / "toolchain"
STATIC = VAR / "static"
