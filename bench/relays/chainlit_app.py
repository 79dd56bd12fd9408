"""A chat on Chainlit, streamed as its documentation shows; runs in its environment."""

import os

import chainlit as cl  # type: ignore[import-not-found] # not in our environment
from anthropic import AsyncAnthropic

client = AsyncAnthropic(
    api_key="bench", base_url=os.environ["BENCH_UPSTREAM"], max_retries=0
)


@cl.on_message  # type: ignore[untyped-decorator] # the same
async def answer(message: cl.Message) -> None:
    """Relay an answer."""
    shown = cl.Message(content="")
    stream = await client.messages.create(
        model="claude-sonnet-5-5",
        max_tokens=4096,
        messages=[{"role": "user", "content": message.content}],
        stream=True,
    )
    async for event in stream:
        if event.type == "content_block_delta" and event.delta.type == "text_delta":
            await shown.stream_token(event.delta.text)
    await shown.update()
