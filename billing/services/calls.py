"""What one call to a provider is, in billing's words."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Call:
    """Who pays for a call, for what, and with which key.

    `payer`, `reference`, `group` and `labels` mean nothing here. A simulated call is
    metered like any other, and added up apart: nobody pays for it.
    """

    payer: str
    reference: str
    provider: str
    model: str
    purpose: str
    group: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    key_label: str = ""
    is_simulated: bool = False
