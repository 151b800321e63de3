# One static binary, without a shell or a package manager around it.
#
#   docker build -t recado .
#   docker run --rm -p 127.0.0.1:8080:8080 recado demo --listen 0.0.0.0:8080

ARG GO_VERSION=1.26

# The compiler runs on the machine that builds, whatever it builds for.
FROM --platform=$BUILDPLATFORM golang:${GO_VERSION} AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod go mod download
# With .git, so that `recado version` names the commit.
COPY . .
ARG TARGETOS TARGETARCH
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/gocache \
    GOCACHE=/gocache CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH GOAMD64=v2 \
    go build -trimpath -ldflags "-s -w" -o /out/recado ./cmd/recado \
    && mkdir /out/data

# Certificates, time zones, /tmp and a user without rights, and nothing else.
FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build /out/recado /usr/local/bin/recado
# A new volume takes its owner from here.
COPY --from=build --chown=65532:65532 /out/data /data

ENV RECADO_LISTEN=0.0.0.0:8080 \
    RECADO_DATA=/data
# By number, so that a platform can check that it is not root.
USER 65532:65532
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=6s --start-period=30s --retries=3 \
    CMD ["/usr/local/bin/recado", "health", "--url", "http://127.0.0.1:8080/healthz"]
ENTRYPOINT ["/usr/local/bin/recado"]
CMD ["serve"]
