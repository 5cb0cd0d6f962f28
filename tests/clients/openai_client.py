"""Edits images with the SDK of OpenAI: python openai_client.py URL KEY CLOSED_URL

URL is a service that asks for keys, KEY one of them. CLOSED_URL is a service that takes no work.
Every line that is printed is a check that passed.
"""

import asyncio
import base64
import io
import struct
import sys
import urllib.request
import zlib

import openai

WIDTH, HEIGHT = 32, 24


def passed(what):
    print(f"ok {what}", flush=True)


def hidden(y, x):
    return 10 <= y < 14 and 14 <= x < 18


def colour(y, x):
    return (40 + 3 * x, 60 + 4 * y, 200 - 2 * x - y)


def png(pixel, channels):
    """A picture as a file."""

    def chunk(kind, data):
        checksum = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)

    kind = {1: 0, 3: 2, 4: 6}[channels]
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, kind, 0, 0, 0)
    rows = (b"\0" + bytes(v for x in range(WIDTH) for v in pixel(y, x)) for y in range(HEIGHT))
    packed = chunk(b"IDAT", zlib.compress(b"".join(rows)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + packed + chunk(b"IEND", b"")


def pixels(data):
    """The rows of pixels of a PNG of 8 bits a sample."""
    assert data.startswith(b"\x89PNG"), data[:20]
    at, packed = 8, b""
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at : at + 8])
        body = data[at + 8 : at + 8 + length]
        if kind == b"IHDR":
            width, height, depth, colours = struct.unpack(">IIBB", body[:10])
        packed += body if kind == b"IDAT" else b""
        at += 12 + length
    size = {0: 1, 2: 3, 4: 2, 6: 4}[colours]
    assert (width, height, depth) == (WIDTH, HEIGHT, 8)
    raw, above, rows = zlib.decompress(packed), bytearray(width * size), []
    for y in range(height):
        line = raw[y * (width * size + 1) : (y + 1) * (width * size + 1)]
        row = bytearray(line[1:])
        for i, value in enumerate(row):
            left = row[i - size] if i >= size else 0
            corner = above[i - size] if i >= size else 0
            row[i] = (value + guess(line[0], left, above[i], corner)) % 256
        rows.append([tuple(row[x * size : (x + 1) * size]) for x in range(width)])
        above = row
    return rows


def guess(kind, left, up, corner):
    """What a filter of PNG takes from what is already known."""
    if kind == 4:
        near = left + up - corner
        return min((left, up, corner), key=lambda value: abs(near - value))
    return (0, left, up, (left + up) // 2)[kind]


IMAGE = png(colour, 3)
RUBBED_OUT = png(lambda y, x: (255, 0, 255, 0) if hidden(y, x) else (*colour(y, x), 255), 4)
MASK = png(lambda y, x: (255, 255, 255, 0 if hidden(y, x) else 255), 4)
WHITE = png(lambda y, x: (255 if hidden(y, x) else 0,), 1)
ALL = png(lambda y, x: (255,), 1)


def check_picture(data):
    """Only the hole has changed, and it was filled from around it."""
    for y, row in enumerate(pixels(data)):
        for x, found in enumerate(row):
            if not hidden(y, x):
                assert found[:3] == colour(y, x), (y, x, found)
            else:
                off = max(abs(a - b) for a, b in zip(found, colour(y, x)))
                assert off < 16, (y, x, found)


def check_answer(answer, count=1):
    assert len(answer.data) == count, answer
    for image in answer.data:
        check_picture(base64.b64decode(image.b64_json))


def expect(error, call):
    """What a call raises, and that it was not tried again."""
    try:
        call()
    except error as raised:
        return raised
    raise AssertionError(f"no {error.__name__}")


def run_sync(url, key):
    client = openai.OpenAI(base_url=f"{url}/v1", api_key=key)
    names = [model.id for model in client.models.list()]
    assert names[:2] == ["auto", "csc"], names
    assert client.models.retrieve("csc").object == "model"
    passed("models")

    edit = client.images.edit
    mask = ("mask.png", MASK, "image/png")
    check_answer(edit(image=io.BytesIO(IMAGE), mask=mask, prompt=""))
    check_answer(edit(image=("a.png", IMAGE), mask=("m.png", WHITE), prompt="", model="gpt-image-1"))
    passed("an edit with a mask")
    check_answer(edit(image=RUBBED_OUT, prompt="", extra_body={"iterations": 12}))
    passed("an edit without a mask")
    answer = edit(image=[RUBBED_OUT, RUBBED_OUT], prompt="", n=2, size="auto", quality="high")
    check_answer(answer, 4)
    assert answer.size == f"{WIDTH}x{HEIGHT}" and answer.usage.total_tokens == 0
    passed("several images and several copies")
    raw = client.images.with_raw_response.edit(image=IMAGE, mask=WHITE, prompt="")
    assert raw.headers["x-mask-interpretation"] == "luma", raw.headers
    assert raw.headers["x-mask-coverage"] == "0.020833", raw.headers
    passed("what counted as a hole")
    jpeg = edit(image=IMAGE, mask=MASK, prompt="", output_format="jpeg", output_compression=90)
    assert base64.b64decode(jpeg.data[0].b64_json).startswith(b"\xff\xd8\xff")
    passed("formats")
    found = edit(image=IMAGE, mask=MASK, prompt="", response_format="url").data[0]
    with urllib.request.urlopen(found.url) as result:
        check_picture(result.read())
    passed("an address that needs no key")

    for count in (0, 3):
        events = list(
            edit(image=RUBBED_OUT, prompt="", stream=True, partial_images=count)
        )
        kinds = [event.type for event in events]
        assert kinds == ["image_edit.partial_image"] * count + ["image_edit.completed"], kinds
        assert [event.partial_image_index for event in events[:-1]] == list(range(count))
        for event in events[:-1]:
            assert not any(p[1] < 32 for row in pixels(base64.b64decode(event.b64_json)) for p in row)
        check_picture(base64.b64decode(events[-1].b64_json))
        assert events[-1].usage.total_tokens == 0
    passed("streams")
    failing = edit(image=IMAGE, mask=ALL, prompt="", stream=True)
    error = expect(openai.APIError, lambda: list(failing))
    assert error.code == "nothing-known", error
    passed("an error in a stream")

    error = expect(openai.BadRequestError, lambda: edit(image=IMAGE, prompt=""))
    assert error.param == "image" and "nothing transparent" in error.message, error
    error = expect(openai.BadRequestError, lambda: edit(image=IMAGE, mask=MASK, prompt="", size="9x9"))
    assert error.param == "size" and error.type == "invalid_request_error", error
    error = expect(openai.NotFoundError, lambda: edit(image=IMAGE, mask=MASK, prompt="", model="no"))
    assert error.code == "model_not_found", error
    error = expect(openai.UnprocessableEntityError, lambda: edit(image=IMAGE, mask=ALL, prompt=""))
    assert error.code == "nothing-known", error
    stranger = openai.OpenAI(base_url=f"{url}/v1", api_key="nobody")
    error = expect(openai.AuthenticationError, stranger.models.list)
    assert error.code == "invalid_api_key", error
    passed("errors")


async def run_async(url, key):
    client = openai.AsyncOpenAI(base_url=f"{url}/v1", api_key=key)
    calls = [client.images.edit(image=RUBBED_OUT, prompt="") for _ in range(5)]
    for answer in await asyncio.gather(*calls):
        check_answer(answer)
    stream = await client.images.edit(image=RUBBED_OUT, prompt="", stream=True, partial_images=1)
    events = [event async for event in stream]
    assert len(events) == 2, events
    passed("asyncio")


def run_closed(url, key):
    """A service that has no room is asked again after the time that it says, and then given up."""
    client = openai.OpenAI(base_url=f"{url}/v1", api_key=key, max_retries=1)
    error = expect(openai.RateLimitError, lambda: client.images.edit(image=RUBBED_OUT, prompt=""))
    assert error.code == "too-busy" and int(error.response.headers["retry-after-ms"]) >= 0, error
    passed("a service that is full")


if __name__ == "__main__":
    run_sync(sys.argv[1], sys.argv[2])
    asyncio.run(run_async(sys.argv[1], sys.argv[2]))
    run_closed(sys.argv[3], sys.argv[2])
    passed("everything")
