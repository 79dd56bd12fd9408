"""The runner: one asyncio program that owns every sandbox; standard library only."""
