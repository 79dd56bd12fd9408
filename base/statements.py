"""Rows locked and written by statements that are built once.

Building a statement costs the ORM several times what running it does. Where somebody
types that was most of an edit; everywhere else the ORM reads better.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, TypeVar

from django.db import DatabaseError, connection
from django.db.models import Field, Model
from django.db.transaction import TransactionManagementError

M = TypeVar("M", bound=Model)
Names = tuple[str, ...]


@dataclass(frozen=True)
class Part:
    """Fields of a model, with its key, in rows joined with others; named by `alias`."""

    model: type[Model]
    alias: str
    names: Names


def read_joined(
    parts: tuple[Part, ...],
    source: str,
    keys: Sequence[tuple[type[Model], str, object]],
    *,
    locked: str = "",
) -> list[tuple[Any, ...]]:
    """Return an object of each part for each row; None for one an outer join lacks.

    `source` begins with FROM and has places for the keys: a model's field, and the
    value. The rows of the `locked` alias are, until the transaction ends.
    """
    if locked and not connection.in_atomic_block:
        raise TransactionManagementError("A lock needs a transaction.")
    statement = _select_joined(parts) + source
    if locked and connection.features.has_select_for_update:
        statement += " " + connection.ops.for_update_sql(of=(locked,))
    with connection.cursor() as cursor:
        cursor.execute(statement, [_prepare(*key) for key in keys])
        rows = cursor.fetchall()
    return [_load_parts(parts, row) for row in rows]


def delete_rows(model: type[Model], **where: object) -> int:
    """Remove the rows with these values that nothing refers to; return how many."""
    keys = [_prepare(model, name, value) for name, value in where.items()]
    with connection.cursor() as cursor:
        cursor.execute(_delete(model, tuple(where)), keys)
        count: int = cursor.rowcount
    return count


def lock_row(
    model: type[M], names: Names, *, no_key: bool = False, **where: object
) -> M | None:
    """Return the row with these values, locked until the transaction ends, or None.

    It holds the fields of these names; another is read when it is asked for. Raises
    TransactionManagementError outside of a transaction.
    """
    if not connection.in_atomic_block:
        raise TransactionManagementError("A lock needs a transaction.")
    fields = _chosen(model, names)
    keys = [_prepare(model, name, value) for name, value in where.items()]
    lock = ""
    if connection.features.has_select_for_update:
        lock = " " + connection.ops.for_update_sql(no_key=no_key)
    with connection.cursor() as cursor:
        cursor.execute(_select(model, fields, tuple(where)) + lock, keys)
        values = cursor.fetchone()
    return None if values is None else _load(model, fields, values)


def update_row(row: Model, names: Names) -> None:
    """Write these fields of a stored row."""
    model = type(row)
    with connection.cursor() as cursor:
        cursor.execute(_update(model, names), _values(row, (*names, "pk")))
        if cursor.rowcount != 1:
            raise DatabaseError(f"No row of {model.__name__} was changed.")


def insert_row(row: Model) -> None:
    """Store a new row; one that has no number yet gets it."""
    insert_rows([row])


def insert_rows(rows: Sequence[Model]) -> None:
    """Store new rows of one kind; those that have no number yet get theirs."""
    if not rows:
        return
    model = type(rows[0])
    is_keyed = rows[0].pk is not None
    names = _names(model, is_keyed=is_keyed)
    values = [value for row in rows for value in _values(row, names)]
    with connection.cursor() as cursor:
        cursor.execute(_insert(model, names, len(rows)), values)
        stored = cursor.fetchall()
    for row, (key,) in zip(rows, stored, strict=True):
        if not is_keyed:
            row.pk = key
        row._state.adding, row._state.db = False, connection.alias


def insert_absent(rows: Sequence[M], name: str) -> dict[Any, Any]:
    """Store those new rows that no constraint refuses; return their keys by a field.

    They have no number yet. The rest is there already, or is being stored by another.
    """
    if not rows:
        return {}
    model = type(rows[0])
    names = _names(model, is_keyed=False)
    values = [value for row in rows for value in _values(row, names)]
    with connection.cursor() as cursor:
        cursor.execute(_insert_absent(model, names, name, len(rows)), values)
        return {found: key for key, found in cursor.fetchall()}


@cache
def _names(model: type[Model], *, is_keyed: bool) -> Names:
    fields = _fields(model)
    return tuple(each.name for each in fields if is_keyed or not each.primary_key)


def _fields(model: type[Model]) -> Sequence[Field[Any, Any]]:
    return model._meta.concrete_fields


@cache
def _field(model: type[Model], name: str) -> Field[Any, Any]:
    """Return the field of a column. Raises KeyError for a name that is none."""
    if name == "pk":
        return model._meta.pk
    return {field.name: field for field in _fields(model)}[name]


@cache
def _chosen(model: type[Model], names: Names) -> tuple[Field[Any, Any], ...]:
    """Return the fields in the order in which `from_db` takes them."""
    wanted = {_field(model, name) for name in names}
    return tuple(field for field in _fields(model) if field in wanted)


def _prepare(model: type[Model], name: str, value: object) -> Any:
    return _field(model, name).get_db_prep_save(value, connection)


def _values(row: Model, names: Names) -> list[Any]:
    model = type(row)
    return [
        _prepare(model, name, getattr(row, _field(model, name).attname))
        for name in names
    ]


@cache
def _expression(field: Field[Any, Any]) -> Any:
    """Return what converts like the column; a foreign key's like the key's."""
    return field.get_col(field.model._meta.db_table)


def _load(
    model: type[M], fields: Sequence[Field[Any, Any]], values: Sequence[Any]
) -> M:
    """Return the row as the ORM would have, with what each field makes of its value."""
    loaded = []
    for field, value in zip(fields, values, strict=True):
        column = _expression(field)
        for convert in (
            *connection.ops.get_db_converters(column),
            *column.get_db_converters(connection),
        ):
            value = convert(value, column, connection)
        loaded.append(value)
    names = [field.attname for field in fields]
    return model.from_db(connection.alias, names, loaded)


def _load_parts(parts: tuple[Part, ...], row: Sequence[Any]) -> tuple[Any, ...]:
    loaded, begin = [], 0
    for part in parts:
        fields = _chosen(part.model, ("pk", *part.names))
        values = row[begin : begin + len(fields)]
        begin += len(fields)
        is_there = values[fields.index(part.model._meta.pk)] is not None
        loaded.append(_load(part.model, fields, values) if is_there else None)
    return tuple(loaded)


# The names are those of our own models, and both databases quote them like this.


def _column(model: type[Model], name: str) -> str:
    return f'"{_field(model, name).column}"'


def _columns(model: type[Model], names: Names) -> list[str]:
    return [_column(model, name) for name in names]


@cache
def _select(
    model: type[Model], fields: tuple[Field[Any, Any], ...], keys: Names
) -> str:
    columns = ", ".join(f'"{field.column}"' for field in fields)
    where = " AND ".join(f"{column} = %s" for column in _columns(model, keys))
    return f'SELECT {columns} FROM "{model._meta.db_table}" WHERE {where}'  # noqa: S608 -- names only


@cache
def _select_joined(parts: tuple[Part, ...]) -> str:
    columns = ", ".join(
        f'{part.alias}."{field.column}"'
        for part in parts
        for field in _chosen(part.model, ("pk", *part.names))
    )
    return f"SELECT {columns} "


@cache
def _delete(model: type[Model], keys: Names) -> str:
    where = " AND ".join(f"{column} = %s" for column in _columns(model, keys))
    return f'DELETE FROM "{model._meta.db_table}" WHERE {where}'  # noqa: S608 -- names only


@cache
def _update(model: type[Model], names: Names) -> str:
    changes = ", ".join(f"{column} = %s" for column in _columns(model, names))
    key = _column(model, "pk")
    return f'UPDATE "{model._meta.db_table}" SET {changes} WHERE {key} = %s'  # noqa: S608 -- names only


@lru_cache(maxsize=256)
def _insert_absent(model: type[Model], names: Names, told: str, count: int) -> str:
    return (
        _insert(model, names, count).replace(
            " RETURNING", " ON CONFLICT DO NOTHING RETURNING"
        )
        + f", {_column(model, told)}"
    )


@lru_cache(maxsize=256)
def _insert(model: type[Model], names: Names, count: int = 1) -> str:
    columns = ", ".join(_columns(model, names))
    row = f"({', '.join('%s' for _name in names)})"
    places = ", ".join([row] * count)
    return (
        f'INSERT INTO "{model._meta.db_table}" ({columns}) VALUES {places} '  # noqa: S608 -- names only
        f"RETURNING {_column(model, 'pk')}"
    )
