"""The least a socket that stores can do: one insert for each message, then its echo.

`python -m bench.echo PORT DATABASE_URL`; the baseline of `bench.workspace`.
"""

import asyncio
import sys

from psycopg_pool import AsyncConnectionPool
from websockets.asyncio.server import ServerConnection, serve

CONNECTIONS = 8
_TABLE = "CREATE TABLE IF NOT EXISTS echo (id bigserial PRIMARY KEY, body text)"


async def main(port: int, url: str) -> None:
    """Serve until killed."""
    async with AsyncConnectionPool(url, min_size=CONNECTIONS, open=False) as pool:
        async with pool.connection() as connection:
            await connection.execute(_TABLE)

        async def answer(socket: ServerConnection) -> None:
            async for message in socket:
                async with pool.connection() as connection:
                    await connection.execute(
                        "INSERT INTO echo (body) VALUES (%s)", [message]
                    )
                await socket.send(message)

        async with serve(answer, "127.0.0.1", port) as server:
            await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), sys.argv[2]))
