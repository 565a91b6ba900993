# docker build -t ttv .
# docker run -e TTV_TOKEN -p 8080:8080 -v ttv:/data ttv
#
# Beyond loopback `ttv serve` wants a token: give it one of your own in TTV_TOKEN, or it refuses to start.
# The working directory is the volume: there it keeps ttv.sqlite, and there it reads ttv.toml, if you put one.
# Other verbs go behind: docker run --rm -v ttv:/data ttv report

FROM python:3.13-slim-trixie AS build
WORKDIR /build
COPY pyproject.toml README.md LICENSE ./
COPY connectors connectors
COPY ttv ttv
RUN pip wheel --no-cache-dir --no-deps --wheel-dir dist . \
 && python -m venv --without-pip /opt/ttv \
 && pip --python /opt/ttv/bin/python install --no-cache-dir dist/*.whl

FROM python:3.13-slim-trixie
LABEL org.opencontainers.image.title="ttv" \
      org.opencontainers.image.description="Measures how long an organisation takes from an idea to its first customer feedback" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /opt/ttv /opt/ttv
RUN groupadd --gid 10001 ttv \
 && useradd --uid 10001 --gid ttv --home-dir /data --no-create-home --shell /usr/sbin/nologin ttv \
 && install --directory --owner=ttv --group=ttv /data
ENV PATH=/opt/ttv/bin:$PATH PYTHONUNBUFFERED=1
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s CMD ["python", "-c", "import http.client, sys; \
  asked = http.client.HTTPConnection('127.0.0.1', 8080, timeout=4); \
  asked.request('GET', '/readyz'); \
  sys.exit(asked.getresponse().status != 200)"]
ENTRYPOINT ["ttv"]
CMD ["serve", "--host", "0.0.0.0", "--port", "8080"]
