# The product's images: `app` (web, worker, beat, migrations) and `runner` (sandboxes).
#   docker build --target app -t interviewlm:local .
#   docker build --target runner -t interviewlm-runner:local .

FROM debian:12.12-slim AS base
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates python3 tini \
 && rm -rf /var/lib/apt/lists/* \
 && groupadd --gid 10000 interviewlm \
 && useradd --uid 10001 --gid 10000 --home-dir /srv/app --shell /usr/sbin/nologin app \
 && useradd --uid 10002 --gid 10000 --home-dir /srv/runner --shell /usr/sbin/nologin runner
ENV PYTHONUNBUFFERED=1 LANG=C.UTF-8

# The same set-up a newcomer's machine runs; Node comes as a Python package and stays here.
FROM base AS build
RUN apt-get update \
 && apt-get install -y --no-install-recommends python3-venv python3-pip \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY tools tools
COPY requirements requirements
COPY runner runner
COPY package.json package-lock.json .npmrc ./
COPY frontend frontend
COPY manage.py CHANGELOG.md pyproject.toml ./
COPY base base
COPY accounts accounts
COPY billing billing
COPY interviews interviews
COPY assistant assistant
COPY recordings recordings
COPY interviewlm interviewlm
COPY templates templates
COPY static static
RUN python3 -m tools.setup image \
 && python3 -m compileall -q accounts assistant base billing interviewlm interviews recordings

FROM base AS app
WORKDIR /app
COPY --from=build /app/.venv .venv
COPY --from=build /app/var/static /srv/static
COPY --from=build /app/manage.py /app/CHANGELOG.md ./
COPY --from=build /app/base base
COPY --from=build /app/accounts accounts
COPY --from=build /app/billing billing
COPY --from=build /app/interviews interviews
COPY --from=build /app/assistant assistant
COPY --from=build /app/recordings recordings
COPY --from=build /app/interviewlm interviewlm
COPY --from=build /app/tools tools
COPY --from=build /app/runner runner
COPY --from=build /app/templates templates
COPY --from=build /app/static static
RUN install -d -o app -g interviewlm -m 0770 /srv/app /srv/app/media /run/interviewlm
ENV PATH=/app/.venv/bin:$PATH \
    VAR_DIR=/srv/app \
    STATIC_ROOT=/srv/static \
    RUNNER_SOCKET=/run/interviewlm/runner.sock
USER app
EXPOSE 8000
ENTRYPOINT ["tini", "--"]
CMD ["python", "manage.py", "web", "--host", "0.0.0.0", "--port", "8000"]
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s \
    CMD ["python", "-m", "interviewlm.healthcheck"]

# Knows no secret, no database, no storage: only its own code and the toolchain.
FROM base AS runner
RUN apt-get update \
 && apt-get install -y --no-install-recommends bubblewrap \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY --from=build /app/runner runner
COPY --from=build /app/var/toolchain /opt/toolchain
RUN install -d -o runner -g interviewlm -m 0770 /srv/runner /run/interviewlm
USER runner
ENTRYPOINT ["tini", "--"]
CMD ["python3", "-m", "runner", "serve", \
     "--socket", "/run/interviewlm/runner.sock", "--socket-mode", "660", \
     "--state-dir", "/srv/runner/state", "--toolchain", "/opt/toolchain"]
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s \
    CMD ["python3", "-c", "import socket; socket.socket(socket.AF_UNIX).connect('/run/interviewlm/runner.sock')"]
