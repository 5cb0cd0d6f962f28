"""Talks to a running service with the clients of Triton: python triton_client.py HOST:PORT FOLDER

FOLDER is the service's folder of models. It holds `double/1/model.onnx`: y = 2 x, FP32 [-1, 4].
Every line that is printed is a check that passed.
"""

import asyncio
import shutil
import struct
import sys
import zlib
from pathlib import Path

import numpy as np
import tritonclient.http as sync_client
import tritonclient.http.aio as aio_client
from tritonclient.utils import InferenceServerException

ROWS = np.array([[1, 2.5, -3, 4], [5, 6, 7, 8]], dtype=np.float32)


def passed(what):
    print(f"ok {what}", flush=True)


def inputs_of(module, binary, rows=ROWS):
    tensor = module.InferInput("x", list(rows.shape), "FP32")
    tensor.set_data_from_numpy(rows, binary_data=binary)
    return [tensor]


def outputs_of(module, binary):
    return [module.InferRequestedOutput("y", binary_data=binary)]


def png(levels):
    """A grey picture as a file."""

    def chunk(kind, data):
        checksum = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)

    height, width = levels.shape
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = b"".join(b"\0" + row.tobytes() for row in levels)
    packed = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + packed


LEVELS = (np.add.outer(np.arange(16) * 5, np.arange(24) * 3) + 20).astype(np.uint8)
HOLES = np.zeros((16, 24), dtype=bool)
HOLES[6:10, 8:14] = True


def tensor_of(module, name, array, datatype, binary=True):
    tensor = module.InferInput(name, list(array.shape), datatype)
    tensor.set_data_from_numpy(array, binary_data=binary)
    return tensor


def pictures_as_files(module, count=1):
    images = np.array([png(LEVELS)] * count, dtype=object)
    masks = np.array([png(HOLES.astype(np.uint8) * 255)], dtype=object)
    return [tensor_of(module, "image", images, "BYTES"), tensor_of(module, "mask", masks, "BYTES")]


def pictures_as_numbers(module, binary):
    image = LEVELS.reshape(1, 16, 24, 1)
    return [
        tensor_of(module, "image", image, "UINT8", binary),
        tensor_of(module, "mask", HOLES, "BOOL", binary),
    ]


def check_pictures(as_files, as_numbers, as_file_of_numbers):
    files = as_files.as_numpy("restored")
    assert files.shape == (2,) and files[0] == files[1], files.shape
    assert files[0].startswith(b"\x89PNG"), files[0][:8]
    restored = as_numbers.as_numpy("restored")
    assert restored.dtype == np.uint8 and restored.shape == (1, 16, 24, 1), restored.shape
    np.testing.assert_array_equal(restored[0, ..., 0][~HOLES], LEVELS[~HOLES])
    assert as_file_of_numbers.as_numpy("restored")[0] == files[0]


def check_result(result, request_id=""):
    np.testing.assert_array_equal(result.as_numpy("y"), ROWS * 2)
    head = result.get_response()
    assert head["model_name"] == "double" and head["model_version"] == "1", head
    assert head.get("id", "") == request_id, head


def check_metadata(metadata, config, server):
    assert metadata["inputs"] == [{"name": "x", "datatype": "FP32", "shape": [-1, 4]}], metadata
    assert config["input"][0]["data_type"] == "TYPE_FP32", config
    assert "binary_tensor_data" in server["extensions"], server


def check_error(error, status, part):
    assert error.status() == str(status), (error.status(), error.message())
    assert part in error.message(), error.message()


def ways():
    """Every combination of JSON and bytes, both ways, with every compression, both ways."""
    for binary_in in (False, True):
        for binary_out in (False, True, None):
            for request in (None, "gzip", "deflate"):
                for response in (None, "gzip", "deflate"):
                    yield binary_in, binary_out, request, response


def run_sync(address, folder):
    client = sync_client.InferenceServerClient(address)
    assert client.is_server_live() and client.is_server_ready()
    assert client.is_model_ready("double") and client.is_model_ready("double", "1")
    assert not client.is_model_ready("nobody")
    passed("health")
    check_metadata(
        client.get_model_metadata("double"),
        client.get_model_config("double", "1"),
        client.get_server_metadata(),
    )
    passed("metadata")
    for binary_in, binary_out, request, response in ways():
        result = client.infer(
            "double",
            inputs_of(sync_client, binary_in),
            outputs=None if binary_out is None else outputs_of(sync_client, binary_out),
            request_id="seven",
            request_compression_algorithm=request,
            response_compression_algorithm=response,
        )
        check_result(result, "seven")
    passed("infer in every form")
    few = {"iterations": 4}
    encoded = {"iterations": 4, "output_encoding": "png"}
    for binary in (False, True):
        check_pictures(
            client.infer("csc", pictures_as_files(sync_client, 2), parameters=few),
            client.infer("csc", pictures_as_numbers(sync_client, binary), parameters=few),
            client.infer("csc", pictures_as_numbers(sync_client, binary), parameters=encoded),
        )
    assert client.is_model_ready("csc")
    assert client.get_model_metadata("csc")["platform"] == "cogd_csc"
    assert client.get_model_config("csc")["input"][1]["optional"]
    passed("pictures")
    pending = [client.async_infer("double", inputs_of(sync_client, True)) for _ in range(20)]
    for one in pending:
        check_result(one.get_result())
    passed("infer side by side")
    statistics = client.get_inference_statistics("double")["model_stats"][0]
    assert statistics["inference_stats"]["success"]["count"] >= 56, statistics
    assert client.get_inference_statistics()["model_stats"], "statistics of all models"
    passed("statistics")
    for call, status, part in [
        (lambda: client.get_model_metadata("nobody"), 404, "there is no model `nobody`"),
        (lambda: client.infer("nobody", inputs_of(sync_client, True)), 404, "`nobody`"),
        (
            lambda: client.infer("double", inputs_of(sync_client, True, ROWS[:, :3])),
            400,
            "takes the shape [batch, 4]",
        ),
        (
            lambda: client.infer(
                "double",
                inputs_of(sync_client, True),
                outputs=[sync_client.InferRequestedOutput("z")],
            ),
            400,
            "no output `z`",
        ),
        (
            lambda: client.infer("double", inputs_of(sync_client, True), sequence_id=7),
            400,
            "`sequence_id` is not supported",
        ),
        (lambda: client.load_model("double", config="{}"), 400, "`config` is not supported"),
        (lambda: client.load_model("nobody"), 404, "`nobody`"),
        (lambda: client.unload_model("csc"), 400, "is built in"),
        (lambda: client.infer("double", pictures_as_files(sync_client)), 400, "takes numbers"),
        (lambda: client.infer("csc", pictures_as_files(sync_client)[:1]), 400, "`mask` is missing"),
    ]:
        try:
            call()
        except InferenceServerException as error:
            check_error(error, status, part)
        else:
            raise AssertionError(f"no error: {part}")
    passed("errors")
    index = {entry["name"]: entry for entry in client.get_model_repository_index()}
    assert index["double"]["state"] == "READY", index
    client.unload_model("double")
    assert not client.is_model_ready("double")
    try:
        client.infer("double", inputs_of(sync_client, True))
    except InferenceServerException as error:
        check_error(error, 503, "unloaded")
    client.load_model("double")
    assert client.is_model_ready("double")
    shutil.copytree(folder / "double", folder / "copy")
    client.load_model("copy")
    np.testing.assert_array_equal(
        client.infer("copy", inputs_of(sync_client, True)).as_numpy("y"), ROWS * 2
    )
    passed("repository")
    client.close()


async def run_aio(address):
    async with aio_client.InferenceServerClient(address) as client:
        assert await client.is_server_live() and await client.is_server_ready()
        assert await client.is_model_ready("double")
        assert not await client.is_model_ready("nobody")
        check_metadata(
            await client.get_model_metadata("double"),
            await client.get_model_config("double"),
            await client.get_server_metadata(),
        )
        passed("aio metadata")
        for binary_in, binary_out, request, response in ways():
            result = await client.infer(
                "double",
                inputs_of(aio_client, binary_in),
                outputs=None if binary_out is None else outputs_of(aio_client, binary_out),
                request_id="eight",
                request_compression_algorithm=request,
                response_compression_algorithm=response,
            )
            check_result(result, "eight")
        passed("aio infer in every form")
        check_pictures(
            await client.infer("csc", pictures_as_files(aio_client, 2), parameters={"iterations": 4}),
            await client.infer(
                "csc", pictures_as_numbers(aio_client, True), parameters={"iterations": 4}
            ),
            await client.infer(
                "csc",
                pictures_as_numbers(aio_client, True),
                parameters={"iterations": 4, "output_encoding": "png"},
            ),
        )
        passed("aio pictures")
        calls = [client.infer("double", inputs_of(aio_client, True)) for _ in range(20)]
        for result in await asyncio.gather(*calls):
            check_result(result)
        passed("aio infer side by side")
        try:
            await client.infer("nobody", inputs_of(aio_client, True))
            raise AssertionError("no error")
        except InferenceServerException as error:
            check_error(error, 404, "`nobody`")
        assert (await client.get_inference_statistics("double"))["model_stats"]
        await client.unload_model("copy")
        index = {entry["name"]: entry for entry in await client.get_model_repository_index()}
        assert index["copy"]["state"] == "UNAVAILABLE", index
        await client.load_model("copy")
        passed("aio errors, statistics and repository")


if __name__ == "__main__":
    run_sync(sys.argv[1], Path(sys.argv[2]))
    asyncio.run(run_aio(sys.argv[1]))
    passed("everything")
