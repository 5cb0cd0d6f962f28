"""How much faster two workers are than one, each on a core of its own.

usage: scripts/test-servers scripts/test-s3 python3 benches/scaling.py [--jobs 200]

A server without workers takes one batch of jobs; then one worker, or two, are started, and the time
is taken until all jobs have succeeded. Jobs are in PostgreSQL, files in the S3 store. Needs Python 3
and nothing else, and `cargo build --release`.
"""

import argparse
import json
import os
import pathlib
import subprocess
import tempfile
import time
import urllib.request
import uuid

HERE = pathlib.Path(__file__).resolve().parent.parent
IMAGE = HERE / "docs/images/scene.png"
MASK = HERE / "docs/images/mask.png"


def storage(name):
    """The settings of a database and a prefix of their own, in the environment of all processes."""
    server = os.environ["TEST_DATABASE_URL"]
    subprocess.run(["psql", "-q", server, "-c", f"CREATE DATABASE {name}"], check=True)
    base = server.rsplit("/", 1)[0]
    return {
        "COGD_STORAGE_DATABASE_URL": f"{base}/{name}",
        "COGD_STORAGE_BLOBS_URL": f"s3://bkt/{name}",
        "COGD_STORAGE_S3_ENDPOINT": os.environ["TEST_S3_URL"],
        "COGD_STORAGE_S3_ACCESS_KEY_ID": "test",
        "COGD_STORAGE_S3_SECRET_ACCESS_KEY": "test",
        "COGD_LOG_FILTER": "warn",
    }


def multipart(parts):
    boundary = uuid.uuid4().hex
    body = b"".join(
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"; filename="x"\r\n\r\n'.encode()
        + value + b"\r\n"
        for name, value in parts
    )
    return f"multipart/form-data; boundary={boundary}", body + f"--{boundary}--\r\n".encode()


def ask(request):
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def measure(cogd, jobs, workers):
    """Seconds from the start of the workers to the end of the last job."""
    name = f"cogd_scaling_{uuid.uuid4().hex[:12]}"
    environment = {**os.environ, **storage(name)}
    processes = []
    with tempfile.TemporaryDirectory() as folder:
        try:
            flags = ["--workers", "0", "--bind", "127.0.0.1:0", "--data-dir", folder]
            server = subprocess.Popen(
                [cogd, "serve", *flags], env=environment, stdout=subprocess.PIPE, text=True)
            processes.append(server)
            address = server.stdout.readline().split()[-1]
            parts = [("image", IMAGE.read_bytes())] * jobs + [("mask", MASK.read_bytes())]
            content_type, body = multipart(parts)
            batch = ask(urllib.request.Request(
                f"{address}/v1/batches", body, {"Content-Type": content_type}))
            start = time.monotonic()
            for core in range(workers):
                flags = ["--workers", "1", "--worker-threads", "1", "--worker-compute-threads", "1"]
                command = ["taskset", "-c", str(core), cogd, "worker", *flags]
                processes.append(subprocess.Popen(
                    [*command, "--data-dir", f"{folder}/{core}"], env=environment))
            while True:
                time.sleep(0.25)
                states = ask(f"{address}/v1/batches/{batch['id']}")["states"]
                if states == {"succeeded": jobs}:
                    return time.monotonic() - start
                if set(states) - {"queued", "running", "succeeded"}:
                    raise SystemExit(f"a job has failed: {states}")
        finally:
            for process in reversed(processes):
                process.terminate()
            for process in processes:
                process.wait()
            subprocess.run(
                ["psql", "-q", os.environ["TEST_DATABASE_URL"], "-c",
                 f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"], check=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--cogd", default=str(HERE / "target/release/cogd"))
    parser.add_argument("--jobs", type=int, default=200)
    arguments = parser.parse_args()
    one, two = (measure(arguments.cogd, arguments.jobs, workers) for workers in (1, 2))
    print("| workers | s | jobs a second | times as fast |")
    print("|---:|---:|---:|---:|")
    for workers, seconds in ((1, one), (2, two)):
        rate, gain = arguments.jobs / seconds, one / seconds
        print(f"| {workers} | {seconds:.1f} | {rate:.2f} | {gain:.2f} |")


main()
