"""What is known of a model: its limits, what it takes, how long it lives."""

import tomllib
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

SHIPPED = Path(__file__).resolve().parent / "models.toml"
AUTO = "auto"

Effort = Literal["low", "medium", "high", "xhigh", "max"]
Thinking = Literal["adaptive", "between_tools", "disabled", "enabled"]
Kind = Literal["talk", "code"]
# In rising order.
EFFORTS: tuple[Effort, ...] = ("low", "medium", "high", "xhigh", "max")


class ModelFacts(BaseModel):
    """One model in one version of what is known of it; tokens, aware times.

    `thinking` lists the modes that may be asked for. A model that lists "adaptive"
    thinks unless told otherwise. Nothing listed: send nothing of the kind. The
    Messages API takes `strict` and `eager_input_streaming` with any tool: the last two
    are for gateways that refuse requests that have them.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, Field(min_length=1, max_length=100)]
    title: str = ""
    context_tokens: Annotated[int, Field(gt=0)] = 200_000
    output_tokens: Annotated[int, Field(gt=0)] = 8_192
    cacheable_tokens: Annotated[int, Field(ge=0)] = 4_096
    thinking: tuple[Thinking, ...] = ()
    effort: tuple[Effort, ...] = ()
    forced_tools: bool = False
    prefill: bool = False
    system_messages: bool = True
    images: bool = False
    structured_outputs: bool = False
    strict_tools: bool = True
    eager_tools: bool = True
    lifecycle: Literal["active", "deprecated", "retired"] = "active"
    retires_at: datetime | None = None

    def spell(self) -> str:
        """Return the facts as text, the same for the same facts.

        What came later is left out where it says nothing new: a fact of a new kind
        makes no new version of every model.
        """
        later = {"strict_tools": True, "eager_tools": True}
        untold = {name for name, value in later.items() if getattr(self, name) == value}
        return self.model_dump_json(exclude=untold)


class AutoRow(BaseModel):
    """One row of what “auto” means; no bound and no kind fit everything."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: str
    kind: Kind | None = None
    up_to_tokens: int | None = None

    def fits(self, kind: Kind, size_tokens: int) -> bool:
        """Say whether a turn goes to this row's model."""
        if self.kind is not None and self.kind != kind:
            return False
        return self.up_to_tokens is None or size_tokens <= self.up_to_tokens


class Catalogue(BaseModel):
    """A file of models."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: tuple[ModelFacts, ...] = ()
    auto: tuple[AutoRow, ...] = ()


@cache
def read_catalogue(path: Path = SHIPPED) -> Catalogue:
    """Return a file of models, checked. Raises ValueError for what it does not take."""
    return Catalogue.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))


def shipped_facts(name: str) -> ModelFacts:
    """Return what we ship of a model; of an unknown one only what any model takes."""
    for facts in read_catalogue().model:
        if facts.name == name:
            return facts
    return ModelFacts(name=name)


def route(rows: Sequence[AutoRow], *, kind: Kind, size_tokens: int) -> str:
    """Return the model of the first row that a turn fits, or of the last one."""
    for row in rows:
        if row.fits(kind, size_tokens):
            return row.model
    return rows[-1].model
