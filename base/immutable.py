"""Rows that are written once: never changed, never deleted by the program."""

from collections.abc import Iterable
from typing import Any, TypeVar

from django.db import models

M = TypeVar("M", bound=models.Model)


class ImmutableError(Exception):
    """Somebody tried to change or delete what is written once."""


class ImmutableQuerySet(models.QuerySet[M]):
    """Reads and inserts only."""

    def update(self, **kwargs: Any) -> int:
        """Refuse."""
        raise ImmutableError(f"{self.model.__name__} rows are never changed.")

    def delete(self) -> tuple[int, dict[str, int]]:
        """Refuse."""
        raise ImmutableError(f"{self.model.__name__} rows are never deleted.")

    def bulk_create(self, objs: Iterable[M], *args: Any, **kwargs: Any) -> list[M]:
        """Insert rows; refuse to write over those that are there."""
        # The third positional argument, too, is `update_conflicts`.
        if kwargs.get("update_conflicts") or any(args[2:3]):
            raise ImmutableError(f"{self.model.__name__} rows are never changed.")
        return super().bulk_create(objs, *args, **kwargs)


class ImmutableModel(models.Model):
    """A model whose rows are inserted and then left alone.

    Its managers, the related ones included, are made from `ImmutableQuerySet`.
    """

    objects = ImmutableQuerySet.as_manager()

    class Meta:
        abstract = True
        # Related managers write through the base manager.
        base_manager_name = "objects"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Write a new row; refuse to write an old one again.

        With the number of an old row the insert fails: without `force_insert` Django
        would try to update that row first.
        """
        if not self._state.adding:
            raise ImmutableError(f"{type(self).__name__} rows are never changed.")
        super().save(*args, **{**kwargs, "force_insert": True})

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Refuse."""
        raise ImmutableError(f"{type(self).__name__} rows are never deleted.")
