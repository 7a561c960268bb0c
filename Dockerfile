# Two stages: one installs, the other runs what was installed, as a user that may write to /var/lib/sillage and nowhere else.
ARG PYTHON=3.12.11-slim-bookworm

FROM python:${PYTHON} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /src
# What it depends on changes seldom, and is a layer of its own: without its folders the package is empty.
COPY pyproject.toml README.md LICENSE ./
RUN python -m venv /opt/sillage && /opt/sillage/bin/pip install --quiet '.[otel,learner,webpush,apprise]'
COPY . .
RUN /opt/sillage/bin/pip install --quiet --no-deps --force-reinstall .

FROM python:${PYTHON}
RUN groupadd --gid 10001 sillage \
 && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /var/lib/sillage --shell /usr/sbin/nologin sillage \
 && install --directory --owner 10001 --group 10001 --mode 0770 /var/lib/sillage
COPY --from=build /opt/sillage /opt/sillage
ENV PATH=/opt/sillage/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    SILLAGE_DATA=/var/lib/sillage \
    SILLAGE_METRICS_PORT=9464
WORKDIR /var/lib/sillage
VOLUME ["/var/lib/sillage"]
USER 10001:10001
EXPOSE 9464
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=6 \
  CMD ["python", "-c", "import os, urllib.request as r; r.urlopen('http://127.0.0.1:' + os.environ['SILLAGE_METRICS_PORT'] + '/ready', timeout=4)"]
ENTRYPOINT ["sillage"]
CMD ["--help"]
