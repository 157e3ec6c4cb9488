"""A store in which nothing stays: to find out what a change would lead to."""

from typing import TypeVar

from tps.store.database import Database, Operation

T = TypeVar("T")


class Rehearsal(Database):
    """Runs writes against the real rows and takes each back; later writes do not see earlier ones."""

    async def write(self, operation: Operation[T], *, alone: bool = False) -> T:
        """What `operation` returned, its transaction undone."""
        return self.write_now(operation)

    def write_now(self, operation: Operation[T]) -> T:
        """Like `write`, blocking."""
        with self.engine.connect() as connection:
            outcome = operation(connection)
            connection.rollback()
        return outcome
