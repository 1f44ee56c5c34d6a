# An image with Moontide and one app: `docker build --build-arg APP=path/to/app .` (default: examples/orders).
# An app's own image can also begin with `FROM` this one and copy its folder to /app.
ARG NODE_VERSION=22

FROM node:${NODE_VERSION}-bookworm-slim AS build
# Where npm gets packages, for builders behind a proxy; default: npm's own.
ARG NPM_CONFIG_REGISTRY
WORKDIR /moontide
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY . .
RUN node scripts/build.js && npm prune --omit=dev --no-audit --no-fund

FROM node:${NODE_VERSION}-bookworm-slim
ENV NODE_ENV=production
COPY --from=build /moontide/package.json /opt/moontide/
COPY --from=build /moontide/node_modules /opt/moontide/node_modules
COPY --from=build /moontide/bin /opt/moontide/bin
COPY --from=build /moontide/dist /opt/moontide/dist
COPY --from=build /moontide/examples /opt/moontide/examples
RUN ln -s /opt/moontide/bin/moontide.js /usr/local/bin/moontide
ARG APP=examples/orders
WORKDIR /app
COPY --chown=node:node ${APP} ./
# What the app keeps beside Postgres and Temporal lies here: a volume where that is to stay.
RUN mkdir -p .moontide && chown node:node . .moontide
USER node
# Probes and Prometheus' metrics; not published by itself.
ENV MOONTIDE_METRICS=0.0.0.0:9464
HEALTHCHECK --interval=5s --timeout=3s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:9464/readyz').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# The command itself is process 1, so that SIGTERM reaches it: it drains, and ends.
STOPSIGNAL SIGTERM
ENTRYPOINT ["node", "/opt/moontide/bin/moontide.js"]
CMD ["run"]
