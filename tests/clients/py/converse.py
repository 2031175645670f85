"""python3 converse.py URL KEY MESSAGE [INTERACTION]: asks by aiohttp, prints what came, as JSON."""

import asyncio
import json
import sys

import aiohttp


async def converse(url, key, message, interaction=None):
    headers = {"Authorization": f"Bearer {key}"}
    body = {"message": message, "interaction_id": interaction}
    async with aiohttp.ClientSession(url, headers=headers) as session:
        async with session.post("/api/stream/stream-conversation", json=body) as response:
            if response.status != 200:
                return {"status": response.status, "error": (await response.json())["error"]}
            events = []
            async for line in response.content:
                if line.startswith(b"data: "):
                    events.append(json.loads(line[len(b"data: "):]))
            return {"status": response.status, "events": events}


print(json.dumps(asyncio.run(converse(*sys.argv[1:]))))
