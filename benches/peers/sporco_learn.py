"""Masked convolutional dictionary learning: SPORCO and cogd on the same problem, in one run.

Both get the same contrast-normalised images (statistics from known pixels only), mask, first
filters, lambda and periodic edges. Reported are the final objectives and the CPU time cogd needs
to reach SPORCO's. The objective is computed here from SPORCO's variables in the same way as cogd
computes its own. SPORCO's filters lie on the unit sphere, cogd's in the unit ball.

    cargo build --release --example learn_trace
    python3 benches/peers/sporco_learn.py --data ../shared/data/fruit --cogd target/release/examples/learn_trace

Needs the PyPI packages sporco and pillow.
"""

import argparse
import json
import pathlib
import subprocess
import time

import numpy as np
from PIL import Image
from scipy.ndimage import gaussian_filter
from sporco.dictlrn import cbpdndlmd


def load(folder, count):
    files = sorted(pathlib.Path(folder).glob("*.*"), key=lambda path: int(path.stem))
    pictures = [np.asarray(Image.open(path).convert("L"), np.float32) for path in files[:count]]
    return np.stack(pictures) / 255


def normalized(image, known, sigma=4.77):
    """Local contrast normalisation from known pixels; zero where hidden."""
    weight = gaussian_filter(known, sigma, mode="constant")
    mean = gaussian_filter(image * known, sigma, mode="constant") / weight
    square = gaussian_filter(((image - mean) * known) ** 2, sigma, mode="constant") / weight
    scale = np.sqrt(square)
    floor = (scale * known).sum() / known.sum()
    return (known * (image - mean) / np.maximum(scale, floor)).astype(np.float32)


def objective(taps, codes, signals, known, penalty):
    """taps (s, s, K); codes (h, w, K, N); signals and known (N, h, w)."""
    size = signals.shape[1:]
    spectra = np.fft.rfft2(taps, size, axes=(0, 1))[:, :, :, None]
    coded = np.fft.irfft2((spectra * np.fft.rfft2(codes, axes=(0, 1))).sum(2), size, axes=(0, 1))
    residual = known * (np.moveaxis(coded, -1, 0) - signals)
    return 0.5 * (residual**2).sum() + penalty * np.abs(codes).sum()


def run_sporco(signals, known, taps, penalty, iterations, curvature):
    options = cbpdndlmd.ConvBPDNMaskDictLearn.Options(
        {
            "Verbose": False,
            "MaxMainIter": iterations,
            "AccurateDFid": False,
            # The fastest of a small search on these images; far from them it is slow or diverges.
            "CBPDN": {"rho": 2.0, "AutoRho": {"Enabled": False}, "RelaxParam": 1.8},
            "CCMOD": {"ZeroMean": False, "L": curvature},
        },
        xmethod="admm", dmethod="pgm",
    )
    first = np.moveaxis(taps, 0, -1)
    data = np.moveaxis(signals, 0, -1)
    mask = np.moveaxis(known, 0, -1).reshape(*known.shape[1:], 1, -1, 1)
    start = time.process_time()
    learner = cbpdndlmd.ConvBPDNMaskDictLearn(first, data, penalty, mask, options, "admm", "pgm")
    learner.solve()
    spent = time.process_time() - start
    learned = np.asarray(learner.getdict()).squeeze()
    codes = np.asarray(learner.getcoef())
    codes = np.moveaxis(codes.reshape(codes.shape[0], codes.shape[1], codes.shape[-2], -1), 2, 3)
    return spent, objective(learned, codes, signals, known, penalty)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True)
    parser.add_argument("--cogd", required=True, help="the example learn_trace")
    parser.add_argument("--images", type=int, default=10)
    parser.add_argument("--filters", type=int, default=100)
    parser.add_argument("--support", type=int, default=11)
    parser.add_argument("--penalty", type=float, default=0.2)
    parser.add_argument("--iterations", type=int, default=50, help="of SPORCO")
    parser.add_argument("--curvature", type=float, default=6000.0, help="L of SPORCO's filter step")
    parser.add_argument("--ours", type=int, default=50, help="iterations of cogd")
    args = parser.parse_args()

    random = np.random.default_rng(1)
    images = load(args.data, args.images)
    known = (random.random(images.shape) < 0.75).astype(np.float32)
    signals = np.stack([normalized(i, k) for i, k in zip(images, known)])
    taps = random.standard_normal((args.filters, args.support, args.support)).astype(np.float32)
    taps /= np.sqrt((taps**2).sum((1, 2), keepdims=True))

    start = {
        "height": images.shape[1], "width": images.shape[2],
        "signals": signals.reshape(len(images), -1).tolist(),
        "known": (known > 0).reshape(len(images), -1).tolist(),
        "taps": taps.ravel().tolist(), "filters": args.filters, "support": args.support,
        "lambda": args.penalty, "iterations": args.ours,
    }
    answer = subprocess.run([args.cogd], input=json.dumps(start), capture_output=True, text=True,
                            check=True)
    ours = json.loads(answer.stdout)
    spent, final = run_sporco(signals, known, taps, args.penalty, args.iterations,
                              args.curvature)
    reached = [t for t, o in zip(ours["cpu_s"], ours["objective"]) if o <= final]
    print(f"sporco: objective {final:.2f} after {args.iterations} iterations, {spent:.2f} CPU s")
    print(f"cogd:   objective {ours['objective'][-1]:.2f} after {args.ours} iterations, "
          f"{ours['cpu_s'][-1]:.2f} CPU s")
    if reached:
        print(f"cogd reaches SPORCO's objective in {reached[0]:.2f} CPU s: "
              f"{spent / reached[0]:.1f} times faster")
    else:
        print("cogd does not reach SPORCO's objective")


if __name__ == "__main__":
    main()
