#!/usr/bin/env python3
"""Inpainting beside other libraries: the same images and the same masks, in one run.

    python3 -m venv .venv && .venv/bin/pip install -r benches/peers/requirements.txt
    cargo build --release
    .venv/bin/python benches/peers/inpaint_peers.py DATA

DATA is a folder of images. `cogd bench inpaint --export` turns them grey and draws the masks
(random pixels, text, scratches, holes; fixed seeds), so that every method gets the same files.

Methods
    telea, navier-stokes   cv2.inpaint, radius 3
    biharmonic             skimage.restoration.inpaint_biharmonic
    cogd                   the binary, `cogd restore`, with its default parameters

Quality is PSNR over the whole image and SSIM (Gaussian window of standard deviation 1.5), both of
8-bit results with peak 255; means over the images. Hidden pixels are set to black before any
method sees the image, so none can look.

Time is CPU seconds an image on one thread. For the libraries it is the call alone, on arrays that
are in memory. For cogd it is a whole process, with the start of the program, reading two PNG files
and writing one. Every method has one unmeasured run first.
"""

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

# Before numpy: one thread for everybody.
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import cv2  # noqa: E402
import numpy as np  # noqa: E402
import skimage  # noqa: E402
from PIL import Image  # noqa: E402
from skimage.metrics import peak_signal_noise_ratio, structural_similarity  # noqa: E402
from skimage.restoration import inpaint_biharmonic  # noqa: E402

cv2.setNumThreads(1)


def timed(restore):
    """A method in this process: arrays in, array and CPU seconds out."""

    def run(damaged, mask, _image_path, _mask_path):
        start = time.process_time()
        restored = restore(damaged, mask)
        return restored, time.process_time() - start

    return run


def opencv(flag):
    return timed(lambda damaged, mask: cv2.inpaint(damaged, mask.astype(np.uint8), 3, flag))


def biharmonic(damaged, mask):
    restored = inpaint_biharmonic(damaged.astype(np.float64) / 255.0, mask)
    return np.clip(np.rint(restored * 255.0), 0, 255).astype(np.uint8)


def cogd(binary, folder):
    """Our binary: files in, file and CPU seconds of the child process out."""
    output = folder / "restored.png"

    def run(_damaged, _mask, image_path, mask_path):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        command = [binary, "restore", image_path, "--mask", mask_path, "-o", output]
        subprocess.run([*map(str, command), "--threads", "1"], check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        return read(output), seconds

    return run


def read(path):
    return np.asarray(Image.open(path).convert("L"))


def score(original, restored):
    psnr = peak_signal_noise_ratio(original, restored, data_range=255)
    ssim = structural_similarity(
        original,
        restored,
        data_range=255,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
    )
    return psnr, ssim


def measure(methods, exported, kind, names, folder):
    """Mean PSNR, SSIM and CPU seconds of every method on one kind of mask."""
    results = {method: [] for method in methods}
    coverage = []
    damaged_path = folder / "damaged.png"
    for name in names:
        original = read(exported / "images" / name)
        mask_path = exported / kind / name
        mask = read(mask_path) > 127
        coverage.append(mask.mean())
        damaged = np.where(mask, 0, original).astype(np.uint8)
        Image.fromarray(damaged).save(damaged_path)
        for method, run in methods.items():
            restored, seconds = run(damaged, mask, damaged_path, mask_path)
            assert np.array_equal(restored[~mask], original[~mask]), f"{method} changed known pixels"
            results[method].append((*score(original, restored), seconds))
    means = {method: np.mean(rows, axis=0).tolist() for method, rows in results.items()}
    return float(np.mean(coverage)), means


def table(rows, methods):
    lines = [
        "| mask | missing | " + " | ".join(methods) + " |",
        "|---|---|" + "---|" * len(methods),
    ]
    for kind, coverage, means in rows:
        best = max(methods, key=lambda method: means[method][0])
        cells = []
        for method in methods:
            psnr, ssim, seconds = means[method]
            number = f"**{psnr:.2f}**" if method == best else f"{psnr:.2f}"
            cells.append(f"{number} / {ssim:.4f} / {seconds:.3f}")
        lines.append(f"| {kind} | {100 * coverage:.1f} % | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="folder of images")
    parser.add_argument("--cogd", type=Path, default=Path("target/release/cogd"), help="our binary")
    parser.add_argument("--masks", default="", help="kinds of masks, separated by commas")
    parser.add_argument("--seed", default="1", help="seed of the masks")
    parser.add_argument("--skip", nargs="*", default=[], help="methods to leave out")
    parser.add_argument("--json", type=Path, help="write the figures to this file as well")
    arguments = parser.parse_args()
    binary = arguments.cogd.resolve()

    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        exported = folder / "exported"
        export = [binary, "bench", "inpaint", "--data", arguments.data]
        export += ["--seeds", arguments.seed, "--export", exported]
        export += ["--masks", arguments.masks] if arguments.masks else []
        subprocess.run(list(map(str, export)), check=True)
        names = sorted(path.name for path in (exported / "images").iterdir())
        kinds = sorted(path.name for path in exported.iterdir() if path.name != "images")

        methods = {
            "telea": opencv(cv2.INPAINT_TELEA),
            "navier-stokes": opencv(cv2.INPAINT_NS),
            "biharmonic": timed(biharmonic),
            "cogd": cogd(binary, folder),
        }
        methods = {name: run for name, run in methods.items() if name not in arguments.skip}
        measure(methods, exported, kinds[0], names[:1], folder)  # warms everything up
        rows = []
        for kind in kinds:
            print(f"{kind} …", file=sys.stderr)
            rows.append((kind, *measure(methods, exported, kind, names, folder)))

    version = subprocess.run([binary, "--version"], check=True, capture_output=True, text=True)
    print(f"{len(names)} images; PSNR dB / SSIM / CPU s an image, one thread\n")
    print(table(rows, list(methods)))
    print(
        f"\n{version.stdout.strip()}, OpenCV {cv2.__version__}, scikit-image {skimage.__version__}, "
        f"Python {platform.python_version()}, {platform.machine()}"
    )
    if arguments.json:
        keys = ("psnr_db", "ssim", "cpu_s")
        figures = [
            {
                "mask": kind,
                "coverage": coverage,
                "methods": {method: dict(zip(keys, mean)) for method, mean in means.items()},
            }
            for kind, coverage, means in rows
        ]
        arguments.json.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
