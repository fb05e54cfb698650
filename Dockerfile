# One image for the controller and the node. Both bases are arguments, so that a site can name its own mirror or pin a digest.
ARG SDK_IMAGE=mcr.microsoft.com/dotnet/sdk:10.0-noble
ARG RUNTIME_IMAGE=mcr.microsoft.com/dotnet/runtime-deps:10.0-noble

FROM ${SDK_IMAGE} AS build
# Links the driver, a native program.
RUN apt-get update \
 && apt-get install -y --no-install-recommends gcc libc6-dev \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /source
COPY global.json Directory.Build.props Directory.Packages.props .editorconfig ./
COPY csi-proto csi-proto
COPY src src
RUN dotnet publish src/CsiTcmu -c Release -o /app -p:CopyOutputSymbolsToPublishDirectory=false

FROM ${RUNTIME_IMAGE}
# What the driver runs (csi-tcmu doctor names each), and what the chart's init containers and tests do; every other program goes.
RUN --mount=type=bind,source=deploy/image,target=/image \
    apt-get update \
 && apt-get install -y --no-install-recommends \
      util-linux mount coreutils findutils diffutils e2fsprogs xfsprogs btrfs-progs cryptsetup-bin kmod \
 && rm -rf /var/lib/apt/lists/* \
 && sh /image/prune /image/programs
COPY --from=build /app /app
COPY LICENSE /usr/share/doc/csi-tcmu/LICENSE
RUN ln -s /app/csi-tcmu /usr/local/bin/csi-tcmu
LABEL org.opencontainers.image.title="csi-tcmu" \
      org.opencontainers.image.description="Kubernetes CSI driver: every volume is a SCSI disk, served through TCMU" \
      org.opencontainers.image.licenses="Apache-2.0"
# The node's container is run as root by the chart; everything else needs no privilege.
USER 65532:65532
ENTRYPOINT ["/app/csi-tcmu"]
