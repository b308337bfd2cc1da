# The binary is static, with CA roots and time zones linked in, so the image holds
# nothing else and needs no registry to be built. One binary a platform:
#   CGO_ENABLED=0 GOOS=linux GOARCH=amd64 go build -trimpath -o dist/linux/amd64/jc-mcp ./cmd/jc-mcp
#   docker build -t jc-mcp .          (or: buildah build --format docker -t jc-mcp .)
# For several platforms, build each and add --platform linux/amd64,linux/arm64.
FROM scratch
ARG TARGETPLATFORM
ARG VERSION=dev
ARG REVISION=unknown
LABEL org.opencontainers.image.title="jc-mcp" \
      org.opencontainers.image.description="MCP server that gives AI agents the JumpCloud directory as tools, governed" \
      org.opencontainers.image.source="https://github.com/jc-mcp/jc-mcp" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY --chown=65532:65532 deploy/image/state/ /state/
COPY dist/${TARGETPLATFORM}/jc-mcp /jc-mcp
# The only folder that the server writes to: kill switch, quotas, keys, last good
# grants. With it as a volume the root can be read-only; there is no use of /tmp.
ENV XDG_STATE_HOME=/state
VOLUME ["/state"]
USER 65532:65532
EXPOSE 8080 9090
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 CMD ["/jc-mcp", "healthcheck"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["/jc-mcp"]
CMD ["stdio"]
