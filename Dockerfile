# cogd in a container.
#
#     docker build --build-arg BUILD_COMMIT="$(git rev-parse HEAD)" -t cogd .
#     docker build --build-arg BUILD_COMMIT="$(git rev-parse HEAD)" -t cogd:cuda --build-arg VARIANT=cuda .
#     docker run --rm --read-only --tmpfs /tmp -v cogd:/data -p 127.0.0.1:8080:8080 -e COGD_AUTH_MODE=open cogd
#
# Bases are names that can be replaced by your mirror's, or pinned by digest (NAME@sha256:...).
# Everything else comes from Debian's packages, crates.io and PyPI, pinned by Cargo.lock and by the
# hashes in scripts/fetch-onnxruntime.
#
# VARIANT says what it runs on, `cpu` or `cuda`. BuildKit and podman build only what that one needs;
# Docker's old builder would fetch CUDA for either.
ARG VARIANT=cpu
ARG RUST_IMAGE=docker.io/library/rust:1.95.0-slim-bookworm
ARG DEBIAN_IMAGE=docker.io/library/debian:bookworm-slim
ARG CUDA_IMAGE=docker.io/nvidia/cuda:13.0.1-cudnn-runtime-ubuntu24.04


# The program.
FROM ${RUST_IMAGE} AS build
ARG CARGO_AUDITABLE=0.7.7
ARG FEATURES=otlp
# Has the program carry the list of its crates, which `cargo audit bin` and scanners of images read.
RUN cargo install --locked --root /usr/local "cargo-auditable@${CARGO_AUDITABLE}"
WORKDIR /src
# All crates, by themselves: built anew only if these two files change.
COPY Cargo.toml Cargo.lock ./
RUN mkdir -p src tests/it benches \
    && touch src/lib.rs tests/it/main.rs benches/csc_inpaint.rs benches/codec.rs \
    && echo 'fn main() {}' >src/main.rs \
    && cargo auditable build --release --locked --features "${FEATURES}" \
    && cargo clean --release --package cogd
COPY build.rs ./
COPY assets assets
COPY migrations migrations
COPY web web
COPY docs/images/scene.png docs/images/mask.png docs/images/
COPY src src
ARG BUILD_COMMIT=unknown
RUN BUILD_COMMIT="${BUILD_COMMIT}" cargo auditable build --release --locked --features "${FEATURES}" --bin cogd \
    && install -D --strip target/release/cogd /out/usr/local/bin/cogd


# The licences of what is in it.
FROM build AS notices
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends python3 \
    && rm -rf /var/lib/apt/lists/*
COPY LICENSE-APACHE LICENSE-MIT scripts/notices ./
RUN install -D -m 644 -t /out/usr/share/doc/cogd LICENSE-APACHE LICENSE-MIT \
    && ./notices --features "${FEATURES}" >/out/usr/share/doc/cogd/NOTICES


# ONNX Runtime, for whoever brings networks.
FROM ${DEBIAN_IMAGE} AS onnxruntime
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends python3-pip \
    && rm -rf /var/lib/apt/lists/*
COPY scripts/fetch-onnxruntime /usr/local/bin/
RUN fetch-onnxruntime --to /out/usr/local/lib \
    && install -d /out/usr/share/doc/onnxruntime \
    && mv /out/usr/local/lib/onnxruntime.*.txt /out/usr/share/doc/onnxruntime/

# What a program needs of Debian: the C and C++ libraries, certificates, and a user. No shell. The
# lists in status.d tell scanners of images which packages these are.
FROM ${DEBIAN_IMAGE} AS system
WORKDIR /packages
SHELL ["/bin/bash", "-euo", "pipefail", "-c"]
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates \
    && apt-get download base-files libc6 libgcc-s1 gcc-12-base libstdc++6 netbase tzdata \
    && rm -rf /var/lib/apt/lists/* \
    && mkdir -p /out/var/lib/dpkg/status.d \
    && for package in *.deb; do \
        dpkg-deb --extract "${package}" /out; \
        dpkg-deb --field "${package}" >"/out/var/lib/dpkg/status.d/${package%%_*}"; \
    done \
    && rm -rf /out/usr/lib/*/gconv /out/usr/share/{man,lintian,locale} \
    && install -D -m 644 /etc/ssl/certs/ca-certificates.crt /out/etc/ssl/certs/ca-certificates.crt \
    && echo 'cogd:x:65532:65532:cogd:/data:/sbin/nologin' >/out/etc/passwd \
    && echo 'cogd:x:65532:' >/out/etc/group \
    && install -d -m 700 -o 65532 -g 65532 /out/data \
    && install -d -m 1777 /out/tmp /out/var/tmp


# For processors.
FROM scratch AS on-cpu
COPY --from=system /out/ /
COPY --from=onnxruntime /out/ /
LABEL org.opencontainers.image.description="Repairs images: holes, scratches, dust, missing or noisy pixels"
ENV PATH=/usr/local/bin


# For NVIDIA GPUs: CUDA 13 and cuDNN 9 come with the base.
FROM onnxruntime AS onnxruntime-gpu
RUN fetch-onnxruntime --gpu --to /out/usr/local/lib \
    && mv /out/usr/local/lib/onnxruntime.*.txt /out/usr/share/doc/onnxruntime/

FROM ${CUDA_IMAGE} AS on-cuda
COPY --from=system /out/etc/ssl/ /etc/ssl/
COPY --from=onnxruntime-gpu /out/ /
LABEL org.opencontainers.image.description="Repairs images, on NVIDIA GPUs where networks do it"


# A stage of this file, which has no tag.
# hadolint ignore=DL3006
FROM on-${VARIANT}
COPY --from=system --chown=65532:65532 /out/data/ /data/
COPY --from=notices /out/ /
ARG BUILD_COMMIT=unknown
LABEL org.opencontainers.image.title="cogd" \
      org.opencontainers.image.licenses="MIT OR Apache-2.0" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.revision="${BUILD_COMMIT}"
# Another address than loopback asks for keys, unless COGD_AUTH_MODE=open.
ENV COGD_BIND=0.0.0.0:8080 \
    COGD_DATA_DIR=/data \
    COGD_LOG_FORMAT=json
WORKDIR /data
VOLUME /data
EXPOSE 8080
USER 65532:65532
HEALTHCHECK --interval=5s --timeout=4s --start-period=30s CMD ["cogd", "healthcheck"]
ENTRYPOINT ["cogd"]
CMD ["serve"]
