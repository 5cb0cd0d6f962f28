"""Loads and unloads a model again and again while clients use it, and watches the memory.

usage: python3 benches/reload.py MODEL.onnx [--rounds 200] [--clients 4]

Starts a server of its own. Every request has to succeed, or be refused with 404 or 503 as
documented. Needs Python 3 and nothing else, and `cargo build --release`.
"""

import argparse
import collections
import json
import math
import pathlib
import shutil
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent.parent
NAME = "under-test"


def ask(url, body=None, headers=()):
    """Status and body of an answer, whatever it is."""
    request = urllib.request.Request(url, body, dict(headers))
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def inference(address):
    """A request that the model takes, all zeros, as binary tensors."""
    status, body = ask(f"{address}/v2/models/{NAME}")
    assert status == 200, body
    inputs, tensors = [], b""
    for tensor in json.loads(body)["inputs"]:
        assert tensor["datatype"] == "FP32", "only networks of 32-bit floats"
        shape = [max(1, side) for side in tensor["shape"]]
        size = 4 * math.prod(shape)
        tensors += bytes(size)
        inputs.append({"name": tensor["name"], "datatype": "FP32", "shape": shape,
                       "parameters": {"binary_data_size": size}})
    header = json.dumps({"inputs": inputs, "parameters": {"binary_data_output": True}}).encode()
    return header + tensors, {"Inference-Header-Content-Length": str(len(header))}


def resident(process):
    """Megabytes."""
    status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if "VmRSS" in line) / 1024


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("--cogd", default=str(HERE / "target/release/cogd"))
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--clients", type=int, default=4)
    arguments = parser.parse_args()

    with tempfile.TemporaryDirectory() as folder:
        place = pathlib.Path(folder, "models", NAME, "1")
        place.mkdir(parents=True)
        shutil.copy(arguments.model, place / "model.onnx")
        server = subprocess.Popen(
            [arguments.cogd, "serve", "--bind", "127.0.0.1:0", "--data-dir", f"{folder}/data",
             "--models-dir", f"{folder}/models", "--log-filter", "warn"],
            stdout=subprocess.PIPE, text=True)
        try:
            address = server.stdout.readline().split()[-1]
            repository = f"{address}/v2/repository/models/{NAME}"
            assert ask(f"{repository}/load", b"{}")[0] == 200
            body, headers = inference(address)
            statuses, reasons, over = collections.Counter(), collections.Counter(), threading.Event()

            def client():
                while not over.is_set():
                    status, answer = ask(f"{address}/v2/models/{NAME}/infer", body, headers)
                    statuses[status] += 1
                    if status != 200:
                        reasons[json.loads(answer)["error"]] += 1

            clients = [threading.Thread(target=client) for _ in range(arguments.clients)]
            for thread in clients:
                thread.start()
            print("| round | resident MB |\n|---:|---:|")
            for done in range(1, arguments.rounds + 1):
                for step in ("unload", "load"):
                    status, answer = ask(f"{repository}/{step}", b"{}")
                    assert status == 200, answer
                time.sleep(0.05)
                if done in (1, 2, 5, 10) or done % max(1, arguments.rounds // 8) == 0:
                    print(f"| {done} | {resident(server):.1f} |", flush=True)
            over.set()
            for thread in clients:
                thread.join()
            time.sleep(1)
            print(f"\nat rest: {resident(server):.1f} MB, ", end="")
            ask(f"{repository}/unload", b"{}")
            time.sleep(1)
            print(f"without the model: {resident(server):.1f} MB")
            print(f"answers: {dict(statuses)}\nrefused because: {dict(reasons)}")
            assert set(statuses) <= {200, 404, 503}
        finally:
            server.terminate()
            server.wait()


main()
