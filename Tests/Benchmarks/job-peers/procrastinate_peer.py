# SPDX-License-Identifier: Apache-2.0
"""A peer to measure against: jobs that do nothing, as procrastinate's documentation writes them. Prints seconds to empty the queue."""
import asyncio
import sys
import time

import procrastinate

app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=sys.argv[1]))


@app.task(name="noop", pass_context=False)
async def noop():
    pass


async def main():
    async with app.open_async():
        await app.schema_manager.apply_schema_async()
        count = int(sys.argv[2])
        for begin in range(0, count, 1_000):
            await noop.batch_defer_async(*[{}] * min(1_000, count - begin))
        begun = time.monotonic()
        await app.run_worker_async(concurrency=100, wait=False, delete_jobs="successful", install_signal_handlers=False)
        print(time.monotonic() - begun)


asyncio.run(main())
