# syntax=docker/dockerfile:1

# By version. For one that cannot change under the same name, pass NODE_IMAGE=node:24.21.0-bookworm-slim@sha256:…
ARG NODE_IMAGE=node:24.21.0-bookworm-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN --mount=type=cache,target=/root/.npm npm ci --no-audit --no-fund
COPY nest-cli.json tsconfig.json tsconfig.build.json ./
COPY src ./src
RUN npm run build
# The list of what the next stage installs. Made here, since npm takes development packages that are not there for missing.
RUN npm run --silent sbom > sbom.cdx.json

# What the service needs at run time, as the lock file has it. The Node.js package goes: the image has its own. So do the
# packages' maps and type declarations, which nothing reads at run time.
FROM ${NODE_IMAGE} AS packages
WORKDIR /app
COPY package.json package-lock.json ./
RUN --mount=type=cache,target=/root/.npm npm ci --omit=dev --no-audit --no-fund \
    && rm -rf node_modules/node node_modules/.bin/node \
    && find node_modules -type f \( -name '*.map' -o -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' \) -delete

FROM ${NODE_IMAGE}
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Seed Scheduler" \
      org.opencontainers.image.description="A self-hosted HTTP scheduler that POSTs payloads when they are due" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.base.name="docker.io/library/node:24.21.0-bookworm-slim"
# Half of the threads look names up: with the four that Node.js has by itself, two names whose server never answers would
# hold up all others.
ENV NODE_ENV=production \
    HOST=0.0.0.0 \
    PORT=3000 \
    DATA_DIR=/data \
    UV_THREADPOOL_SIZE=16
WORKDIR /app
# All of root: the service can read it and not write to it. package.json stands beside dist: the version is read from it.
COPY --from=packages /app/package.json ./
COPY --from=packages /app/node_modules ./node_modules
COPY --from=build /app/sbom.cdx.json ./
COPY --from=build /app/dist ./dist
# The command line, and a folder for the embedded database when DATABASE_URL is not set. Nothing else is ever written.
RUN printf '#!/bin/sh\nexec node /app/dist/cli/main.js "$@"\n' > /usr/local/bin/seed-scheduler \
    && chmod 755 /usr/local/bin/seed-scheduler \
    && mkdir /data && chown 1000:1000 /data && chmod 711 /data
VOLUME /data
# node, by its number: Kubernetes can tell that it is not root.
USER 1000:1000
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT || 3000}/health/live`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# As in scripts/service-flags.mjs.
CMD ["node", "--enable-source-maps", "--max-semi-space-size=8", "--heap-growing-percent=50", "dist/main.js"]
