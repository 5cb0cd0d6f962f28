"""Repairs a picture as a job: python repair.py SERVICE IMAGE MASK RESULT

Needs httpx. The service may ask for a key, which is read from COGD_KEY.
"""

import os
import sys
import time
from pathlib import Path

import httpx


def main(service, image, mask, result):
    key = os.environ.get("COGD_KEY")
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    with httpx.Client(base_url=service, headers=headers, timeout=60) as client:
        files = {"image": Path(image).read_bytes(), "mask": Path(mask).read_bytes()}
        # The same key with the same files gives the same job, should this be tried again.
        wishes = {"Prefer": "respond-async", "Idempotency-Key": f"repair-{Path(image).name}"}
        job = checked(client.post("/v1/inpaint", files=files, headers=wishes)).json()
        while job["state"] in ("queued", "running"):
            time.sleep(0.2)
            job = checked(client.get(job["links"]["self"])).json()
        if job["state"] != "succeeded":
            raise SystemExit(f"{job['state']}: {job.get('error', {}).get('detail', '')}")
        Path(result).write_bytes(checked(client.get(job["links"]["result"])).content)
        report = job["report"]
        print(f"{report['engine']}: {report['iterations']} iterations, {job['timings_ms']}")


def checked(response):
    """An error is a problem document (RFC 9457)."""
    if response.is_error:
        problem = response.json()
        raise SystemExit(f"{problem['status']} {problem['title']}: {problem['detail']}")
    return response


if __name__ == "__main__":
    if len(sys.argv) != 5:
        raise SystemExit("usage: repair.py SERVICE IMAGE MASK RESULT")
    main(*sys.argv[1:])
