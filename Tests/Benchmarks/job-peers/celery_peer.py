# SPDX-License-Identifier: Apache-2.0
"""A peer to measure against: jobs that do nothing, as Celery's documentation writes them. Fills the queue when it is run."""
import os
import sys

import celery

app = celery.Celery("celery_peer", broker=os.environ["CELERY_BROKER"])
app.conf.update(task_ignore_result=True, worker_hijack_root_logger=False)


@app.task
def noop():
    pass


if __name__ == "__main__":
    with app.producer_pool.acquire(block=True) as producer:
        for _ in range(int(sys.argv[1])):
            noop.apply_async(producer=producer)
